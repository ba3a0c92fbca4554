#include "decoders/fec/crc_list.hpp"

#include <gtest/gtest.h>

namespace omnisonde::fec {
namespace {

TEST(CrcList, FindsEverySetAndOrdersByCost) {
  const std::vector<CrcChange> changes = {{5, 0b0001, 0, 0},
                                          {1, 0b0010, 1, 0},
                                          {1, 0b0100, 2, 0},
                                          {9, 0b0111, 3, 0},
                                          {2, 0b0011, 4, 0}};
  const auto sets = find_crc_changes(changes, 0b0111, 10);
  // {2, 4}, {0, 1, 2}, {3}; no other subset of three or fewer gives 0111.
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(sets[0].count, 2U);
  EXPECT_FLOAT_EQ(sets[0].cost, 3);
  EXPECT_EQ(sets[0].index[0], 2);
  EXPECT_EQ(sets[0].index[1], 4);
  EXPECT_EQ(sets[1].count, 3U);
  EXPECT_FLOAT_EQ(sets[1].cost, 7);
  EXPECT_EQ(sets[2].count, 1U);
  EXPECT_EQ(sets[2].index[0], 3);
  EXPECT_EQ(find_crc_changes(changes, 0b0111, 1).size(), 1U);
}

TEST(CrcList, ChangesOfOnePlaceExcludeEachOther) {
  const std::vector<CrcChange> changes = {{1, 1, 7, 0}, {1, 2, 7, 1}, {1, 4, 8, 0}};
  EXPECT_TRUE(find_crc_changes(changes, 3, 10).empty());
  EXPECT_EQ(find_crc_changes(changes, 5, 10).size(), 1U);
}

TEST(CrcList, NothingToChangeIsASetToo) {
  const auto sets = find_crc_changes({}, 0, 10);
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].count, 0U);
  EXPECT_TRUE(find_crc_changes({}, 1, 10).empty());
}

}  // namespace
}  // namespace omnisonde::fec
