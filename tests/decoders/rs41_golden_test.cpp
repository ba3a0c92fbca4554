// RS41: frames that our own encoder had no part in.
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "decoders/fec/crc.hpp"
#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_ptu.hpp"
#include "tests/decoders/rs41_bench.hpp"

namespace omnisonde {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::map<std::string, Bytes> worked_example() {
  std::ifstream file(std::string(OMNISONDE_GOLDEN_DIR) + "/rs41_worked_example.txt");
  std::map<std::string, Bytes> items;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::string hex;
    if (words >> name >> hex && name[0] != '#') items[name] = from_hex(hex);
  }
  return items;
}

test::Llrs on_air(const Bytes& frame) {
  Bytes air = frame;
  for (std::size_t i = 0; i < air.size(); ++i) air[i] ^= rs41::kMask[i % rs41::kMask.size()];
  return test::bytes_to_llr(air);
}

/// The frame with another calibration row and its number, as the same sonde would send it.
Frame with_row(const Bytes& frame, std::size_t row, const Bytes& table) {
  Frame out;
  out.bytes = frame;
  std::uint8_t* status = out.bytes.data() + 59;
  const unsigned number = 5101 + static_cast<unsigned>(row);  // 5101 carries row 0
  status[0] = static_cast<std::uint8_t>(number & 0xFFU);
  status[1] = static_cast<std::uint8_t>(number >> 8);
  status[23] = static_cast<std::uint8_t>(row);
  std::copy_n(table.begin() + static_cast<std::ptrdiff_t>(16 * row), 16, status + 24);
  const unsigned crc = fec::crc16_ccitt_false({status, 40});
  status[40] = static_cast<std::uint8_t>(crc & 0xFFU);
  status[41] = static_cast<std::uint8_t>(crc >> 8);
  return out;
}

TEST(Rs41Golden, WhitensAsTheWorkedExample) {
  const auto example = worked_example();
  const Bytes& frame = example.at("frame");
  const Bytes& air = example.at("on_air_first_64");
  ASSERT_EQ(air.size(), 64U);
  for (std::size_t i = 0; i < air.size(); ++i) EXPECT_EQ(frame[i] ^ rs41::kMask[i], air[i]) << i;
}

TEST(Rs41Golden, DecodesTheWorkedExample) {
  const auto example = worked_example();
  test::Rs41Flight flight;
  const auto t = flight.receive(on_air(example.at("frame")), Effort::kHard);
  ASSERT_TRUE(t);
  EXPECT_EQ(flight.frame.bytes, example.at("frame"));
  EXPECT_EQ(flight.frame.bits_corrected, 0);
  EXPECT_EQ(t->serial, "X1234567");
  EXPECT_EQ(t->frame_number, 5101U);
  EXPECT_NEAR(static_cast<double>(*t->battery_v), 2.7, 1e-5);
  ASSERT_TRUE(t->datetime && t->position);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:01:08.000Z");
  EXPECT_EQ(t->time_reference, TimeReference::kGps);
  EXPECT_NEAR(t->position->latitude_deg, 48.251144340, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, 11.562010603, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12260.005, 1e-3);
  EXPECT_NEAR(static_cast<double>(*t->velocity_h_mps), 18.0033, 1e-4);
  EXPECT_NEAR(static_cast<double>(*t->heading_deg), 85.4050, 1e-4);
  EXPECT_NEAR(static_cast<double>(*t->velocity_v_mps), 5.4280, 1e-4);
  EXPECT_EQ(t->satellites, 9);
  ASSERT_TRUE(t->tx_frequency_mhz);
  EXPECT_NEAR(*t->tx_frequency_mhz, 403.0, 1e-9);
  EXPECT_FALSE(t->temperature_c);
  EXPECT_EQ(t->subtype, "");
}

