#include "gateway/load_guard.hpp"

#include <gtest/gtest.h>

namespace omnisonde {
namespace {

constexpr std::size_t kRoom = 64;

void blocks(LoadGuard& guard, int count, std::size_t waiting, double busy_s) {
  for (int i = 0; i < count; ++i) guard.after_block(waiting, kRoom, busy_s);
}

TEST(LoadGuard, AMachineThatKeepsUpShedsNothing) {
  LoadGuard guard;
  blocks(guard, 10'000, 1, 0.002);
  EXPECT_EQ(guard.level(), Shed::kNothing);
}

TEST(LoadGuard, ShedsInTheStatedOrderAndCounts) {
  LoadGuard guard;
  blocks(guard, 60, 32, 0.005);
  EXPECT_EQ(guard.level(), Shed::kDeepDecoding);
  blocks(guard, 50, 32, 0.005);
  EXPECT_EQ(guard.level(), Shed::kSearch);
  blocks(guard, 50, 32, 0.005);
  EXPECT_EQ(guard.level(), Shed::kSpectrum);
  blocks(guard, 500, 32, 0.005);
  EXPECT_EQ(guard.level(), Shed::kSpectrum);  // there is no more: tracked sondes go on
  EXPECT_EQ(guard.deep_decoding(), 1U);
  EXPECT_EQ(guard.search(), 1U);
  EXPECT_EQ(guard.spectrum(), 1U);
}

TEST(LoadGuard, TakesUpAgainStepByStepAfterCalm) {
  LoadGuard guard;
  blocks(guard, 200, 32, 0.005);
  ASSERT_EQ(guard.level(), Shed::kSpectrum);
  blocks(guard, 2700, 0, 0.001);
  EXPECT_EQ(guard.level(), Shed::kSearch);
  blocks(guard, 2500, 0, 0.001);
  EXPECT_EQ(guard.level(), Shed::kDeepDecoding);
  blocks(guard, 2500, 0, 0.0035);  // just keeps up: more would be too much
  EXPECT_EQ(guard.level(), Shed::kDeepDecoding);
  blocks(guard, 3200, 0, 0.001);
  EXPECT_EQ(guard.level(), Shed::kNothing);
}

}  // namespace
}  // namespace omnisonde
