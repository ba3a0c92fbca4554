#include "simulator/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace omnisonde::sim {
namespace {

using ::testing::HasSubstr;

TEST(Scenario, ReadsEveryKindOfKey) {
  const auto scenario = parse_scenario(R"(
[stream]
sample_rate_hz = 2048000
center_mhz = 402.5
format = cs16
duration_s = 12.5
start = 2026-10-20T12:00:00Z
noise_dbfs = -33
seed = 99
[station]
latitude_deg = 50
longitude_deg = 10
[sonde:one]
type = RS41
variant = SGM
serial = S1234567
frequency_mhz = 402.7
distance_km = 111.195
bearing_deg = 0
altitude_m = 5000
wind_profile = 0:5/270, 9000:30/280
ebn0_db = 12.5
outages_s = 10-12.5, 30-31
inverted = yes
encrypted = yes
stop_s = 60
[sonde:two]
type = DFM
frequency_mhz = 402.9
latitude_deg = 51.5
wind_m_s = 7
wind_from_deg = 90
)",
                                       "x.ini", {"sonde:two.ebn0_db=7", "stream.seed=5"});
  ASSERT_TRUE(scenario.ok()) << scenario.error().line();
  EXPECT_EQ(scenario->stream.sample_rate_hz, 2.048e6);
  EXPECT_EQ(scenario->stream.centre_hz, 402.5e6);
  EXPECT_EQ(scenario->stream.format, dsp::SampleFormat::kCs16);
  EXPECT_EQ(scenario->stream.start, parse_iso8601("2026-10-20T12:00:00Z"));
  EXPECT_EQ(scenario->stream.seed, 5U);
  ASSERT_EQ(scenario->sondes.size(), 2U);
  const SondePlan& one = scenario->sondes[0];
  EXPECT_EQ(one.identity.variant, "SGM");
  EXPECT_DOUBLE_EQ(one.identity.frequency_hz, 402.7e6);
  EXPECT_NEAR(one.flight.start.latitude_deg, 51, 1e-9);
  EXPECT_NEAR(one.flight.start.longitude_deg, 10, 1e-9);
  EXPECT_EQ(one.flight.wind.size(), 2U);
  EXPECT_EQ(one.impairments.outages_s.size(), 2U);
  EXPECT_TRUE(one.impairments.inverted);
  EXPECT_TRUE(one.identity.encrypted);
  EXPECT_EQ(scenario->sondes[1].flight.start.latitude_deg, 51.5);
  EXPECT_EQ(scenario->sondes[1].flight.wind.front().from_deg, 90);
  EXPECT_EQ(scenario->sondes[1].ebn0_db, 7);
}

TEST(Scenario, ReportsAllFaultsWithFileLineAndKey) {
  const auto scenario = parse_scenario(
      "[stream]\nsample_rate_hz = 2400001\nformat = cu16\n[weather]\nrain = 1\n"
      "[sonde:A]\ntype = RS41\nfrequency = 402.7\n[sonde:B]\nfrequency_mhz = 1e9\n"
      "[sonde:C]\ntype = DFM\nfrequency_mhz = 403\n[sonde:D]\ntype = DFM\nfrequency_mhz = 404\n",
      "bad.ini", {"stream.sed=1", "nonsense", "sonde:Z.type=DFM"});
  ASSERT_FALSE(scenario.ok());
  const std::string& text = scenario.error().what;
  EXPECT_THAT(text, HasSubstr("bad.ini:2: [stream] sample_rate_hz: 2400001"));
  EXPECT_THAT(text, HasSubstr("bad.ini:3: [stream] format: `cu16`"));
  EXPECT_THAT(text, HasSubstr("bad.ini:4: [weather]"));
  EXPECT_THAT(text, HasSubstr("bad.ini:8: [sonde:A] frequency: unknown key, did you mean "
                              "`frequency_mhz`"));
  EXPECT_THAT(text, HasSubstr("bad.ini:6: [sonde:A]: `frequency_mhz` is missing"));
  EXPECT_THAT(text, HasSubstr("bad.ini:9: [sonde:B]: `type` is missing"));
  EXPECT_THAT(text, HasSubstr("bad.ini:10: [sonde:B] frequency_mhz: 1e9 is out of range"));
  EXPECT_THAT(text, HasSubstr("bad.ini:14: [sonde:D]: another DFM has the serial"));
  EXPECT_THAT(text, HasSubstr("--set: [stream] sed: unknown key, did you mean `seed`"));
  EXPECT_THAT(text, HasSubstr("nonsense: not of the form"));
  EXPECT_THAT(text, HasSubstr("no [sonde:Z]"));
}

TEST(Scenario, RefusesValuesThatAreNone) {
  for (const char* line :
       {"[stream]\nduration_s = 1,5", "[stream]\nstart = today", "[stream]\nseed = -1",
        "[stream]\nnoise_dbfs = nan", "[stream]\nsample_rate_hz = 100000000"}) {
    EXPECT_FALSE(parse_scenario(line, "x").ok()) << line;
  }
  for (const char* line : {"outages_s = 5", "outages_s = 5-3", "wind_profile = 5",
                           "wind_profile = 100:5/10, 50:5/10", "inverted = true", "stop_s = 0"}) {
    EXPECT_FALSE(
        parse_scenario(std::string("[sonde:A]\ntype = RS41\nfrequency_mhz = 403\n") + line, "x")
            .ok())
        << line;
  }
}

TEST(Scenario, NamesAMissingFile) {
  const auto scenario = load_scenario("/nonexistent/x.ini");
  ASSERT_FALSE(scenario.ok());
  EXPECT_THAT(scenario.error().line(), HasSubstr("/nonexistent/x.ini"));
}

TEST(Scenario, ShippedScenariosAreValid) {
  const auto built_in = parse_scenario(default_scenario_text(), "built-in");
  ASSERT_TRUE(built_in.ok()) << built_in.error().what;
  EXPECT_EQ(built_in->sondes.size(), 8U);
  const auto demo = load_scenario(OMNISONDE_SCENARIO_DIR "/demo.ini");
  ASSERT_TRUE(demo.ok()) << demo.error().what;
  EXPECT_GE(demo->sondes.size(), 6U);
  EXPECT_FALSE(demo->stream.start.has_value());
  const auto ten = load_scenario(OMNISONDE_SCENARIO_DIR "/ten_sondes.ini");
  ASSERT_TRUE(ten.ok()) << ten.error().what;
  EXPECT_EQ(ten->sondes.size(), 10U);
}

}  // namespace
}  // namespace omnisonde::sim
