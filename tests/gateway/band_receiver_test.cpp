#include "gateway/band_receiver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

using testing::Air;
using ::testing::IsEmpty;

const std::string kThree = R"([stream]
sample_rate_hz = 240000
center_mhz = 403.0
[sonde:A]
type = RS41
serial = T2440001
frequency_mhz = 402.950
[sonde:B]
type = RS41
serial = T2440002
frequency_mhz = 403.020
[sonde:C]
type = RS41
serial = T2440003
frequency_mhz = 403.060
)";

BandPlan band_plan_for(const Air& air) {
  BandPlan plan;
  plan.sample_rate_hz = air.rate_hz;
  plan.centre_hz = air.centre_hz;
  plan.types = select_types({}).value();
  return plan;
}

// Feeds [from, to) of the samples as if they were the stream's from index `first` on.
void feed(BandReceiver& receiver, const Air& air, std::size_t from, std::size_t to,
          std::uint64_t first, std::vector<SlotRecord>& out) {
  const std::size_t block = receiver.block_samples();
  for (; from + block <= to; from += block, first += block) {
    receiver.process({std::span(air.samples).subspan(from, block), first, 0}, out);
  }
}

std::vector<SlotRecord> receive(BandReceiver& receiver, const Air& air) {
  std::vector<SlotRecord> out;
  feed(receiver, air, 0, air.samples.size(), 0, out);
  return out;
}

std::set<std::string> serials(const std::vector<SlotRecord>& records) {
  std::set<std::string> out;
  for (const SlotRecord& r : records) out.insert(r.telemetry.serial);
  return out;
}

TEST(BandReceiver, FindsThemAllOnSlotsOfTheirOwn) {
  const Air air = testing::simulate(kThree, 5);
  BandReceiver receiver(band_plan_for(air));
  const auto records = receive(receiver, air);
  EXPECT_EQ(serials(records), (std::set<std::string>{"T2440001", "T2440002", "T2440003"}));
  std::map<std::string, std::set<std::uint32_t>> slots;
  for (const SlotRecord& r : records) slots[r.telemetry.serial].insert(r.slot_id);
  for (const auto& [serial, ids] : slots) EXPECT_EQ(ids.size(), 1U) << serial;
  EXPECT_EQ(
      std::ranges::count_if(receiver.slots(),
                            [](const SlotView& s) { return s.state == SlotState::kTracking; }),
      3);
}

TEST(BandReceiver, KeepsOutOfForbiddenRangesAndInsideAllowedOnes) {
  const Air air = testing::simulate(kThree, 4);
  BandPlan plan = band_plan_for(air);
  plan.allowed = {{403.0e6, 403.1e6}};
  plan.forbidden = {{403.055e6, 403.065e6}};
  BandReceiver receiver(plan);
  EXPECT_EQ(serials(receive(receiver, air)), (std::set<std::string>{"T2440002"}));
  for (const SlotView& s : receiver.slots()) {
    EXPECT_TRUE(s.frequency_hz > 403.0e6 && s.frequency_hz < 403.1e6) << s.frequency_hz;
    EXPECT_FALSE(s.frequency_hz > 403.055e6 && s.frequency_hz < 403.065e6) << s.frequency_hz;
    if (s.state == SlotState::kTracking) {
      EXPECT_NEAR(s.frequency_hz, 403.02e6, 500);
    }
  }
}

TEST(BandReceiver, FixedChannelsAreHeardWithoutSearching) {
  const Air air = testing::simulate(kThree, 3);
  BandPlan plan = band_plan_for(air);
  plan.search = false;
  const SondeType* rs41 = find_sonde_type("RS41");
  plan.fixed = {{.frequency_hz = 403.021e6, .type = rs41},
                {.frequency_hz = 500e6, .type = rs41}};  // the second is elsewhere
  BandReceiver receiver(plan);
  EXPECT_EQ(serials(receive(receiver, air)), (std::set<std::string>{"T2440002"}));
  EXPECT_EQ(receiver.slots().size(), 1U);
}

