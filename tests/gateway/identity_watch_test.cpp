#include "gateway/identity_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/record_gate.hpp"

namespace omnisonde {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Identities : public ::testing::Test {
 protected:
  /// Through watch and gate. @returns whether the serial counted at once.
  bool hear(const std::string& serial, const std::string& type = "RS41",
            const std::string& subtype = {}, std::uint32_t slot = 1) {
    SlotRecord record;
    record.slot_id = slot;
    record.telemetry.type = type;
    record.telemetry.serial = serial;
    record.telemetry.subtype = subtype;
    record.telemetry.frame_number = ++frame_;
    record.telemetry.rx.frequency_hz = 403.1e6;
    const bool counts = watch_.judge(record);
    gate_.add(std::move(record), out_);
    return counts;
  }
  /// Serials that came out of the gate since the last call.
  std::vector<std::string> serials() {
    std::vector<std::string> all;
    for (const Telemetry& t : std::exchange(out_, {})) all.push_back(t.serial);
    return all;
  }

  IdentityWatch watch_;
  RecordGate gate_;
  std::vector<Telemetry> out_;
  std::uint32_t frame_ = 0;
};

TEST_F(Identities, AStrongCodeIsBelievedAtOnce) {
  EXPECT_TRUE(hear("S1234567"));
  EXPECT_THAT(serials(), ElementsAre("S1234567"));
  EXPECT_THAT(watch_.take_notes(), IsEmpty());
}

// Noise passes 16 bits of checksum once in 65536 times: it must not become a sonde.
TEST_F(Identities, AWeakChecksumNeedsTwoThatAgree) {
  EXPECT_FALSE(hear("911-2-00059", "M10"));
  EXPECT_FALSE(hear("107-1-55555", "M10"));
  EXPECT_THAT(serials(), IsEmpty());
  EXPECT_TRUE(hear("911-2-00059", "M10"));
  EXPECT_THAT(serials(), ElementsAre("911-2-00059", "911-2-00059"));
  gate_.flush(out_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].serial, "") << "the stray one is nobody's";
  EXPECT_EQ(out_[0].hold_reason, kSerialUnknown);
}

TEST_F(Identities, AChangeInFlightIsHeldBackAndTold) {
  EXPECT_TRUE(hear("S1234567"));
  EXPECT_FALSE(hear("S1234566"));
  EXPECT_THAT(serials(), ElementsAre("S1234567"));
  EXPECT_THAT(watch_.take_notes(),
              ElementsAre(AllOf(HasSubstr("S1234567"), HasSubstr("S1234566"),
                                HasSubstr("403.100 MHz"), HasSubstr("held back"))));
  EXPECT_TRUE(hear("S1234567"));
  EXPECT_FALSE(hear("S1234566"));
  EXPECT_TRUE(hear("S1234567"));
  EXPECT_THAT(serials(), ElementsAre("S1234567", "S1234567"));
  EXPECT_THAT(watch_.take_notes(), IsEmpty());
  EXPECT_TRUE(hear("S1234566"));
  EXPECT_THAT(serials(), ElementsAre("S1234566", "S1234566", "S1234566"));
  EXPECT_THAT(watch_.take_notes(),
              ElementsAre(AllOf(HasSubstr("S1234567"), HasSubstr("S1234566"),
                                HasSubstr("403.100 MHz"), HasSubstr("3 records agree"))));
  EXPECT_TRUE(hear("S1234567")) << "they take turns";
  EXPECT_TRUE(hear("S1234566"));
  EXPECT_THAT(watch_.take_notes(), IsEmpty());
  EXPECT_EQ(watch_.doubted(), 2U);
}

TEST_F(Identities, ATypeThatChangesUnderTheSameSerialIsAChange) {
  EXPECT_TRUE(hear("21012345", "DFM"));
  EXPECT_FALSE(hear("21012345", "PS-15"));
  EXPECT_FALSE(hear("21012345", "PS-15"));
  EXPECT_TRUE(hear("21012345", "PS-15"));
}

TEST_F(Identities, SlotsKnowNothingOfEachOther) {
  EXPECT_TRUE(hear("A", "RS41", "", 1));
  EXPECT_TRUE(hear("B", "RS41", "", 2));
  watch_.slot_closed(1);
  EXPECT_TRUE(hear("C", "RS41", "", 1));
}

TEST_F(Identities, ASubtypeDoesNotFlap) {
  std::vector<std::string> seen;
  for (const char* told :
       {"", "DFM09", "DFM17", "DFM09", "DFM17", "", "DFM17", "DFM17", "DFM17", "DFM17", "DFM17"}) {
    out_.clear();
    hear("22012345", "DFM", told);
    seen.push_back(out_.at(0).subtype);
  }
  EXPECT_THAT(seen, ElementsAre("", "DFM09", "DFM09", "DFM09", "DFM09", "", "DFM09", "DFM09",
                                "DFM09", "DFM17", "DFM17"));
  EXPECT_THAT(watch_.take_notes(),
              ElementsAre(AllOf(HasSubstr("DFM09"), HasSubstr("DFM17"), HasSubstr("22012345"),
                                HasSubstr("403.100 MHz"))));
}

TEST_F(Identities, NoiseCostsNeitherMemoryNorLines) {
  EXPECT_TRUE(hear("911-2-00059", "RS41"));
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(hear("X" + std::to_string(i)));
  EXPECT_LE(watch_.take_notes().size(), 10U);
  EXPECT_TRUE(hear("911-2-00059", "RS41"));
}

}  // namespace
}  // namespace omnisonde
