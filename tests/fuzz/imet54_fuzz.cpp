// Any values as soft bits into the iMet-54's correction, any bytes into its parser.
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_imet54  // several targets in one program
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("iMet-54", 108, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(Imet54Fuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
