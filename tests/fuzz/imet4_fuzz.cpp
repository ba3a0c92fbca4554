// Any values as soft bits into the correction of type iMet-4, any bytes into its parser.
#include "tests/fuzz/sonde_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("iMet-4", 38, {data, size});
}
