#include "gateway/search_budget.hpp"

#include <gtest/gtest.h>

#include "gateway/band_receiver.hpp"
#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

TEST(SearchBudget, EarnsSlowlyUpToItsMost) {
  SearchBudget budget;
  EXPECT_TRUE(budget.plenty());
  budget.spend(SearchBudget::kMost_s);
  EXPECT_TRUE(budget.empty());
  EXPECT_FALSE(budget.in_debt());
  budget.spend(1);
  EXPECT_TRUE(budget.in_debt());
  budget.earn(1 / SearchBudget::kEarned);
  EXPECT_FALSE(budget.in_debt());
  budget.earn(1e6);
  budget.spend(SearchBudget::kMost_s);
  EXPECT_TRUE(budget.empty());
}

constexpr const char* kTwoSondes = R"(
[stream]
sample_rate_hz = 240000
center_mhz = 403
[sonde:A]
type = RS41
serial = T1111111
frequency_mhz = 402.96
ebn0_db = 20
[sonde:B]
type = RS41
serial = T2222222
frequency_mhz = 403.05
ebn0_db = 20
start_s = 5
)";

std::vector<SlotRecord> receive(BandReceiver& band, std::span<const dsp::Sample> samples,
                                std::size_t from, std::size_t to) {
  std::vector<SlotRecord> records;
  const std::size_t block = band.block_samples();
  for (std::size_t at = from; at + block <= to; at += block)
    band.process({samples.subspan(at, block), at, 0}, records);
  return records;
}

TEST(BandReceiverUnderLoad, LooksForNothingNewAndKeepsWhatItTracks) {
  const testing::Air air = testing::simulate(kTwoSondes, 15);
  BandPlan plan;
  plan.sample_rate_hz = air.rate_hz;
  plan.centre_hz = air.centre_hz;
  plan.types = select_types({}).value();
  BandReceiver band(plan);
  const auto second = static_cast<std::size_t>(air.rate_hz);
  EXPECT_GE(receive(band, air.samples, 0, 4 * second).size(), 2U);
  band.shed(Shed::kSearch);
  const auto during = receive(band, air.samples, 4 * second, 10 * second);
  EXPECT_GE(during.size(), 5U);
  for (const SlotRecord& r : during) EXPECT_EQ(r.telemetry.serial, "T1111111");
  band.shed(Shed::kNothing);
  const auto after = receive(band, air.samples, 10 * second, 15 * second);
  EXPECT_TRUE(std::ranges::any_of(
      after, [](const SlotRecord& r) { return r.telemetry.serial == "T2222222"; }));
}

}  // namespace
}  // namespace omnisonde
