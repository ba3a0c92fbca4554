// The fuzz target as a plain test: random inputs and damaged real ones.
#include <algorithm>

#include "tests/decoders/rs92_bench.hpp"

// Every fuzz target has this one name; the test program holds several.
#define LLVMFuzzerTestOneInput fuzz_rs92
#include "tests/fuzz/rs92_fuzz.cpp"  // NOLINT(bugprone-suspicious-include): the target itself

namespace omnisonde {
namespace {

using test::rs92_state;

TEST(Rs92Fuzz, RandomBytesHurtNothing) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<std::uint8_t> input(1 + random() % 3000);
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    input[0] = static_cast<std::uint8_t>(round);
    fuzz_rs92(input.data(), input.size());
  }
}

TEST(Rs92Fuzz, DamagedFlightsHurtNothing) {
  std::mt19937 random(2);
  for (const char* const type : {"RS92", "RS92-NGP"}) {
    test::Rs92Flight flight(type);
    for (int round = 0; round < 6; ++round) {
      std::vector<std::uint8_t> input = {static_cast<std::uint8_t>(type[4] == 0 ? 8 : 9)};
      for (int second = 0; second < 40; ++second) {
        (void)flight.pass(rs92_state(40 * round + second));
        input.insert(input.end(), flight.frame.bytes.begin(), flight.frame.bytes.end());
      }
      for (int damage = 0; damage < 40 * round; ++damage) {
        input[1 + random() % (input.size() - 1)] = static_cast<std::uint8_t>(random());
      }
      fuzz_rs92(input.data(), input.size());
    }
  }
}

TEST(Rs92Fuzz, DamagedOrbitFilesHurtNothing) {
  std::mt19937 random(3);
  const std::string whole = sim::gps_rinex(test::kRs92Noon).substr(0, 20'000);
  for (int round = 0; round < 60; ++round) {
    std::string text = "\6" + whole;  // 6 chooses the reader
    for (int damage = 0; damage < 4 * round; ++damage) {
      text[1 + random() % (text.size() - 1)] = " \n-.D0123456789EG>*"[random() % 19];
    }
    if (round % 3 == 0) text.resize(1 + random() % text.size());
    fuzz_rs92(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}

}  // namespace
}  // namespace omnisonde
