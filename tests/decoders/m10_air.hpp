// What the tests of M10 and M20 share: frames as chips, a receiver's ladder.
#pragma once

#include <algorithm>
#include <string>

#include "decoders/fec/biphase.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "simulator/sondes/m10_bytes.hpp"
#include "tests/decoders/burst_bench.hpp"

namespace omnisonde::m10_test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr UtcMillis kNow = from_civil({2026, 10, 20, 12, 0, 0});

inline const std::string kTrimble =
    "649f20000dc102ec04100ce02c50224fa4fa08369d0300b71b00000001000a1209890102030607090d0f151a000000"
    "000000d5bd0992f4089a01053c000002bfa51027e803110371f80a000043061d080000000000ab09150a7e08020102"
    "083a3125d91dd2";
inline const std::string kGtop =
    "64af0a0302e03c9000b03d30124f8006e10176020801d4c00311420000000000000000000000000000000000000000"
    "000000d5bd0992f4089a01053c000002bfa51027e803110371f80a000043061d080000000000ab09150a7e08020102"
    "083a3125d958da";
inline const std::string kM20 =
    "4520d710bf25510e124f8006e10176034bd2f6ec00d988450208098902e03c9000b03d30680be02d112005005a0133"
    "6a2f34086ddbb66d1b00000000000140000000000572d5";
inline const std::string kM20Seven =
    "4520d710bf25510e124f8006e10176034bd2f6ec00d9a8000208098902e03c9000b03d30670be02d112005005a0133"
    "6a2f34086ddbb66d1b000000000001400000000007715b";

/// Puts the checksum right.
inline Bytes checked(Bytes frame) {
  const std::uint16_t sum = m10::checksum(std::span(frame).first(frame.size() - 2));
  frame[frame.size() - 2] = static_cast<std::uint8_t>(sum >> 8);
  frame[frame.size() - 1] = static_cast<std::uint8_t>(sum & 0xFFU);
  return frame;
}

/// The chips a decoder gets.
inline Bytes chips_of(const Bytes& frame) {
  Bytes chips, bits;
  for (const char c : m10::kSyncChips.substr(0, m10::kDataAt)) chips.push_back(c == '1' ? 1 : 0);
  for (const std::uint8_t byte : frame) {
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> (7 - i) & 1U);
  }
  const Bytes data = fec::biphase_encode(bits, fec::Biphase::kMark, 0);
  chips.insert(chips.end(), data.begin(), data.end());
  return chips;
}

/// One decoder, fed as the receiver feeds it.
class Station {
 public:
  Station() : decoder(find_sonde_type("M10")->make()) {}

  std::optional<Telemetry> receive(const std::vector<float>& llr, Effort most = Effort::kPriors,
                                   UtcMillis received = kNow) {
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort > most) break;
      std::vector<float> work = llr;
      if (effort >= Effort::kPriors) decoder->add_priors(work);
      if (decoder->correct(work, effort, frame)) {
        return decoder->parse(frame, {.received = received, .frequency_hz = 403e6});
      }
    }
    return {};
  }
  std::optional<Telemetry> receive_bytes(const Bytes& bytes, UtcMillis received = kNow) {
    return receive(test::to_llr(chips_of(bytes)), Effort::kHard, received);
  }

  std::unique_ptr<SondeDecoder> decoder;
  Frame frame;
};

}  // namespace omnisonde::m10_test
