// Helpers of the Meisei tests: words to chips, and a decoder fed with them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoders/fec/biphase.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/meisei_frame.hpp"
#include "tests/decoders/line_air.hpp"

namespace omnisonde::meisei_air {

using meisei::Words;

inline constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

// "049DCE A0 .. A11 FB6230 B0 .. B11" in hex, with or without spaces.
inline Words words_of(const std::string& hex) {
  const std::vector<std::uint8_t> bytes = line_air::hex_bytes(hex);
  Words words{};
  EXPECT_EQ(bytes.size(), 54U);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t at = 3 + 2 * i + (i >= meisei::kB ? 3 : 0);
    words[i] = static_cast<std::uint16_t>(bytes.at(at) << 8U | bytes.at(at + 1));
  }
  return words;
}

inline std::vector<std::uint8_t> chips_of(const Words& words, std::uint8_t level = 0) {
  return fec::biphase_encode(meisei::frame_bits(words), fec::Biphase::kSpace, level);
}

class Station {
 public:
  bool correct(std::vector<float> llr, Effort effort = Effort::kHard) {
    return decoder_->correct(llr, effort, frame_);
  }
  bool climb(const std::vector<float>& llr) {
    return correct(llr) || correct(llr, Effort::kErasures) || correct(llr, Effort::kPriors) ||
           correct(llr, Effort::kDeep);
  }
  std::optional<Telemetry> parse(std::int64_t now_ms = kNoonMs) {
    return decoder_->parse(frame_, {.received = {now_ms}, .frequency_hz = 403e6});
  }
  std::optional<Telemetry> receive(const std::string& hex, std::int64_t now_ms = kNoonMs) {
    EXPECT_TRUE(correct(line_air::clean_llr(chips_of(words_of(hex)))));
    return parse(now_ms);
  }
  [[nodiscard]] const Frame& frame() const { return frame_; }

 private:
  std::unique_ptr<SondeDecoder> decoder_ = find_sonde_type("iMS-100")->make();
  Frame frame_;
};

}  // namespace omnisonde::meisei_air