TEST(BandReceiver, NeverHoldsMoreSlotsThanItMay) {
  const Air air = testing::simulate(kThree, 3);
  BandPlan plan = band_plan_for(air);
  plan.max_slots = 2;
  BandReceiver receiver(plan);
  EXPECT_EQ(serials(receive(receiver, air)).size(), 2U);
  EXPECT_EQ(receiver.slots().size(), 2U);
}

// Half a second of samples is lost in the middle: what comes after is decoded, at its true time.
TEST(BandReceiver, GoesOnAfterAGap) {
  const Air air = testing::simulate(kThree, 7);
  const std::size_t block = 960, gap = 125 * block;
  const std::size_t at = static_cast<std::size_t>(3.3 * air.rate_hz) / block * block;
  BandReceiver receiver(band_plan_for(air));
  std::vector<SlotRecord> records;
  feed(receiver, air, 0, at, 0, records);
  feed(receiver, air, at + gap, air.samples.size(), at + gap, records);
  std::vector<Telemetry> got;
  got.reserve(records.size());
  for (const SlotRecord& r : records) got.push_back(r.telemetry);
  for (const Telemetry& sent : air.truth) {
    if (sent.rx.t_s < 4.9 || sent.rx.t_s > 6.0) continue;
    const auto match = std::ranges::find_if(got, [&](const Telemetry& t) {
      return t.serial == sent.serial && t.frame_number == sent.frame_number;
    });
    ASSERT_NE(match, got.end()) << sent.serial << " at " << sent.rx.t_s;
    EXPECT_NEAR(match->rx.t_s, sent.rx.t_s + 320.0 / 4800, 1e-3);
  }
}

