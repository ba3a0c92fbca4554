#include "gateway/orbit_shelf.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "decoders/sonde.hpp"
#include "simulator/sondes/gps_constellation.hpp"

namespace omnisonde {
namespace {

constexpr UtcMillis kNow = from_civil({2026, 10, 20, 12, 0, 0});

class OrbitShelfTest : public testing::Test {
 protected:
  ~OrbitShelfTest() override { std::filesystem::remove(path_); }

  /// Each writing is a second later than the one before.
  void write(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    time_ += std::chrono::seconds(1);
    std::filesystem::last_write_time(path_, time_);
  }

  std::string path_ = testing::TempDir() + "orbit_shelf_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::file_time_type time_ = std::filesystem::file_time_type::clock::now();
  OrbitShelf shelf_{path_};
};

TEST_F(OrbitShelfTest, ReadsAFileOnceAndAgainWhenItChanges) {
  write(sim::gps_rinex(kNow));
  auto fresh = shelf_.refresh(kNow);
  ASSERT_TRUE(fresh) << fresh.error().line();
  EXPECT_TRUE(*fresh);
  const auto first = shelf_.book();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->size(), 31U * 25);
  EXPECT_FALSE(*shelf_.refresh(kNow)) << "nothing new";
  EXPECT_EQ(shelf_.book(), first);
  write(sim::gps_rinex({kNow.ms + 86'400'000}));
  EXPECT_TRUE(*shelf_.refresh(kNow));
  EXPECT_NE(shelf_.book(), first);
  EXPECT_EQ(first->size(), 31U * 25) << "who holds the old book keeps it";
}

TEST_F(OrbitShelfTest, AFileThatComesLaterIsFound) {
  EXPECT_FALSE(shelf_.refresh(kNow).ok());
  EXPECT_TRUE(shelf_.refresh(kNow).ok()) << "told once";
  EXPECT_EQ(shelf_.book(), nullptr);
  write(sim::gps_rinex(kNow));
  EXPECT_TRUE(*shelf_.refresh(kNow));
  EXPECT_NE(shelf_.book(), nullptr);
}

TEST_F(OrbitShelfTest, ABadFileIsNamedAndTheOldBookStays) {
  write(sim::gps_rinex(kNow));
  ASSERT_TRUE(*shelf_.refresh(kNow));
  for (const std::string& text :
       {std::string("<html>404</html>"), std::string("\x1F\x8B\x08"), std::string()}) {
    write(text);
    const auto fresh = shelf_.refresh(kNow);
    ASSERT_FALSE(fresh.ok());
    EXPECT_NE(fresh.error().what.find(path_), std::string::npos);
    EXPECT_NE(fresh.error().remedy, "");
    EXPECT_NE(shelf_.book(), nullptr);
  }
  std::filesystem::remove(path_);
  EXPECT_FALSE(shelf_.refresh(kNow).ok());
  EXPECT_NE(shelf_.book(), nullptr);
}

}  // namespace
}  // namespace omnisonde
