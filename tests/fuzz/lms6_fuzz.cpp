// Any values as soft bits into the correction of LMS6 and LMSX, any bytes into their parser. A
// message with a good checksum is made of the bytes as well: random ones would never have it.
#include <algorithm>
#include <vector>

#include "decoders/sondes/lockheed.hpp"
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_lms6  // several targets in one program
#endif

namespace {

std::vector<std::uint8_t> with_checksums(std::span<const std::uint8_t> data) {
  constexpr std::size_t kFrame = 223;
  constexpr std::uint8_t kMarkers[][4] = {
      {0x24, 0x54, 0, 0}, {0x24, 0x54, 0, 5}, {0x24, 0x46, 5, 0}};
  std::vector<std::uint8_t> out = {2};  // frames
  for (std::size_t at = 0; at < data.size(); at += kFrame) {
    std::vector<std::uint8_t> frame(kFrame);
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), std::min(kFrame, data.size() - at),
                frame.begin());
    std::copy_n(kMarkers[data[at] % 3], 4, frame.begin());
    const unsigned crc = omnisonde::lockheed::checksum(std::span(frame).first(kFrame - 2));
    frame[kFrame - 2] = static_cast<std::uint8_t>(crc >> 8U);
    frame[kFrame - 1] = static_cast<std::uint8_t>(crc & 0xFFU);
    out.insert(out.end(), frame.begin(), frame.end());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const char* type = (data[0] & 0x80U) != 0 ? "LMSX-403" : "LMS6-403";
  omnisonde::fuzz::feed(type, 223, {data, size});
  if (data[0] % 4 == 2) omnisonde::fuzz::feed(type, 223, with_checksums({data + 1, size - 1}));
  return 0;
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(Lms6Fuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
