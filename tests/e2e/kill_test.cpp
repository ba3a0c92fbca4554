// kill -9 in the middle of a flight while the hub takes nothing: all that was decoded comes
// through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/e2e/rig.hpp"
#include "tests/e2e/truth.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::IsEmpty;

// A record is on disk 0.2 s after it was decoded (uploader/config.hpp, commit_interval_s). The
// window here leaves a loaded machine's disk the time for the commit itself.
constexpr std::chrono::milliseconds kWindow{1000};

const std::string kFirstFlights = R"(
[sonde:A]
type = RS41
serial = T1234511
frequency_mhz = 402.850
distance_km = 5
altitude_m = 600
ebn0_db = 25
[sonde:B]
type = RS41
serial = T1234512
frequency_mhz = 402.950
distance_km = 40
altitude_m = 12000
ebn0_db = 20
[sonde:C]
type = DFM
variant = DFM17
serial = 23041299
frequency_mhz = 403.100
distance_km = 12
altitude_m = 1500
ebn0_db = 20
)";
// Others fly after the restart, so that nothing of the first can come from the air again.
const std::string kSecondFlight = R"(
[sonde:D]
type = RS41
serial = T1234513
frequency_mhz = 403.050
distance_km = 20
altitude_m = 9000
ebn0_db = 25
)";

/// Type, serial and frame of the newest record of each sonde on the page.
std::vector<RecordKey> newest_on_page(const Rig& rig) {
  std::vector<RecordKey> out;
  const Json status = rig.status();
  if (!status.is_object()) return out;
  for (const Json& track : status["tracks"]) {
    if (track.contains("serial")) out.push_back(key_of(track));
  }
  return out;
}

// Between the first frame that was published and the newest on the page nothing may be missing:
// the air is clean, so all of these were decoded.
RecordMap decoded_before(const Rig& rig, const RecordMap& published,
                         const std::vector<RecordKey>& newest) {
  std::vector<std::string> unused;
  RecordMap out = published;
  for (const auto& [key, record] : by_key(rig.truth(), unused)) {
    for (const RecordKey& last : newest) {
      const auto first = published.lower_bound({std::get<0>(last), std::get<1>(last), 0});
      if (first != published.end() && key >= first->first && key <= last) out[key] = record;
    }
  }
  return out;
}

TEST(Air, KillNineLosesNothingDecoded) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  const Subscriber reader(rig.broker().mqtt_uri(), "ws");
  // First a refusal, then no answer at all: the queue fills from the start.
  rig.hub().add_fault({.kind = HubFault::Kind::kStatus, .count = 1, .value = 503});
  rig.hub().add_fault({.kind = HubFault::Kind::kHang, .count = 1});
  rig.start_gateway({.scenario = kFirstFlights, .device_args = "", .extra_config = ""});
  std::vector<std::string> unused;
  const auto published = [&] { return by_key(reader.records(), unused); };
  ASSERT_TRUE(eventually(60, [&] {
    return newest_on_page(rig).size() == 3 && published().size() >= 45;
  })) << rig.gateway().err();
  ASSERT_EQ(rig.hub().stats().stored, 0U);

  const auto newest = newest_on_page(rig);
  std::this_thread::sleep_for(kWindow);
  rig.gateway().send(SIGKILL);
  const auto end = rig.gateway().wait(10);
  ASSERT_TRUE(end && end->signal == SIGKILL) << rig.gateway().err();
  EXPECT_TRUE(eventually(15, [&] { return reader.last_state() == "lost"; }))
      << "the broker did not send the last will";
  const RecordMap decoded = decoded_before(rig, published(), newest);
  ASSERT_GE(decoded.size(), 45U);
  ASSERT_EQ(rig.hub().stats().stored, 0U) << "the queue was to be full";

  rig.start_gateway({.scenario = kSecondFlight, .device_args = "", .extra_config = ""});
  const auto missing = [&] {
    std::vector<std::string> out;
    const RecordMap hub = by_key(rig.hub_records(), unused);
    for (const auto& [key, record] : decoded) {
      if (!hub.contains(key)) out.push_back(to_text(key));
    }
    return out;
  };
  EXPECT_TRUE(eventually(40, [&] { return missing().empty(); })) << rig.gateway().err();
  EXPECT_THAT(missing(), IsEmpty());
  // Every record once, as it had been published, and the new flight with them.
  std::vector<std::string> twice;
  const RecordMap hub = by_key(rig.hub_records(), twice);
  EXPECT_THAT(twice, IsEmpty());
  EXPECT_THAT(unlike(published(), hub), IsEmpty());
  EXPECT_TRUE(eventually(30, [&] {
    const RecordMap all = by_key(rig.hub_records(), unused);
    return all.lower_bound({"RS41", "T1234513", 0}) != all.end();
  })) << rig.gateway().err();
  EXPECT_THAT(rig.hub().rejected(), IsEmpty());
}

const std::string kYoungDfm = R"(
[sonde:C]
type = DFM
variant = DFM17
serial = 23041277
frequency_mhz = 403.100
distance_km = 12
altitude_m = 1500
ebn0_db = 20
)";

// A DFM tells its serial after about 12 s. What was decoded before, and killed with the program,
// goes to the hub once the next run has heard the serial.
TEST(Air, KillNineBeforeTheSerialIsKnownLosesNothing) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  rig.start_gateway({.scenario = kYoungDfm, .device_args = "", .extra_config = ""});
  const auto heard = [&]() -> std::uint64_t {
    const Json status = rig.status();
    if (!status.is_object() || status["tracks"].size() != 1) return 0;
    return status["tracks"][0].contains("serial") ? 0 : std::get<2>(key_of(status["tracks"][0]));
  };
  std::uint64_t first = 0;
  ASSERT_TRUE(eventually(30, [&] { return (first = heard()) != 0; })) << rig.gateway().err();
  std::uint64_t last = 0;
  ASSERT_TRUE(eventually(10, [&] { return (last = heard()) >= first + 4; })) << rig.gateway().err();
  rig.gateway().send(SIGKILL);
  const auto end = rig.gateway().wait(10);
  ASSERT_TRUE(end && end->signal == SIGKILL) << rig.gateway().err();
  ASSERT_EQ(rig.hub().stats().stored, 0U);

  rig.start_gateway({.scenario = kYoungDfm, .device_args = "", .extra_config = ""});
  std::vector<std::string> unused;
  const auto missing = [&] {
    std::vector<std::uint64_t> out;
    const RecordMap hub = by_key(rig.hub_records(), unused);
    for (std::uint64_t frame = first; frame <= last; ++frame) {
      if (!hub.contains({"DFM", "23041277", frame})) out.push_back(frame);
    }
    return out;
  };
  EXPECT_TRUE(eventually(45, [&] { return missing().empty(); })) << rig.gateway().err();
  EXPECT_THAT(missing(), IsEmpty());
  EXPECT_THAT(rig.hub().rejected(), IsEmpty());
}

}  // namespace
}  // namespace omnisonde::testing
