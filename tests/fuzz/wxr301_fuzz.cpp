// Any values as soft bits into the correction of both WxR-301D, any bytes into their parser.
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_wxr301  // several targets in one program
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("WxR-301D", 55, {data, size}) +
         omnisonde::fuzz::feed("WxR-301D-5k", 55, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(Wxr301Fuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
