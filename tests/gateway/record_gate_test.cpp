#include "gateway/record_gate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace omnisonde {
namespace {

SlotRecord record(std::uint32_t slot, std::uint32_t frame, std::string serial = {},
                  std::uint32_t epoch = 0) {
  SlotRecord r;
  r.slot_id = slot;
  r.telemetry.type = "DFM";
  r.telemetry.frame_number = frame;
  r.telemetry.datetime = UtcMillis{1'000'000 + frame * 1000LL};
  r.telemetry.identity_epoch = epoch;
  if (serial.empty()) r.telemetry.hold_reason = kSerialUnknown;
  r.telemetry.serial = std::move(serial);
  return r;
}

std::vector<std::uint32_t> frames(const std::vector<Telemetry>& records) {
  std::vector<std::uint32_t> out;
  out.reserve(records.size());
  for (const Telemetry& t : records) out.push_back(t.frame_number.value_or(0));
  return out;
}

using Frames = std::vector<std::uint32_t>;

TEST(RecordGate, RecordsWaitForTheSerialAndComeOutOldestFirst) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(1, 10), out);
  gate.add(record(1, 11), out);
  EXPECT_TRUE(out.empty());
  SlotRecord known = record(1, 12, "21012345");
  known.telemetry.type = "PS-15";
  known.telemetry.subtype = "PS-15";
  known.telemetry.manufacturer = "Graw";
  known.telemetry.extras = {{"dfmcode", "0xB"}, {"other", "x"}};
  gate.add(known, out);
  EXPECT_EQ(frames(out), (Frames{10, 11, 12}));
  for (const Telemetry& t : out) {
    EXPECT_EQ(t.serial, "21012345");
    EXPECT_EQ(t.type, "PS-15");
    EXPECT_EQ(t.subtype, "PS-15");
    EXPECT_EQ(t.manufacturer, "Graw");
    EXPECT_EQ(t.hold_reason, "");
    ASSERT_FALSE(t.extras.empty());
    EXPECT_EQ(t.extras.front().value, "0xB");
  }
  EXPECT_EQ(out[0].extras.size(), 1U);  // only what belongs to the sonde, not to the frame
  gate.add(record(1, 13, "21012345"), out);
  EXPECT_EQ(out.size(), 4U);
}

TEST(RecordGate, AnotherReasonToHoldARecordStays) {
  RecordGate gate;
  std::vector<Telemetry> out;
  SlotRecord lost = record(1, 10);
  lost.telemetry.hold_reason = "no position";
  gate.add(lost, out);
  gate.add(record(1, 11, "A"), out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].hold_reason, "no position");
}

// Two sondes on one frequency take turns: each completes its own records only.
TEST(RecordGate, EpochsOfASlotWaitApart) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(1, 10, "", 0), out);
  gate.add(record(1, 50, "", 1), out);
  gate.add(record(1, 11, "", 0), out);
  EXPECT_TRUE(out.empty());
  gate.add(record(1, 51, "B", 1), out);
  EXPECT_EQ(frames(out), (Frames{50, 51}));
  EXPECT_EQ(out[0].serial, "B");
  gate.add(record(1, 12, "A", 0), out);
  EXPECT_EQ(frames(out), (Frames{50, 51, 10, 11, 12}));
  EXPECT_EQ(out[2].serial, "A");

  gate.add(record(1, 60, "", 2), out);
  gate.add(record(1, 70, "", 3), out);
  gate.slot_closed(1, out);
  EXPECT_EQ(out.size(), 7U);
  EXPECT_EQ(out[6].serial, "");
  EXPECT_EQ(out[6].hold_reason, kSerialUnknown);
}

TEST(RecordGate, SlotsWaitApart) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(1, 10), out);
  gate.add(record(2, 20), out);
  gate.add(record(2, 21, "B"), out);
  EXPECT_EQ(frames(out), (Frames{20, 21}));
  gate.slot_closed(1, out);
  EXPECT_EQ(frames(out), (Frames{20, 21, 10}));
  EXPECT_EQ(out.back().hold_reason, kSerialUnknown);
  gate.slot_closed(1, out);
  gate.slot_closed(99, out);
  EXPECT_EQ(out.size(), 3U);
}

TEST(RecordGate, FlushLetsEverythingOutOnce) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(3, 30), out);
  gate.add(record(1, 10), out);
  gate.flush(out);
  EXPECT_EQ(out.size(), 2U);
  gate.flush(out);
  EXPECT_EQ(out.size(), 2U);
}

