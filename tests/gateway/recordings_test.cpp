// Real recordings against what a public decoder makes of them (../shared/recordings/INDEX.md).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/source_file.hpp"
#include "gateway/stream_reader.hpp"
#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

using Json = nlohmann::json;
using Records = std::map<std::uint32_t, Telemetry>;  // by frame number

const std::string kFolder = OMNISONDE_SHARED_DIR "/recordings/rs1729-RS/";

std::vector<Telemetry> decode_recording(const std::string& name) {
  auto source = open_file_source({.path = kFolder + name});
  EXPECT_TRUE(source.ok()) << source.error().line();
  const StreamInfo info = (*source)->info();
  OfflinePlan plan;
  plan.sample_rate_hz = info.sample_rate_hz;
  plan.centre_hz = info.centre_hz;
  plan.fm_audio = dsp::is_fm_audio(info.format);
  plan.types = select_types({}).value();
  OfflineReceiver receiver(std::move(plan));
  StreamReader reader(**source, receiver.block_samples());
  std::vector<Telemetry> records;
  while (true) {
    const auto block = reader.next();
    EXPECT_TRUE(block.ok());
    if (!block || block->samples.empty()) break;
    receiver.process(block->samples, records);
    if (block->end) break;
  }
  receiver.finish(records);
  return records;
}

std::vector<Json> peer_lines(const std::string& name) {
  std::ifstream in(kFolder + name);
  std::vector<Json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

// What the peer prints, to the digits that it prints.
void expect_as_peer(const Telemetry& t, const Json& peer) {
  SCOPED_TRACE("frame " + std::to_string(t.frame_number.value_or(0)));
  ASSERT_TRUE(t.datetime && t.position);
  EXPECT_EQ(to_iso8601(*t.datetime), peer["datetime"].get<std::string>());
  EXPECT_NEAR(t.position->latitude_deg, peer["lat"].get<double>(), 6e-6);
  EXPECT_NEAR(t.position->longitude_deg, peer["lon"].get<double>(), 6e-6);
  EXPECT_NEAR(t.position->altitude_m, peer["alt"].get<double>(), 0.02);
  EXPECT_NEAR(static_cast<double>(t.velocity_h_mps.value_or(-1)), peer["vel_h"].get<double>(),
              0.02);
  EXPECT_NEAR(static_cast<double>(t.velocity_v_mps.value_or(-99)), peer["vel_v"].get<double>(),
              0.02);
  EXPECT_NEAR(static_cast<double>(t.heading_deg.value_or(-1)), peer["heading"].get<double>(), 0.2);
  if (peer.contains("sats")) {
    EXPECT_EQ(t.satellites.value_or(-1), peer["sats"].get<int>());
  }
  if (peer.contains("temp")) {
    EXPECT_NEAR(static_cast<double>(t.temperature_c.value_or(-999)), peer["temp"].get<double>(),
                0.2);
  }
  if (peer.contains("humidity")) {
    EXPECT_NEAR(static_cast<double>(t.humidity_pct.value_or(-999)), peer["humidity"].get<double>(),
                2);
  }
}

class Recordings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "no recordings in " << kFolder;
  }
};

TEST_F(Recordings, Rs41FromFmAudioIsDecodedWhole) {
  const auto records = decode_recording("rs41pre_20150802.wav");
  ASSERT_EQ(records.size(), 60U);
  Records by_frame;
  for (const Telemetry& t : records) {
    EXPECT_EQ(t.type, "RS41");
    EXPECT_EQ(t.serial, "L1830070");
    by_frame[t.frame_number.value_or(0)] = t;
  }
  EXPECT_EQ(by_frame.size(), 60U);
  EXPECT_EQ(by_frame.begin()->first, 3172U);
  EXPECT_EQ(by_frame.rbegin()->first, 3231U);
  const Telemetry& first = by_frame[3172];
  EXPECT_EQ(to_iso8601(first.datetime.value()), "2015-08-02T11:59:26.000Z");
  EXPECT_NEAR(first.position.value().altitude_m, 14035.75, 0.01);
  EXPECT_NEAR(first.battery_v.value(), 2.7F, 0.05F);
  const Telemetry& last = by_frame[3231];
  EXPECT_NEAR(last.temperature_c.value(), -51.5F, 0.2F);
  EXPECT_NEAR(last.humidity_pct.value(), 1.1F, 2.0F);
  EXPECT_EQ(last.subtype, "RS41-SG");
  EXPECT_NEAR(last.tx_frequency_mhz.value(), 402.0, 1e-6);
  std::size_t compared = 0;
  for (const Json& peer : peer_lines("rs41pre_20150802.peer.jsonl")) {
    const auto frame = by_frame.find(peer["frame"].get<std::uint32_t>());
    ASSERT_NE(frame, by_frame.end()) << peer["frame"];
    expect_as_peer(frame->second, peer);
    ++compared;
  }
  EXPECT_EQ(compared, 60U);
}

TEST_F(Recordings, TwoDfmInOneRecordingAreFoundUntold) {
  const auto records = decode_recording("dfmIQ.wav");
  std::map<char, Records> sondes;
  for (const Telemetry& t : records) {
    EXPECT_EQ(t.type, "DFM");
    const char sonde = t.rx.frequency_hz < 0 ? 'A' : 'B';
    EXPECT_NEAR(std::abs(t.rx.frequency_hz), 11'100, 800);
    EXPECT_TRUE(sondes[sonde].emplace(t.frame_number.value_or(0), t).second) << "twice";
  }
  ASSERT_EQ(sondes.size(), 2U);
  EXPECT_GE(sondes['A'].size(), 15U);
  EXPECT_GE(sondes['B'].size(), 14U);
  for (const auto& [frame, t] : sondes['A']) EXPECT_EQ(t.serial, "219892") << frame;
  for (const char sonde : {'A', 'B'}) {
    SCOPED_TRACE(sonde);
    std::size_t compared = 0;
    for (const Json& peer : peer_lines(std::string("dfmIQ_") + sonde + ".peer.jsonl")) {
      const auto frame = sondes[sonde].find(peer["frame"].get<std::uint32_t>());
      ASSERT_NE(frame, sondes[sonde].end()) << "the peer has frame " << peer["frame"];
      expect_as_peer(frame->second, peer);
      ++compared;
    }
    EXPECT_EQ(compared, 12U);
  }
}

TEST_F(Recordings, AnotherTypeOfSondeGivesNoRecord) {
  EXPECT_EQ(decode_recording("imet_20150505_403MHz.wav").size(), 0U);
}

}  // namespace
}  // namespace omnisonde
