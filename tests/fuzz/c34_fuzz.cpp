// Any values as soft bits into the correction of type SRS-C34, any bytes into its parser.
#include "tests/fuzz/sonde_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return omnisonde::fuzz::feed("SRS-C34", 5, {data, size});
}
