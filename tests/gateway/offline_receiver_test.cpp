#include "gateway/offline_receiver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <string>
#include <vector>

#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

using testing::Air;
using ::testing::IsEmpty;

const std::string kTwoNeighbours = R"([stream]
sample_rate_hz = 240000
center_mhz = 403.0
[sonde:A]
type = RS41
serial = T2440001
frequency_mhz = 402.950
ebn0_db = 26
[sonde:B]
type = DFM
variant = DFM09
serial = 20061234
frequency_mhz = 402.960
ebn0_db = 20
)";

// One sonde in a stream of one channel's width.
std::string one(const std::string& type, const std::string& more = {}, int rate_hz = 48'000) {
  const std::string serial = type == "RS41" ? "T2440001" : "20061234\nvariant = DFM09";
  return "[stream]\nsample_rate_hz = " + std::to_string(rate_hz) +
         "\ncenter_mhz = 403.0\n[sonde:A]\ntype = " + type + "\nserial = " + serial +
         "\nfrequency_mhz = 403.0\n" + more +
         (more.find("ebn0_db") == std::string::npos ? "ebn0_db = 18\n" : "");
}

OfflinePlan fixed_plan(const Air& air) {
  OfflinePlan plan = testing::plan_for(air);
  plan.fixed = {{.frequency_hz = air.centre_hz}};
  return plan;
}

// Finding a sonde takes a second, and its first frame may be half over by then.
constexpr double kSettled_s = 5;

void expect_all(const Air& air, std::span<const Telemetry> got, double from_s) {
  ASSERT_FALSE(air.truth.empty());
  EXPECT_THAT(testing::missing(air.truth, got, from_s), IsEmpty());
  EXPECT_THAT(testing::false_frames(air.begun, got), IsEmpty());
}

TEST(OfflineReceiver, FindsTwoSondes10kHzApartAndDecodesAllOfThem) {
  const Air air = testing::simulate(kTwoNeighbours, 13);
  OfflineReceiver receiver(testing::plan_for(air));
  const auto got = testing::decode(receiver, air.samples);
  expect_all(air, got, kSettled_s);
  for (const Telemetry& t : got) {
    const double want_hz = t.type == "RS41" ? 402.95e6 : 402.96e6;
    EXPECT_NEAR(t.rx.frequency_hz, want_hz, 150) << t.type;
    EXPECT_EQ(t.serial, t.type == "RS41" ? "T2440001" : "20061234") << t.frame_number.value_or(0);
  }
  const ChannelStats stats = receiver.channel_stats();
  std::uint64_t good = 0;
  for (const ChannelCount& c : stats.entries()) good += c.counts.good;
  EXPECT_GE(good, got.size());
}

// 18 dB weaker, 10 kHz away, and the clocks 200 ppm apart: what leaks over pulls the weak one's
// carrier to its side.
TEST(OfflineReceiver, AWeakDfmBesideAStrongRs41IsFollowedOnItsCarrier) {
  const Air air = testing::simulate(R"([stream]
sample_rate_hz = 240000
center_mhz = 403.0
[sonde:A]
type = RS41
frequency_mhz = 402.950
ebn0_db = 30
clock_ppm = 100
[sonde:B]
type = DFM
variant = DFM09
serial = 20061234
frequency_mhz = 402.960
ebn0_db = 12
clock_ppm = -100
)",
                                    16);
  const auto got = testing::decode(testing::plan_for(air), air.samples);
  expect_all(air, got, kSettled_s);
  for (const Telemetry& t : got) {
    if (t.type == "DFM") {
      EXPECT_NEAR(t.rx.frequency_hz, 402.96e6, 150);
    }
  }
}

// A tuner's IQ imbalance shows every sonde a second time, mirrored at the centre.
TEST(OfflineReceiver, TheImageOfAStrongSondeIsNoSecondOne) {
  const Air air = testing::simulate(R"([stream]
sample_rate_hz = 480000
center_mhz = 403.0
iq_gain_db = 0.3
iq_phase_deg = 2
[sonde:A]
type = RS41
frequency_mhz = 403.100
ebn0_db = 50
)",
                                    12);
  const auto got = testing::decode(testing::plan_for(air), air.samples);
  expect_all(air, got, kSettled_s);
  const auto mirrored = std::ranges::count_if(
      got, [](const Telemetry& t) { return std::abs(t.rx.frequency_hz - 403.1e6) > 1000; });
  EXPECT_LE(mirrored, 1);  // until the better copy has been heard
}

