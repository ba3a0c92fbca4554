// What the fuzz targets of burst types share: one input is cut into soft bits for `correct` and
// whole frames for `parse` of one decoder, so that what one taught meets the next.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde::fuzz {

/// Aborts on a broken promise, in every build.
inline void require(bool condition) {
  if (!condition) std::abort();
}

inline void check(const std::optional<Telemetry>& t) {
  if (!t) return;
  if (t->position) {
    require(std::fabs(t->position->latitude_deg) <= 90);
    require(std::fabs(t->position->longitude_deg) <= 180);
    require(std::isfinite(t->position->altitude_m));
  }
  for (const auto& value : {t->temperature_c, t->humidity_pct, t->pressure_hpa, t->velocity_h_mps,
                            t->velocity_v_mps, t->heading_deg, t->battery_v}) {
    require(!value || std::isfinite(*value));
  }
  if (t->humidity_pct) require(*t->humidity_pct >= 0);
  if (t->pressure_hpa) require(*t->pressure_hpa > 0);
  for (const char c : t->serial + t->xdata + t->subtype) require(c >= 0x20 && c <= 0x7E);
  require(!t->type.empty());
}

/// @param frame_bytes  what `parse` expects; other lengths are tried as well
inline int feed(std::string_view type, std::size_t frame_bytes,
                std::span<const std::uint8_t> data) {
  if (data.empty()) return 0;
  const SondeType& sonde = *find_sonde_type(type);
  const auto decoder = sonde.make();
  const ReceiveContext context{.received = {1'792'497'600'000 + data[0] * 3'600'000LL},
                               .frequency_hz = 403e6};
  const auto kind = data[0] % 4U;
  data = data.subspan(1);
  if (kind >= 2) {  // frames
    const std::size_t length = kind == 2 ? frame_bytes : data.size();
    for (std::size_t at = 0; at < data.size(); at += std::max<std::size_t>(1, length)) {
      const auto part = data.subspan(at, std::min(length, data.size() - at));
      Frame frame;
      frame.bytes.assign(part.begin(), part.end());
      frame.reliability.assign(part.size(), 1);
      frame.byte_ok.assign(part.size(), 1);
      if (part.size() > 2) frame.byte_ok[part[0] % part.size()] = part[1] & 1U;
      frame.inverted = (part[0] & 1U) != 0;
      check(decoder->parse(frame, context));
    }
    return 0;
  }
  std::vector<float> llr;
  if (kind == 0) {
    for (const std::uint8_t byte : data) {
      llr.push_back(static_cast<float>(static_cast<std::int8_t>(byte)) / 8);
    }
  } else {  // any float, NaN and infinity among them
    llr.resize(data.size() / sizeof(float));
    if (!llr.empty()) std::memcpy(llr.data(), data.data(), llr.size() * sizeof(float));
  }
  const std::size_t bits = decoder->frame_bits(llr);
  require(bits >= sonde.spec->head_bits && bits <= sonde.spec->max_frame_bits);
  for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors, Effort::kDeep}) {
    for (const std::size_t length : {llr.size(), bits, sonde.spec->max_frame_bits}) {
      std::vector<float> work = llr;
      work.resize(length, 0.0F);
      if (effort >= Effort::kPriors) decoder->add_priors(work);
      Frame frame;
      if (!decoder->correct(work, effort, frame)) continue;
      require(frame.reliability.size() == frame.bytes.size() || frame.reliability.empty());
      require(frame.byte_ok.size() == frame.bytes.size() || frame.byte_ok.empty());
      check(decoder->parse(frame, context));
    }
  }
  return 0;
}

}  // namespace omnisonde::fuzz

#ifdef OMNISONDE_FUZZ_AS_TEST
#include <gtest/gtest.h>

#include <random>

namespace omnisonde::fuzz {

/// Random inputs of all kinds and many lengths.
inline void feed_noise(int (*target)(const std::uint8_t*, std::size_t)) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint8_t> input(1 + random() % (round % 4 == 1 ? 9000 : 2500));
    const bool sparse = round % 3 == 0;
    for (auto& byte : input) {
      byte = sparse && random() % 4 != 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(random());
    }
    input[0] = static_cast<std::uint8_t>(round);
    EXPECT_EQ(target(input.data(), input.size()), 0);
  }
}

}  // namespace omnisonde::fuzz
#endif
