#include "dsp/audio_demod.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/frame_kinds.hpp"
#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 48'000;

using Kind = testing::FrameKind;
using testing::kLong, testing::kShort;

struct Case {
  const Kind* kind;
  bool inverted;
  float offset;  ///< turns per sample added to the audio: a mistuned receiver
  double ppm;
};

class AudioDemodOf : public ::testing::TestWithParam<Case> {};

TEST_P(AudioDemodOf, EveryBitIsRightAt20dB) {
  const Case& c = GetParam();
  const Kind& kind = *c.kind;
  std::vector<std::uint8_t> bits;
  for (const char ch : kind.sync) bits.push_back(ch == '1');
  const auto rest = testing::random_bits(kind.bits - kind.sync.size(), 8);
  bits.insert(bits.end(), rest.begin(), rest.end());
  testing::Channel channel;
  channel.ebn0_db = 20;
  channel.clock_ppm = c.ppm;
  auto audio = testing::discriminate(
      testing::fsk_signal(kind.modem, testing::line_symbols(bits, kind.modem.line_code), channel));
  for (auto& a : audio) a = (c.inverted ? -a : a) + c.offset;

  SampleRing ring(65'536);
  ring.push(audio);
  AudioDemod demod(kind.modem, kRate_hz);
  demod.load(ring, {.start = channel.lead_s * kRate_hz + 2}, kind.bits);
  demod.refine_on_known(kind.sync, c.inverted);
  std::vector<float> llr(kind.bits);
  demod.detect_best(llr);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < llr.size(); ++i) {
    wrong += (llr[i] > 0) != ((bits[i] != 0) != c.inverted) ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0U);
  // Each look takes most of the clock's error away; the receiver's next frames do the rest.
  for (int look = 0; look < 3; ++look) {
    demod.refine_on_decisions(llr);
    demod.detect(1, llr);
  }
  // The discriminator's own delay is half a sample.
  EXPECT_NEAR(demod.fit().start, channel.lead_s * kRate_hz + 0.5, 0.6);
  if (kind.bits > 1000) {
    EXPECT_NEAR((demod.fit().unit_scale - 1) * 1e6, c.ppm, 25);
  }
  EXPECT_GT(demod.level().ebn0_db, 8);
}

INSTANTIATE_TEST_SUITE_P(Audio, AudioDemodOf,
                         ::testing::Values(Case{&kLong, false, 0, 0}, Case{&kLong, true, 0.05F, 0},
                                           Case{&kLong, false, -0.03F, 100},
                                           Case{&kShort, false, 0, 0},
                                           Case{&kShort, true, 0.05F, -50},
                                           Case{&kShort, false, -0.03F, 100}),
                         [](const auto& test) {
                           return std::string(test.param.kind->name) +
                                  (test.param.inverted ? "Inverted" : "Upright") +
                                  std::to_string(test.index);
                         });

TEST(AudioDemod, SilenceGivesFiniteNumbers) {
  SampleRing ring(65'536);
  ring.push(std::vector<Sample>(30'000));
  AudioDemod demod(kLong.modem, kRate_hz);
  demod.load(ring, {.start = 100}, kLong.bits);
  demod.refine_on_known(kLong.sync, false);
  std::vector<float> llr(kLong.bits);
  demod.detect_best(llr);
  for (const float x : llr) ASSERT_TRUE(std::isfinite(x));
  EXPECT_TRUE(std::isfinite(demod.level().ebn0_db));
}

}  // namespace
}  // namespace omnisonde::dsp