// A tuner's DC offset, 10 dB over the noise, and a sonde exactly there.
TEST(OfflineReceiver, ASondeOnTheTunersDcIsHeard) {
  const Air air = testing::simulate(R"([stream]
sample_rate_hz = 960000
center_mhz = 403.0
dc_offset = 0.1
[sonde:A]
type = RS41
frequency_mhz = 403.0
ebn0_db = 9
)",
                                    14);
  const auto got = testing::decode(testing::plan_for(air), air.samples);
  EXPECT_THAT(testing::missing(air.truth, got, kSettled_s), IsEmpty());
}

// A type that is not searched for is decoded on the channel that names it.
TEST(OfflineReceiver, AChannelGetsTheTypeItAsksFor) {
  const Air air = testing::simulate(one("DFM"), 6);
  OfflinePlan plan = testing::plan_for(air);
  plan.types = {find_sonde_type("RS41")};
  plan.fixed = {{.frequency_hz = air.centre_hz, .type = find_sonde_type("DFM")}};
  EXPECT_GE(testing::decode(plan, air.samples).size(), 4U);
}

TEST(OfflineReceiver, TheSameSamplesGiveTheSameRecordsToTheLastDigit) {
  const Air air = testing::simulate(kTwoNeighbours, 7);
  const auto a = testing::decode(testing::plan_for(air), air.samples);
  const auto b = testing::decode(testing::plan_for(air), air.samples);
  ASSERT_GT(a.size(), 6U);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(testing::text_of(a[i]), testing::text_of(b[i]));
}

struct Hardship {
  const char* name;
  const char* type;
  const char* impairments;
};

class OfflineReceiverUnder : public ::testing::TestWithParam<Hardship> {};

// +-5 kHz off, 50 Hz/s drift, +-100 ppm symbol clock: what a fixed channel has to bear.
TEST_P(OfflineReceiverUnder, AFixedChannelYieldsEveryFrame) {
  const Air air = testing::simulate(one(GetParam().type, GetParam().impairments), 9);
  const auto got = testing::decode(fixed_plan(air), air.samples);
  expect_all(air, got, 3);
}