TEST(RecordGate, AFramePassesOnceHoweverManySlotsHearIt) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(1, 10, "A"), out);
  gate.add(record(2, 10, "A"), out);
  gate.add(record(2, 10, "B"), out);  // another sonde's frame of the same number
  gate.add(record(2, 11, "A"), out);
  gate.add(record(1, 11, "A"), out);
  EXPECT_EQ(frames(out), (Frames{10, 10, 11}));
  EXPECT_EQ(gate.duplicates(), 2U);
}

// Heard without serial on one slot, with it on the other: the copy is known for one once it is
// completed.
TEST(RecordGate, CompletedRecordsAreComparedToo) {
  RecordGate gate;
  std::vector<Telemetry> out;
  gate.add(record(1, 10), out);
  gate.add(record(2, 10, "A"), out);
  gate.add(record(1, 11, "A"), out);
  EXPECT_EQ(frames(out), (Frames{10, 11}));
  EXPECT_EQ(gate.duplicates(), 1U);
}

TEST(RecordGate, RecordsWithoutNumberAndTimeAreNotTakenForCopies) {
  RecordGate gate;
  std::vector<Telemetry> out;
  for (int i = 0; i < 3; ++i) {
    SlotRecord bare = record(1, 0, "A");
    bare.telemetry.frame_number.reset();
    bare.telemetry.datetime.reset();
    bare.telemetry.rx.t_s = i;
    gate.add(bare, out);
  }
  EXPECT_EQ(out.size(), 3U);
}

TEST(RecordGate, MemoryIsBounded) {
  RecordGate gate;
  std::vector<Telemetry> out;
  for (std::uint32_t frame = 0; frame < 1000; ++frame) gate.add(record(1, frame), out);
  EXPECT_EQ(out.size(), 400U);  // 600 wait, the oldest have gone on
  EXPECT_EQ(out.front().frame_number, 0U);
  EXPECT_EQ(out.front().hold_reason, kSerialUnknown);
  out.clear();
  for (std::uint32_t sonde = 0; sonde < 1000; ++sonde) {
    gate.add(record(2, 1, "S" + std::to_string(sonde)), out);
  }
  EXPECT_EQ(out.size(), 1000U);
  gate.add(record(2, 1, "S999"), out);
  EXPECT_EQ(out.size(), 1000U) << "the newest serials are remembered";
}

// What an earlier run of the program has left: completed by its own sonde only.
class Orphans : public ::testing::Test {
 protected:
  static Telemetry sonde(std::uint32_t frame, const std::string& serial = {}) {
    Telemetry t = record(1, frame, serial).telemetry;
    t.manufacturer = "Graw";
    t.sender_hint = "12n";
    t.position = GeoPosition{52.0, 14.0, 5000.0 + 5.0 * frame};
    t.rx.frequency_hz = 403.1e6;
    t.rx.received = UtcMillis{1'000'000 + frame * 1000LL};
    return t;
  }
  std::vector<Telemetry> after(const Telemetry& known) {
    RecordGate gate;
    gate.adopt({sonde(10), sonde(11)});
    std::vector<Telemetry> out;
    gate.add({1, known}, out);
    return out;
  }
};

TEST_F(Orphans, AreCompletedByTheirSonde) {
  const auto out = after(sonde(40, "23041299"));
  ASSERT_EQ(frames(out), (Frames{10, 11, 40}));
  EXPECT_EQ(out[0].serial, "23041299");
  EXPECT_EQ(out[0].hold_reason, "");
}

TEST_F(Orphans, AreLeftAloneByEveryOther) {
  Telemetry other_sender = sonde(40, "23041299");
  other_sender.sender_hint = "13n";
  Telemetry other_channel = sonde(40, "23041299");
  other_channel.rx.frequency_hz += 5000;
  Telemetry elsewhere = sonde(40, "23041299");
  elsewhere.position->latitude_deg += 0.1;  // 11 km in 30 s
  Telemetry earlier = sonde(5, "23041299");
  for (const Telemetry& t :
       {other_sender, other_channel, elsewhere, earlier, sonde(10 + 16 * 60, "23041299")}) {
    EXPECT_EQ(after(t).size(), 1U);
  }
}

TEST_F(Orphans, GoOnWithoutSerialInTheEnd) {
  RecordGate gate;
  gate.adopt({sonde(10)});
  std::vector<Telemetry> out;
  gate.expire_orphans({1'010'000 + 14 * 60'000}, out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(gate.waiting().size(), 1U);
  gate.expire_orphans({1'010'000 + 16 * 60'000}, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].hold_reason, kSerialUnknown);
  EXPECT_TRUE(gate.waiting().empty());
}

}  // namespace
}  // namespace omnisonde
