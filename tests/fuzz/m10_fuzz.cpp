// Any values as soft bits into the correction of M10 and M20, any bytes into their parser.
#include "tests/fuzz/sonde_fuzz.hpp"

#ifdef OMNISONDE_FUZZ_AS_TEST
#define LLVMFuzzerTestOneInput fuzz_m10  // several targets in one program
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Frames whose length byte is right: any other gets no further than that.
void parse_whole(std::span<const std::uint8_t> data) {
  constexpr std::uint8_t kHeads[][2] = {{0x64, 0x9F}, {0x64, 0xAF}, {0x76, 0x9F}, {0x45, 0x20},
                                        {0x43, 0x20}, {0x60, 0x20}, {0x85, 0x20}, {0x2E, 0x00}};
  const auto decoder = omnisonde::find_sonde_type("M20")->make();
  while (!data.empty()) {
    const auto& head = kHeads[data[0] % std::size(kHeads)];
    data = data.subspan(1);
    omnisonde::Frame frame;
    const std::size_t count = std::min<std::size_t>(head[0] - 1U, data.size());
    frame.bytes.resize(head[0] + 1U);
    frame.bytes[0] = head[0];
    frame.bytes[1] = head[1];
    for (std::size_t i = 0; i < count; ++i) frame.bytes[2 + i] = data[i];
    omnisonde::fuzz::check(decoder->parse(frame, {.received = {1'792'497'600'000}}));
    data = data.subspan(count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parse_whole({data, size});
  return omnisonde::fuzz::feed("M10", 101, {data, size});
}

#ifdef OMNISONDE_FUZZ_AS_TEST
TEST(M10Fuzz, SurvivesAnything) { omnisonde::fuzz::feed_noise(LLVMFuzzerTestOneInput); }
#endif
