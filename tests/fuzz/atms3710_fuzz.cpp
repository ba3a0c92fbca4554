// Any values as soft bits into the correction of type ATMS-3710, any bytes into its parser.
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_atms3710  // several targets in one program
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("ATMS-3710", 56, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(Atms3710Fuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
