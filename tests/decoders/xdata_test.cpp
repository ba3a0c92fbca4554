#include "decoders/xdata.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

namespace omnisonde {
namespace {

std::map<std::string, double> values_of(const XdataReading& reading) {
  std::map<std::string, double> out;
  for (const XdataValue& v : reading.values) out[std::string(v.name)] = v.value;
  return out;
}

XdataReading only(std::string_view text, std::optional<double> pressure_hpa = 1000,
                  bool padded = false) {
  const auto all = read_xdata(text, pressure_hpa, padded);
  EXPECT_EQ(all.size(), 1U) << text;
  return all.empty() ? XdataReading{} : all.front();
}

// The iMet sheet's worked example, and the one of the SondeHub wiki, below freezing.
TEST(Xdata, EccOzonesonde) {
  const XdataReading reading = only("01010D480A5A5F80");
  EXPECT_EQ(reading.instrument, 1U);
  EXPECT_EQ(reading.position, 1U);
  EXPECT_EQ(reading.name, "ECC ozonesonde");
  const auto v = values_of(reading);
  EXPECT_NEAR(v.at("cell_current_ua"), 3.400, 1e-9);
  EXPECT_NEAR(v.at("pump_temperature_c"), 26.50, 1e-9);
  EXPECT_EQ(v.at("pump_current_ma"), 95);
  EXPECT_NEAR(v.at("battery_v"), 12.8, 1e-9);
  EXPECT_NEAR(values_of(only("01010349FDC54296")).at("pump_temperature_c"), -5.71, 1e-9);
}

// The RS41 sheet's recorded frame, and Vaisala's example of an identity.
TEST(Xdata, Oif411MeasuresAndTellsWhoItIs) {
  const auto v = values_of(only("0501036402DC37600077"));
  EXPECT_NEAR(v.at("pump_temperature_c"), 8.68, 1e-9);
  EXPECT_NEAR(v.at("cell_current_ua"), 1.1715, 1e-9);
  EXPECT_NEAR(v.at("battery_v"), 11.8, 1e-9);
  EXPECT_EQ(v.at("pump_current_ma"), 0);
  EXPECT_NEAR(v.at("external_v"), 11.9, 1e-9);
  const XdataReading identity = only("0501G12345670000000AI");
  EXPECT_EQ(identity.serial, "G1234567");
  EXPECT_NEAR(values_of(identity).at("software_version"), 0.10, 1e-9);
  EXPECT_EQ(values_of(identity).at("diagnostics"), 0);
}

// By hand: 4.3085e-4 x 1.1715 uA x 281.83 K x 28.5 s = 4.054 mPa at the ground; at 10 hPa an ECC-6A
// pump delivers 1 / 1.055 of that.
TEST(Xdata, OzoneNeedsThePressureAndThePumpsEfficiency) {
  const auto at = [](std::optional<double> hpa) {
    return values_of(only("0501036402DC37600077", hpa));
  };
  EXPECT_NEAR(at(1000).at("ozone_partial_pressure_mpa"), 4.054, 0.001);
  EXPECT_NEAR(at(10).at("ozone_partial_pressure_mpa"), 4.054 * 1.055, 0.001);
  EXPECT_NEAR(at(15).at("ozone_partial_pressure_mpa"), 4.054 * (1.055 + 1.032) / 2, 0.001);
  EXPECT_NEAR(at(0.5).at("ozone_partial_pressure_mpa"), 4.054 * 1.171, 0.001);
  EXPECT_FALSE(at(std::nullopt).contains("ozone_partial_pressure_mpa"));
  EXPECT_FALSE(at(std::nan("")).contains("ozone_partial_pressure_mpa"));
  const auto ecc = values_of(only("01010D480A5A5F80", 10));
  EXPECT_NEAR(ecc.at("ozone_partial_pressure_mpa"), 4.3085e-4 * 3.4 * 299.65 * 28.5 * 1.066, 0.001);
}

TEST(Xdata, CobaldAndPcfh) {
  const XdataReading cobald = only("190213fffe005fcf00359943912cca");
  EXPECT_EQ(cobald.serial, "319");
  EXPECT_EQ(cobald.position, 2U);
  auto v = values_of(cobald);
  EXPECT_EQ(v.at("temperature_c"), -0.25);
  EXPECT_EQ(v.at("blue_backscatter"), 24'527);
  EXPECT_EQ(v.at("red_backscatter"), 13'721);
  EXPECT_EQ(v.at("blue_monitor"), 17'297);
  EXPECT_EQ(v.at("red_monitor"), 11'466);
  v = values_of(only("3c0101434a062c5cd4a5747b81486c93"));
  EXPECT_NEAR(v.at("mirror_temperature_c"), -65.8, 1e-9);
  EXPECT_NEAR(v.at("hot_side_temperature_c"), -46.0, 1e-9);
  EXPECT_NEAR(v.at("air_temperature_c"), -50.75, 1e-9);
  EXPECT_NEAR(v.at("expected_frost_point_c"), -65.55, 1e-9);
}

TEST(Xdata, ChainsAreReadOneByOneAndStrangersNamedAtMost) {
  const auto all = read_xdata("0501036402DC37600077#0802E21FFD85C8CE078A0193#FE03AA", 1000, false);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].name, "CFH hygrometer");
  EXPECT_TRUE(all[1].values.empty());
  EXPECT_EQ(all[2].name, "");
  EXPECT_EQ(all[2].instrument, 0xFEU);
}

TEST(Xdata, PaddingIsTheDfmsAlone) {
  const std::string padded = "01010D480A5A5F80" + std::string(36, '0');
  EXPECT_TRUE(only(padded, 1000, false).values.empty()) << "another length is another layout";
  EXPECT_EQ(values_of(only(padded, 1000, true)).at("pump_current_ma"), 95);
  Telemetry t;
  t.type = "DFM";
  t.xdata = padded;
  ASSERT_EQ(read_xdata(t, 1000).size(), 1U);
  EXPECT_FALSE(read_xdata(t, 1000)[0].values.empty());
  t.type = "RS92";  // its words are no XDATA
  EXPECT_TRUE(read_xdata(t, 1000).empty());
}

TEST(Xdata, HostileTextIsLeftOut) {
  for (const char* text : {"", "#", "###", "05", "0x01", "05 1", "0501036402DC3760007G",
                           "0501G1234\xFF\xFE"
                           "70000000AI",
                           "01010D48zz5A5F80"}) {
    for (const auto& reading : read_xdata(text, 1000, true)) EXPECT_TRUE(reading.values.empty());
  }
  EXPECT_EQ(read_xdata(std::string(100'000, '#') + "0101", 1000, false).size(), 1U);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "FE01#";
  EXPECT_LE(read_xdata(many, 1000, false).size(), 16U);
}

}  // namespace
}  // namespace omnisonde
