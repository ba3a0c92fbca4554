// Any values as soft bits into the pilot sonde's correction, any bytes into its parser.
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_pilotsonde  // several targets in one program
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("PilotSonde", 50, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(PilotSondeFuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
