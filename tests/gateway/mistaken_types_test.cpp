// A sonde alone in the band, all types listening, the stream beginning in the middle of a frame: it
// is found and named right, whatever its signal resembles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

struct Sonde {
  const char* name;
  const char* type;
  const char* why;
};

class AloneInTheBand : public ::testing::TestWithParam<Sonde> {};

TEST_P(AloneInTheBand, IsNamedRight) {
  SCOPED_TRACE(GetParam().why);
  const testing::Air air = testing::simulate(
      std::string("[stream]\nsample_rate_hz = 192000\ncenter_mhz = 403.0\n[sonde:A]\ntype = ") +
          GetParam().type +
          "\nfrequency_mhz = 403.02\noffset_hz = 422\ndrift_hz_per_s = -9\nebn0_db = 20\n",
      16);
  const auto skip = static_cast<std::size_t>(0.37 * air.rate_hz);
  const auto got = testing::decode(testing::plan_for(air), std::span(air.samples).subspan(skip));
  for (const Telemetry& t : got) EXPECT_EQ(t.type, GetParam().type);
  const auto missing = testing::missing(air.truth, got, 7);
  EXPECT_THAT(missing, ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Types, AloneInTheBand,
    ::testing::Values(Sonde{"Rs92", "RS92",
                            "start and stop bits correlate with its sync all through the frame"},
                      Sonde{"Imet4", "iMet-4", "its audio tones come out as codewords of a DFM"},
                      Sonde{"Ims100", "iMS-100", "its biphase runs look like preambles"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace omnisonde