TEST(Rs41Golden, MeasuresTheWorkedExample) {
  const auto example = worked_example();
  test::Rs41Flight flight;
  std::optional<Telemetry> t;
  for (std::size_t row = 1; row < rs41::kRows; ++row) {
    t = flight.decoder->parse(with_row(example.at("frame"), row, example.at("table")), {});
  }
  t = flight.decoder->parse(with_row(example.at("frame"), 0, example.at("table")), {});
  ASSERT_TRUE(t && t->temperature_c && t->humidity_pct && t->pressure_hpa);
  EXPECT_NEAR(static_cast<double>(*t->temperature_c), -56.6991, 1e-4);
  EXPECT_NEAR(static_cast<double>(*t->pressure_hpa), 175.8194, 1e-4);
  EXPECT_NEAR(static_cast<double>(*t->humidity_pct), 29.3416, 1e-4);
  EXPECT_EQ(t->subtype, "RS41-SGP");
  EXPECT_EQ(test::extra(*t, "rs41_mainboard"), "RSM421");
  EXPECT_EQ(test::extra(*t, "rs41_mainboard_fw"), "20214");
  EXPECT_TRUE(test::extra(*t, "rs41_subframe")) << "the table's own checksum holds";
  EXPECT_FALSE(t->burst_timer_s);
  const auto counts = rs41::read_measurement(std::span(example.at("frame")).subspan(103, 42));
  rs41::Calibration table;
  for (std::size_t row = 0; row < rs41::kRows; ++row) {
    table.put(row, std::span(example.at("table")).subspan(16 * row, 16));
  }
  EXPECT_NEAR(*rs41::sensor_temperature_c(*counts, table), -51.6992, 1e-4);
  EXPECT_DOUBLE_EQ(counts->module_c, -19.01);
}

// Blocks of the sheet, put into a frame of its own making: parse needs no parity.
Frame frame_of(const Bytes& head, std::size_t keep, const Bytes& blocks, std::size_t size) {
  Frame frame;
  frame.bytes.assign(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(keep));
  frame.bytes.insert(frame.bytes.end(), blocks.begin(), blocks.end());
  const std::size_t zeros = size - frame.bytes.size() - 4;
  const unsigned crc = fec::crc16_ccitt_false(Bytes(zeros));
  frame.bytes.push_back(0x76);
  frame.bytes.push_back(static_cast<std::uint8_t>(zeros));
  frame.bytes.insert(frame.bytes.end(), zeros, 0);
  frame.bytes.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  frame.bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

TEST(Rs41Golden, ReadsTheXdataOfTheSheet) {
  const auto example = worked_example();
  test::Rs41Flight flight;
  const auto t =
      flight.decoder->parse(frame_of(example.at("frame"), 299, example.at("xdata_block"), 518), {});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->xdata, "0501036402DC37600077");
  EXPECT_TRUE(t->position);
}

TEST(Rs41Golden, ReadsTheNewBoardsBlocks) {
  const auto example = worked_example();
  test::Rs41Flight flight;
  const auto t =
      flight.decoder->parse(frame_of(example.at("frame"), 147, example.at("blocks_50dd"), 320), {});
  ASSERT_TRUE(t && t->datetime && t->position);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(t->satellites, 10);
  EXPECT_EQ(t->hold_reason, "");
}

/// "name": value in one line of peer JSON; empty when absent. (No JSON library in this room.)
std::string peer_value(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\": ";
  const std::size_t at = line.find(key);
  if (at == std::string::npos) return {};
  const std::size_t from = at + key.size();
  if (line[from] == '"') return line.substr(from + 1, line.find('"', from + 1) - from - 1);
  return line.substr(from, line.find_first_of(",}", from) - from);
}

