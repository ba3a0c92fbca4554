// Every variant and every field from the simulator's encoder through the decoder.
#include <gtest/gtest.h>

#include <map>

#include "decoders/sondes/dfm_channels.hpp"
#include "tests/decoders/dfm_air.hpp"

namespace omnisonde {
namespace {

using dfm_test::Air;
using dfm_test::clean_llr;
using dfm_test::Heard;
using dfm_test::kFrameMs;
using dfm_test::state_at;
using dfm_test::Station;

constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

struct Both {
  Telemetry sent, got;
};

struct FlightRun {
  std::vector<Both> pairs;
  std::size_t missing = 0;  ///< sent and never reported, the last two seconds apart
  std::size_t extra = 0;    ///< reported, not held back, and never sent
};

FlightRun fly(const std::string& variant, int frames, std::int64_t start_ms = kNoonMs,
              std::string xdata = {}, bool swap_iq = false) {
  Air air(variant, start_ms, std::move(xdata));
  Station station(start_ms);
  std::map<std::uint32_t, Telemetry> sent, got;
  for (int i = 0; i < frames; ++i) {
    const Heard heard = air.next();
    for (const Telemetry& t : air.truth()) sent[*t.frame_number] = t;
    const auto record = station.receive(clean_llr(heard.bits), heard.inverted != swap_iq);
    if (record && record->frame_number) got[*record->frame_number] = *record;
  }
  FlightRun run;
  for (const auto& [frame, t] : sent) {
    const auto found = got.find(frame);
    if (found != got.end()) {
      run.pairs.push_back({t, found->second});
    } else if (frame + 2 < sent.rbegin()->first) {
      ++run.missing;
    }
  }
  for (const auto& [frame, t] : got)
    run.extra += t.hold_reason.empty() && !sent.contains(frame) ? 1 : 0;
  return run;
}

void expect_same_flight(const Both& pair) {
  const auto& [sent, got] = pair;
  EXPECT_EQ(*got.datetime, *sent.datetime);
  EXPECT_DOUBLE_EQ(got.position->latitude_deg, sent.position->latitude_deg);
  EXPECT_DOUBLE_EQ(got.position->longitude_deg, sent.position->longitude_deg);
  EXPECT_DOUBLE_EQ(got.position->altitude_m, sent.position->altitude_m);
  EXPECT_EQ(got.height_reference, sent.height_reference);
  EXPECT_FLOAT_EQ(*got.velocity_h_mps, *sent.velocity_h_mps);
  EXPECT_FLOAT_EQ(*got.velocity_v_mps, *sent.velocity_v_mps);
  EXPECT_FLOAT_EQ(*got.heading_deg, *sent.heading_deg);
  if (got.satellites) {
    EXPECT_EQ(got.satellites, sent.satellites);
  }
  EXPECT_EQ(got.xdata, sent.xdata);
}

void expect_same_identity(const Both& pair, const std::string& variant) {
  const auto& [sent, got] = pair;
  EXPECT_EQ(got.type, sent.type) << variant;
  EXPECT_EQ(got.subtype, sent.subtype) << variant;
  EXPECT_EQ(got.serial, sent.serial) << variant;
  EXPECT_EQ(got.manufacturer, sent.manufacturer);
  EXPECT_EQ(got.hold_reason, "") << variant;
  EXPECT_EQ(got.battery_v.has_value(), sent.battery_v.has_value()) << variant;
  if (got.battery_v && sent.battery_v) {
    EXPECT_NEAR(*got.battery_v, *sent.battery_v, 5e-4F);
  }
  EXPECT_EQ(got.temperature_c.has_value(), sent.temperature_c.has_value()) << variant;
  if (got.temperature_c && sent.temperature_c) {
    EXPECT_NEAR(*got.temperature_c, *sent.temperature_c, 0.05F);
  }
  ASSERT_EQ(got.extras.size(), 1U);
  EXPECT_EQ(got.extras[0].value, sent.extras[0].value) << variant;
}

const std::vector<std::string> kVariants = {"DFM06",  "DFM06P", "PS-15",  "DFM09", "DFM09P",
                                            "DFM17A", "DFM17B", "DFM17C", "DFM17P"};

TEST(DfmRoundTrip, EveryVariantIsReadInFull) {
  for (const std::string& variant : kVariants) {
    const FlightRun run = fly(variant, 700);  // 157 s
    EXPECT_GT(run.pairs.size(), 145U) << variant;
    EXPECT_EQ(run.missing, 0U) << variant;
    EXPECT_EQ(run.extra, 0U) << variant;
    for (const Both& pair : run.pairs) {
      expect_same_flight(pair);
      ASSERT_EQ(pair.got.identity_epoch, 0U) << variant << ' ' << to_iso8601(*pair.got.datetime);
      // Never a wrong serial or model on the way.
      if (!pair.got.serial.empty()) {
        EXPECT_EQ(pair.got.serial, pair.sent.serial) << variant;
      }
      if (!pair.got.subtype.empty()) {
        EXPECT_EQ(pair.got.subtype, pair.sent.subtype) << variant;
      }
    }
    for (std::size_t i = run.pairs.size() - 100; i < run.pairs.size(); ++i) {
      expect_same_identity(run.pairs[i], variant);
    }
  }
}

TEST(DfmRoundTrip, SerialIsKnownAfterTwoTurns) {
  for (const std::string& variant : kVariants) {
    const FlightRun run = fly(variant, 200);
    const std::size_t unknown = static_cast<std::size_t>(
        std::ranges::count_if(run.pairs, [](const Both& p) { return p.got.serial.empty(); }));
    // Two turns of 12 s at most.
    EXPECT_LT(unknown, 27U) << variant;
  }
}

TEST(DfmRoundTrip, PolarityIsNoProofOfTheModel) {
  for (const std::string& variant : kVariants) {
    const FlightRun run = fly(variant, 300, kNoonMs, {}, true);
    EXPECT_EQ(run.missing, 0U) << variant;
    ASSERT_FALSE(run.pairs.empty()) << variant;
    expect_same_identity(run.pairs.back(), variant);
  }
}

TEST(DfmRoundTrip, EveryModeOfEveryLaterVariant) {
  const std::string xdata = "0501AB23000102030405060708090A0B0C0D0E0F10111213141A";
  for (const std::string variant : {"DFM09", "DFM09P", "DFM17B", "DFM17P"}) {
    for (const std::string mode : {"/3", "/4"}) {
      const FlightRun run = fly(variant + mode, 300, kNoonMs, mode == "/4" ? xdata : "");
      EXPECT_EQ(run.missing, 0U) << variant << mode;
      ASSERT_GT(run.pairs.size(), 60U);
      for (const Both& pair : run.pairs) {
        expect_same_flight(pair);
        EXPECT_EQ(pair.got.height_reference, HeightReference::kMeanSeaLevel);
        EXPECT_EQ(pair.got.xdata, mode == "/4" ? xdata : "");
      }
      expect_same_identity(run.pairs.back(), variant + mode);
    }
  }
}

TEST(DfmRoundTrip, RepeatedPositionsReplaceLostOnes) {
  Air air("DFM17/3", kNoonMs);
  Station station(kNoonMs);
  int sent = 0, got = 0;
  for (int i = 0; i < 400; ++i) {
    const Heard heard = air.next();
    sent += static_cast<int>(air.truth().size());
    std::vector<float> llr = clean_llr(heard.bits);
    Frame frame;
    std::vector<float> copy = llr;
    ASSERT_TRUE(find_sonde_type("DFM")->make()->correct(copy, Effort::kHard, frame));
    for (std::size_t which = 0; which < 2; ++which) {
      const std::uint8_t number = frame.bytes[7 + 13 * which + 12];
      if (number < 1 || number > 3) continue;
      std::fill_n(llr.begin() + static_cast<std::ptrdiff_t>(72 + 104 * which), 104, 0.0F);
    }
    // A frame with blocks 2 and 3 erased is a third of a frame: no noise, but not much to go by.
    got += station.receive(llr, heard.inverted) ? 1 : 0;
  }
  EXPECT_GE(got, sent - 3);
}

TEST(DfmRoundTrip, MidnightMonthAndYearRollOver) {
  for (const CivilTime start :
       {CivilTime{2026, 12, 31, 23, 59, 40, 300}, CivilTime{2028, 2, 28, 23, 59, 40, 0},
        CivilTime{2026, 4, 30, 23, 59, 35, 999}}) {
    for (const std::string variant : {"DFM17", "DFM06", "DFM09/3"}) {
      const FlightRun run = fly(variant, 200, from_civil(start).ms);
      // The first second is lost if it comes without a date.
      EXPECT_LE(run.missing, 1U) << variant;
      EXPECT_EQ(run.extra, 0U) << variant;
      for (const Both& pair : run.pairs) {
        EXPECT_EQ(*pair.got.datetime, *pair.sent.datetime);
        ASSERT_EQ(pair.got.identity_epoch, 0U)
            << variant << ' ' << to_iso8601(*pair.got.datetime) << ' ' << pair.got.hold_reason;
      }
    }
  }
}

TEST(DfmRoundTrip, ExtremesOfEveryField) {
  struct Extreme {
    double latitude, longitude, altitude, up, celsius;
  };
  for (const Extreme& e :
       {Extreme{-89.9, -179.99, 35'000, -95, -90}, Extreme{71.3, 179.9999, -12, 0, 45},
        Extreme{-0.0001, 0.0001, 49'000, 12, 0}, Extreme{-33, 151, 0.01, -0.01, -56.5}}) {
    Air air("DFM17", kNoonMs);
    Station station(kNoonMs);
    std::optional<Telemetry> got, sent;
    for (int i = 0; i < 150; ++i) {
      sim::FlightState state = state_at(air.now_ms());
      const double height = e.up * static_cast<double>(air.now_ms() - kNoonMs) * 1e-3;
      state.position = {e.latitude, e.longitude, e.altitude + height};
      state.velocity_up_mps = e.up;
      state.velocity_north_mps = state.velocity_east_mps = 0;
      state.temperature_c = e.celsius;
      state.satellites = 4;
      const Heard heard = air.next(state);
      for (const Telemetry& t : air.truth()) sent = t;
      if (auto r = station.receive(clean_llr(heard.bits), heard.inverted)) got = r;
    }
    ASSERT_TRUE(got && sent);
    EXPECT_NEAR(got->position->latitude_deg, e.latitude, 1e-7);
    EXPECT_NEAR(got->position->longitude_deg, e.longitude, 1e-7);
    EXPECT_DOUBLE_EQ(got->position->altitude_m, sent->position->altitude_m);
    EXPECT_NEAR(*got->velocity_v_mps, e.up, 0.005);
    EXPECT_EQ(got->satellites, 4);
    ASSERT_TRUE(got->temperature_c);
    EXPECT_NEAR(*got->temperature_c, e.celsius, 0.02);
  }
}

TEST(DfmChannels, ReadsTheProcessorsOwnValues) {
  for (const std::string_view name : {"DFM17B", "DFM17P"}) {
    const sim::dfm::Variant& variant = sim::dfm::find_variant(name);
    dfm::ConfChannels channels;
    std::int64_t now_ms = kNoonMs;
    for (unsigned frame = 0; frame < 4 * sim::dfm::frames_per_turn(variant);
         ++frame, now_ms += kFrameMs) {
      const sim::dfm::ConfWord sent =
          sim::dfm::conf_word(variant, variant.serial, frame, state_at(now_ms));
      dfm::ConfWord word{.channel = sent[0], .value = 0, .doubt = 1e-12, .received_ms = now_ms};
      for (std::size_t i = 1; i < 7; ++i) word.value = word.value << 4U | sent[i];
      ASSERT_TRUE(channels.add(word));
    }
    EXPECT_EQ(channels.serial(), std::to_string(variant.serial));
    ASSERT_TRUE(channels.processor_c(true, now_ms));
    EXPECT_NEAR(*channels.processor_c(true, now_ms), 18.35F, 0.001F);
    ASSERT_TRUE(channels.uptime_s(true, now_ms));
    EXPECT_NEAR(*channels.uptime_s(true, now_ms),
                600 + 4 * sim::dfm::frames_per_turn(variant) * 0.224, 13);
    EXPECT_FALSE(channels.battery_v(true, now_ms + 120'000));  // stale
  }
}

TEST(DfmChannels, AWeakWordNeedsASecondOne) {
  dfm::VotedValue vote;
  EXPECT_TRUE(vote.add(5, 1e-4));
  EXPECT_FALSE(vote.certain());
  EXPECT_TRUE(vote.add(5, 1e-4));
  EXPECT_TRUE(vote.certain());
  EXPECT_FALSE(vote.add(6, 1e-12));  // contradicted: another sonde
  dfm::VotedValue strong;
  EXPECT_TRUE(strong.add(7, 1e-10));
  EXPECT_TRUE(strong.certain());
  EXPECT_EQ(strong.value(), 7U);
}

}  // namespace
}  // namespace omnisonde