TEST(BandReceiver, RetuningDropsTheSlotsAndFindsWhatIsThere) {
  const Air air = testing::simulate(kThree, 4);
  BandReceiver receiver(band_plan_for(air));
  const auto before = receive(receiver, air);
  ASSERT_EQ(serials(before).size(), 3U);
  (void)receiver.take_closed_slots();  // what listened for other types at the same places
  receiver.retune(1'680e6);
  EXPECT_THAT(receiver.slots(), IsEmpty());
  EXPECT_GE(receiver.take_closed_slots().size(), 3U);
  std::vector<SlotRecord> after;
  feed(receiver, air, 0, air.samples.size(), air.samples.size(), after);
  EXPECT_EQ(serials(after).size(), 3U);
  for (const SlotRecord& r : after) EXPECT_NEAR(r.telemetry.rx.frequency_hz, 1'680e6, 70e3);
}

/// A receiver and the simulated air at the place where it is tuned to.
struct Tuned {
  explicit Tuned(const std::string& ini) : generator(make(ini)) {
    BandPlan plan;
    plan.sample_rate_hz = generator.sample_rate_hz();
    plan.centre_hz = generator.centre_hz();
    plan.types = {find_sonde_type("RS41")};
    receiver.emplace(plan);
    samples.resize(receiver->block_samples());
  }
  static sim::StreamGenerator make(const std::string& ini) {
    sim::Scenario scenario = sim::parse_scenario(ini, "test").value();
    scenario.stream.start = UtcMillis{1'792'497'600'000};  // 2026-10-20T12:00:00Z
    return sim::StreamGenerator::create(scenario).value();
  }
  void receive(double seconds) {
    for (int i = 0; i < std::lround(seconds * dsp::kBlocksPerSecond); ++i) {
      generator.next_block(samples);
      receiver->process({samples, index, 0}, records);
      index += samples.size();
    }
    for (Telemetry& t : generator.take_truth()) sent.push_back(std::move(t));
  }
  /// As a device does it: for 60 ms nothing comes that is of use.
  void retune(double centre_hz) {
    generator.set_centre_hz(centre_hz);
    generator.skip(15 * samples.size());
    index += 15 * samples.size();
    receiver->retune(centre_hz);
  }
  [[nodiscard]] std::map<double, std::uint32_t> slot_of_each_frequency() const {
    std::map<double, std::uint32_t> out;
    for (const SlotView& s : receiver->slots()) {
      if (s.state == SlotState::kTracking) out[std::round(s.frequency_hz / 1e4) / 100] = s.id;
    }
    return out;
  }

  sim::StreamGenerator generator;
  std::optional<BandReceiver> receiver;
  std::vector<dsp::Sample> samples;
  std::vector<SlotRecord> records;
  std::vector<Telemetry> sent;  ///< without what a retune's gap has touched
  std::uint64_t index = 0;
};

TEST(BandReceiver, RetuningKeepsWhatStaysInside) {
  Tuned tuned(kThree);
  tuned.receive(4);
  const auto before = tuned.slot_of_each_frequency();
  ASSERT_EQ(before.size(), 3U);
  (void)tuned.receiver->take_closed_slots();
  for (const double centre_hz : {403.03e6, 402.98e6, 403.0231234e6, 402.985e6}) {
    tuned.retune(centre_hz);
    EXPECT_EQ(tuned.slot_of_each_frequency(), before) << centre_hz;
    tuned.receive(3.2);
  }
  EXPECT_EQ(tuned.slot_of_each_frequency(), before);
  EXPECT_THAT(tuned.receiver->take_closed_slots(), IsEmpty());
  std::set<std::pair<std::string, std::uint32_t>> got;
  for (const SlotRecord& r : tuned.records) {
    got.insert({r.telemetry.serial, r.telemetry.frame_number.value_or(0)});
    const double sent_hz = r.telemetry.serial == "T2440001"   ? 402.950e6
                           : r.telemetry.serial == "T2440002" ? 403.020e6
                                                              : 403.060e6;
    EXPECT_NEAR(r.telemetry.rx.frequency_hz, sent_hz, 100) << r.telemetry.serial;
  }
  std::size_t sent = 0;
  for (const Telemetry& t : tuned.sent) {
    if (t.rx.t_s < 2 || t.rx.t_s > 16) continue;
    ++sent;
    EXPECT_TRUE(got.contains({t.serial, t.frame_number.value_or(0)}))
        << t.serial << " at " << t.rx.t_s << " s";
  }
  EXPECT_GT(sent, 30U);
}

TEST(BandReceiver, RetuningDropsWhatIsOutsideAndFindsWhatComesIn) {
  Tuned tuned(kThree);
  tuned.retune(403.12e6);  // A is not in
  tuned.receive(3);
  EXPECT_EQ(tuned.slot_of_each_frequency().size(), 2U);
  const std::uint32_t b = tuned.slot_of_each_frequency().at(403.02);
  tuned.retune(402.92e6);  // C is not in
  tuned.receive(3);
  const auto now = tuned.slot_of_each_frequency();
  ASSERT_EQ(now.size(), 2U);
  EXPECT_TRUE(now.contains(402.95));
  EXPECT_EQ(now.at(403.02), b);
}

TEST(BandReceiver, CorrectingTheCentreMovesFrequenciesAndLosesNothing) {
  Tuned tuned(kThree);
  tuned.receive(4);
  const auto before = tuned.slot_of_each_frequency();
  ASSERT_EQ(before.size(), 3U);
  const std::size_t until_now = tuned.records.size();
  tuned.receiver->correct_centre(403.0e6 + 1234);
  tuned.receive(4);
  EXPECT_GE(tuned.records.size(), until_now + 11);
  for (std::size_t i = until_now; i < tuned.records.size(); ++i) {
    const Telemetry& t = tuned.records[i].telemetry;
    if (t.serial != "T2440002") continue;
    EXPECT_NEAR(t.rx.frequency_hz, 403.020e6 + 1234, 100);
  }
  EXPECT_EQ(tuned.receiver->slots().size(), 3U);
}

}  // namespace
}  // namespace omnisonde