void expect_as_peer(const Telemetry& t, const std::string& peer) {
  EXPECT_EQ(t.serial, peer_value(peer, "id"));
  EXPECT_EQ(std::to_string(*t.frame_number), peer_value(peer, "frame"));
  EXPECT_NEAR(static_cast<double>(*t.battery_v), std::stod(peer_value(peer, "batt")), 1e-4);
  EXPECT_EQ(t.encrypted, !peer_value(peer, "encrypted").empty());
  EXPECT_EQ(t.burst_timer_s.value_or(65'535), std::stoi(peer_value(peer, "bt")));
  EXPECT_EQ(t.xdata, peer_value(peer, "aux"));
  if (t.encrypted) {
    EXPECT_EQ(t.hold_reason, "encrypted");
    EXPECT_EQ(t.subtype, peer_value(peer, "subtype"));
    EXPECT_FALSE(t.position);
    return;
  }
  ASSERT_TRUE(t.datetime && t.position && t.satellites);
  EXPECT_EQ(to_iso8601(*t.datetime), peer_value(peer, "datetime"));
  EXPECT_NEAR(t.position->latitude_deg, std::stod(peer_value(peer, "lat")), 0.6e-5);
  EXPECT_NEAR(t.position->longitude_deg, std::stod(peer_value(peer, "lon")), 0.6e-5);
  EXPECT_NEAR(t.position->altitude_m, std::stod(peer_value(peer, "alt")), 0.001);
  EXPECT_NEAR(static_cast<double>(*t.velocity_h_mps), std::stod(peer_value(peer, "vel_h")), 1e-4);
  EXPECT_NEAR(static_cast<double>(*t.velocity_v_mps), std::stod(peer_value(peer, "vel_v")), 1e-4);
  EXPECT_NEAR(static_cast<double>(*t.heading_deg), std::stod(peer_value(peer, "heading")), 1e-3);
  EXPECT_EQ(*t.satellites, std::stoi(peer_value(peer, "sats")));
  if (const std::string firmware = peer_value(peer, "rs41_mainboard_fw"); !firmware.empty()) {
    EXPECT_EQ(test::extra(t, "rs41_mainboard_fw"), firmware);
  }
}

class Rs41Documented : public testing::TestWithParam<const char*> {};

TEST_P(Rs41Documented, FramesDecodeAsThePeerDoes) {
  const std::string base = std::string(OMNISONDE_SHARED_DIR) + "/recordings/frames/" + GetParam();
  std::ifstream frames(base + ".hex");
  std::ifstream peers(base + ".peer.jsonl");
  if (!frames || !peers) GTEST_SKIP() << "no " << GetParam() << ".hex here";
  int count = 0;
  std::string hex;
  std::string peer;
  while (std::getline(frames, hex) && std::getline(peers, peer)) {
    SCOPED_TRACE(std::string(GetParam()) + " line " + std::to_string(++count));
    test::Rs41Flight flight;
    const auto t = flight.receive(on_air(from_hex(hex)), Effort::kHard);
    ASSERT_TRUE(t);
    expect_as_peer(*t, peer);
  }
  EXPECT_GE(count, 3);
}

INSTANTIATE_TEST_SUITE_P(Shared, Rs41Documented,
                         testing::Values("rs41_rs1729_doc", "rs41_sondehub_decoders_doc"),
                         [](const auto& each) { return std::string(each.param); });

// K4020244 is printed twice each: as received, with errors in the parity, and corrected.
TEST(Rs41Golden, DamagedDocumentFramesBecomeTheCorrectedOnes) {
  std::ifstream file(std::string(OMNISONDE_SHARED_DIR) + "/recordings/frames/rs41_rs1729_doc.hex");
  if (!file) GTEST_SKIP() << "no rs41_rs1729_doc.hex here";
  std::vector<Bytes> frames;
  for (std::string line; std::getline(file, line);) frames.push_back(from_hex(line));
  ASSERT_EQ(frames.size(), 5U);
  int damaged = 0;
  for (const std::size_t i : {1, 3}) {
    test::Rs41Flight flight;
    ASSERT_TRUE(flight.receive(on_air(frames[i]), Effort::kHard)) << i;
    if (flight.frame.bits_corrected > 0) ++damaged;
    EXPECT_EQ(flight.frame.bytes, frames[i + 1]) << i;
  }
  EXPECT_GE(damaged, 1);
}

}  // namespace
}  // namespace omnisonde