INSTANTIATE_TEST_SUITE_P(
    Hardships, OfflineReceiverUnder,
    ::testing::Values(Hardship{"Rs41High", "RS41", "offset_hz = 5000\nclock_ppm = 100\n"},
                      Hardship{"Rs41Low", "RS41", "offset_hz = -5000\nclock_ppm = -100\n"},
                      Hardship{"Rs41Drift", "RS41", "drift_hz_per_s = 50\noffset_hz = -200\n"},
                      Hardship{"Rs41Inverted", "RS41", "inverted = yes\n"},
                      Hardship{"DfmHigh", "DFM", "offset_hz = 5000\nclock_ppm = 100\n"},
                      Hardship{"DfmLow", "DFM", "offset_hz = -5000\nclock_ppm = -100\n"},
                      Hardship{"DfmDrift", "DFM", "drift_hz_per_s = -50\n"},
                      Hardship{"DfmInverted", "DFM", "inverted = yes\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(OfflineReceiver, SwappedIAndQChangeNothingButTheSide) {
  Air air = testing::simulate(kTwoNeighbours, 9);
  for (dsp::Sample& s : air.samples) s = {s.imag(), s.real()};
  const auto got = testing::decode(testing::plan_for(air), air.samples);
  expect_all(air, got, kSettled_s);
  for (const Telemetry& t : got) {
    EXPECT_NEAR(t.rx.frequency_hz, t.type == "RS41" ? 403.05e6 : 403.04e6, 150) << t.type;
  }
}

TEST(OfflineReceiver, NoiseGivesNoRecord) {
  const Air air = testing::simulate(
      "[stream]\nsample_rate_hz = 240000\ncenter_mhz = 403\n"
      "[sonde:A]\ntype = RS41\nfrequency_mhz = 403\nstart_s = 1000\n",
      20);
  ASSERT_THAT(air.truth, IsEmpty());
  EXPECT_THAT(testing::decode(testing::plan_for(air), air.samples), IsEmpty());
}

TEST(OfflineReceiver, NoiseOnAFixedChannelGivesNoRecord) {
  const Air air = testing::simulate(one("RS41", "start_s = 1000\n"), 8);
  ASSERT_THAT(air.truth, IsEmpty());
  EXPECT_THAT(testing::decode(fixed_plan(air), air.samples), IsEmpty());
}

// A stream as narrow as a channel needs no --channel and no --types.
TEST(OfflineReceiver, AStreamOfOneChannelIsListenedToAtOnce) {
  for (const std::string type : {"RS41", "DFM"}) {
    const Air air = testing::simulate(one(type, "offset_hz = 1500\n"), 8);
    expect_all(air, testing::decode(testing::plan_for(air), air.samples), 3);
  }
}

TEST(OfflineReceiver, TakesARateThatTheChannelizerDoesNot) {
  // What a 44.1 kHz sound card would have recorded: the 48 kHz stream through an ideal resampler.
  Air air = testing::simulate(one("RS41", "offset_hz = 700\n", 441'000), 7);
  std::vector<dsp::Sample> narrow;
  constexpr std::size_t kTaps = 200;  // a plain windowed low-pass, then every tenth sample
  std::vector<float> taps(kTaps + 1);
  float sum = 0;
  for (std::size_t i = 0; i <= kTaps; ++i) {
    const double x = (static_cast<double>(i) - kTaps / 2.0) / 10;
    const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(M_PI * x * 0.9) / (M_PI * x * 0.9);
    const double window = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / kTaps);
    taps[i] = static_cast<float>(sinc * window);
    sum += taps[i];
  }
  for (std::size_t at = 0; at + kTaps < air.samples.size(); at += 10) {
    dsp::Sample out{};
    for (std::size_t i = 0; i <= kTaps; ++i) out += taps[i] / sum * air.samples[at + i];
    narrow.push_back(out);
  }
  air.rate_hz = 44'100;
  const auto got = testing::decode(testing::plan_for(air), narrow);
  expect_all(air, got, 2);
  for (const Telemetry& t : got) EXPECT_NEAR(t.rx.frequency_hz, 403e6 + 700, 30);
}

TEST(OfflineReceiver, TimesAreThoseOfTheStream) {
  const Air air = testing::simulate(one("RS41"), 6);
  OfflinePlan plan = fixed_plan(air);
  plan.start = UtcMillis{1'792'497'600'000};
  const auto got = testing::decode(plan, air.samples);
  ASSERT_GE(got.size(), 4U);
  for (const Telemetry& t : got) {
    const auto sent = std::ranges::find_if(
        air.truth, [&](const Telemetry& s) { return s.frame_number == t.frame_number; });
    ASSERT_NE(sent, air.truth.end());
    // The record's start is its sync, 320 preamble bits (66.7 ms) after the first symbol.
    EXPECT_NEAR(t.rx.t_s, sent->rx.t_s + 320.0 / 4800, 2e-4);
    EXPECT_NEAR(static_cast<double>(t.rx.received.ms - plan.start->ms), t.rx.t_s * 1000, 1.5);
  }
  // Eb/N0 of 18 dB at 4800 Bd in the type's bandwidth.
  const dsp::ModemParams& modem = find_sonde_type("RS41")->spec->modem;
  const double want_db = 18 + 10 * std::log10(modem.symbol_rate_hz / modem.bandwidth_hz);
  for (const Telemetry& t : got) EXPECT_NEAR(t.rx.snr_db.value(), want_db, 1);
}

TEST(OfflineReceiver, DecodesDiscriminatorAudio) {
  for (const float sign : {1.0F, -1.0F}) {
    const Air air = testing::simulate(one("RS41", "offset_hz = 900\nebn0_db = 24\n"), 7);
    std::vector<dsp::Sample> audio(air.samples.size());
    for (std::size_t i = 1; i < audio.size(); ++i) {
      audio[i] = sign * std::arg(air.samples[i] * std::conj(air.samples[i - 1])) / 4;
    }
    OfflinePlan plan = testing::plan_for(air);
    plan.fm_audio = true;
    expect_all(air, testing::decode(plan, audio), 2);
  }
}

}  // namespace
}  // namespace omnisonde
