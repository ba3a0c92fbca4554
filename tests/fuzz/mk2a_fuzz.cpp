// Any values as soft bits into the MK2A's correction, any bytes into its parser; and packets with a
// good checksum made of the bytes, since random ones would never have it.
#include <algorithm>
#include <vector>

#include "decoders/sondes/lockheed.hpp"
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_mk2a  // several targets in one program
#endif

namespace {

// Each packet: kind, length, then as many bytes as there are.
void parse_packets(std::span<const std::uint8_t> data) {
  const auto decoder = omnisonde::find_sonde_type("LMS6-1680")->make();
  while (data.size() >= 2) {
    const std::size_t payload = std::min<std::size_t>(data[1], data.size() - 2);
    omnisonde::Frame frame;
    const auto type = static_cast<std::uint8_t>((data[0] & 1U) != 0 ? 'T' : 'M');
    for (const std::uint8_t byte : {std::uint8_t{0x24}, std::uint8_t{0x52}, type, std::uint8_t{'1'},
                                    std::uint8_t{0xEC}, std::uint8_t{0x64}, std::uint8_t{5},
                                    data[0], std::uint8_t{0}, static_cast<std::uint8_t>(payload)}) {
      frame.bytes.push_back(byte);
    }
    const auto content = data.subspan(2, payload);
    frame.bytes.insert(frame.bytes.end(), content.begin(), content.end());
    const unsigned crc = omnisonde::lockheed::checksum(frame.bytes);
    frame.bytes.push_back(static_cast<std::uint8_t>(crc >> 8U));
    frame.bytes.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
    omnisonde::fuzz::check(decoder->parse(frame, {.received = {1'792'497'600'000}}));
    std::vector<float> llr(2640, 0.5F);
    decoder->add_priors(llr);
    data = data.subspan(2 + payload);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] % 4 == 3) parse_packets({data + 1, size - 1});
  return omnisonde::fuzz::feed("LMS6-1680", 68, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(Mk2aFuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
