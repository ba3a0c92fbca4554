// Two sondes on one frequency: nothing in their blocks says whose they are.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/decoders/dfm_air.hpp"

namespace omnisonde {
namespace {

using dfm_test::Air;
using dfm_test::clean_llr;
using dfm_test::Heard;
using dfm_test::kFrameMs;
using dfm_test::state_at;
using dfm_test::Station;

constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

// Two sondes share a frequency; the receiver hears now one, now the other.
struct Shared {
  int records = 0, with_serial = 0, wrong_serial = 0, wrong_place = 0;
  std::set<std::string> serials;
};

Shared hear_both(std::int64_t shift_ms, unsigned seed, const std::string& variant,
                 unsigned longest_run, const std::string& serial_b = "21099999") {
  Air a(variant, kNoonMs + 240, {}, "21017642");
  Air b(variant, kNoonMs + 240 + shift_ms, {}, serial_b);
  for (int i = 0; i < 9 * static_cast<int>(seed % 50); ++i)
    b.next(state_at(b.now_ms(), 52.5, 14.3));
  Station station(kNoonMs);
  std::mt19937_64 random(seed);
  std::map<std::uint32_t, Telemetry> truth_a, truth_b;
  bool hears_a = true;
  unsigned run = 0;
  Shared result;
  for (int i = 0; i < 900; ++i) {
    if (run-- == 0) {
      hears_a = !hears_a;
      run = random() % longest_run;
    }
    const std::int64_t at_a = a.now_ms();
    const Heard from_a = a.next();
    while (b.now_ms() + kFrameMs <= at_a) b.next(state_at(b.now_ms(), 52.5, 14.3));
    const std::int64_t at_b = b.now_ms();
    const Heard from_b = b.next(state_at(at_b, 52.5, 14.3));
    for (const Telemetry& t : a.truth()) truth_a[*t.frame_number] = t;
    for (const Telemetry& t : b.truth()) truth_b[*t.frame_number] = t;
    station.set_clock(hears_a ? at_a : at_b);
    const Heard& heard = hears_a ? from_a : from_b;
    const auto record = station.receive(clean_llr(heard.bits), heard.inverted);
    if (!record) continue;
    ++result.records;
    if (record->serial.empty() || !record->hold_reason.empty()) continue;
    ++result.with_serial;
    result.serials.insert(record->serial);
    const bool is_a = record->serial == "21017642";
    if (!is_a && record->serial != serial_b) ++result.wrong_serial;
    const auto& truth = is_a ? truth_a : truth_b;
    const auto want = truth.find(*record->frame_number);
    const bool right =
        want != truth.end() &&
        std::fabs(want->second.position->latitude_deg - record->position->latitude_deg) < 1e-6 &&
        std::fabs(want->second.position->longitude_deg - record->position->longitude_deg) < 1e-6;
    if (!right) ++result.wrong_place;
  }
  return result;
}

TEST(DfmShared, KeepsTwoSondesOnOneFrequencyApart) {
  for (const std::int64_t shift_ms : {10, 37, 56, 90, 112, 150, 223}) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
      const Shared got = hear_both(shift_ms, seed, "DFM17", 60);
      EXPECT_EQ(got.wrong_serial, 0) << shift_ms << ' ' << seed;
      EXPECT_EQ(got.wrong_place, 0) << shift_ms << ' ' << seed;
      EXPECT_GT(got.with_serial, 50) << shift_ms << ' ' << seed;
      EXPECT_EQ(got.serials.size(), 2U) << shift_ms << ' ' << seed;
    }
  }
}

TEST(DfmShared, SondesInStepOnOneFrequencyGiveNothingWrong) {
  for (const unsigned longest_run : {4U, 20U, 60U}) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
      const Shared got = hear_both(0, seed, "DFM17", longest_run);
      EXPECT_EQ(got.wrong_serial, 0) << longest_run << ' ' << seed;
      EXPECT_EQ(got.wrong_place, 0) << longest_run << ' ' << seed;
    }
  }
}

TEST(DfmShared, SondesWithTheSameCounterGiveNothingWrong) {
  // One pair in 256; told apart by where they are (unless they are in step as well).
  const std::string twin = std::to_string(21017642 + 256);
  for (const std::int64_t shift_ms : {30, 45, 77, 112}) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
      const Shared got = hear_both(shift_ms, seed, "DFM17", 80, twin);
      EXPECT_EQ(got.wrong_serial, 0) << shift_ms << ' ' << seed;
      EXPECT_EQ(got.wrong_place, 0) << shift_ms << ' ' << seed;
    }
  }
}

TEST(DfmShared, AnotherSondeTakesOverInANewEpoch) {
  Station station(kNoonMs);
  std::vector<Telemetry> records;
  Air a("DFM17", kNoonMs, {}, "21017642");
  for (int i = 0; i < 150; ++i) {
    const Heard heard = a.next();
    if (auto r = station.receive(clean_llr(heard.bits), heard.inverted)) records.push_back(*r);
  }
  ASSERT_EQ(records.back().serial, "21017642");
  const std::uint32_t epoch = records.back().identity_epoch;
  records.clear();
  const std::int64_t handover_ms = station.now_ms() + 77;
  Air b("DFM09", handover_ms - 120 * 1000, {}, "16026543");  // another counter
  while (b.now_ms() < handover_ms) b.next();
  for (int i = 0; i < 150; ++i) {
    station.set_clock(b.now_ms());
    const Heard heard = b.next(state_at(b.now_ms(), 52.5, 14.3));
    if (auto r = station.receive(clean_llr(heard.bits), heard.inverted)) records.push_back(*r);
  }
  // The first sonde's last second is finished when the other one is heard.
  std::erase_if(records, [](const Telemetry& t) { return t.position->latitude_deg < 52.4; });
  ASSERT_GT(records.size(), 20U);
  for (const Telemetry& t : records) {
    EXPECT_NE(t.identity_epoch, epoch);
    EXPECT_NE(t.serial, "21017642");
    EXPECT_NE(t.subtype, "DFM17");
    if (t.serial.empty()) {
      EXPECT_EQ(t.hold_reason, kSerialUnknown);
    }
  }
  EXPECT_EQ(records.back().serial, "16026543");
}

}  // namespace
}  // namespace omnisonde
