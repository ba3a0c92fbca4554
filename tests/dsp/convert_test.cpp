#include "dsp/convert.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <vector>

namespace omnisonde::dsp {
namespace {

template <typename T>
std::vector<std::byte> bytes_of(std::initializer_list<T> values, std::size_t offset = 0) {
  std::vector<std::byte> out(offset + values.size() * sizeof(T));
  std::memcpy(out.data() + offset, std::data(values), values.size() * sizeof(T));
  return out;
}

template <typename T>
std::vector<Sample> converted(SampleFormat format, std::initializer_list<T> values,
                              std::size_t* clipped = nullptr) {
  const auto in = bytes_of(values);
  std::vector<Sample> out(in.size() / bytes_per_sample(format));
  const std::size_t n = convert(format, in, out);
  if (clipped != nullptr) *clipped = n;
  return out;
}

TEST(Convert, Cu8IsSymmetricAround127Point5) {
  const auto out = converted<std::uint8_t>(SampleFormat::kCu8, {0, 255, 127, 128});
  EXPECT_EQ(out[0], Sample(-1.0F, 1.0F));
  EXPECT_EQ(out[1], Sample(-0.5F / 127.5F, 0.5F / 127.5F));
}

TEST(Convert, SignedFormatsMapTheirMostNegativeValueToMinusOne) {
  const auto s8 = converted<std::int8_t>(SampleFormat::kCs8, {-128, 127, 0, 64});
  EXPECT_EQ(s8[0], Sample(-1.0F, 127.0F / 128));
  EXPECT_EQ(s8[1], Sample(0.0F, 0.5F));
  const auto s16 = converted<std::int16_t>(SampleFormat::kCs16, {-32768, 32767, 1, -16384});
  EXPECT_EQ(s16[0], Sample(-1.0F, 32767.0F / 32768));
  EXPECT_EQ(s16[1], Sample(1.0F / 32768, -0.5F));
}

TEST(Convert, FloatsPassUnchangedAndNonFiniteOnesBecomeZero) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const auto out = converted<float>(SampleFormat::kCf32, {0.25F, -1.5F, kInf, -kInf, kNan, 1e-30F});
  EXPECT_EQ(out[0], Sample(0.25F, -1.5F));
  EXPECT_EQ(out[1], Sample(0.0F, 0.0F));
  EXPECT_EQ(out[2], Sample(0.0F, 1e-30F));
}

TEST(Convert, AudioLandsInTheRealPart) {
  EXPECT_EQ(converted<std::uint8_t>(SampleFormat::kFmU8, {255})[0], Sample(1.0F, 0.0F));
  EXPECT_EQ(converted<std::int16_t>(SampleFormat::kFmS16, {-16384})[0], Sample(-0.5F, 0.0F));
  EXPECT_EQ(converted<float>(SampleFormat::kFmF32, {0.125F})[0], Sample(0.125F, 0.0F));
}

TEST(Convert, CountsEachSampleThatTouchesFullScaleOnce) {
  std::size_t clipped = 99;
  (void)converted<std::uint8_t>(SampleFormat::kCu8, {0, 255, 1, 254, 128, 255}, &clipped);
  EXPECT_EQ(clipped, 2U);
  (void)converted<std::int8_t>(SampleFormat::kCs8, {127, 0, 0, -128, 126, -127}, &clipped);
  EXPECT_EQ(clipped, 2U);
  (void)converted<std::int16_t>(SampleFormat::kCs16, {32767, 0, 32766, -32767}, &clipped);
  EXPECT_EQ(clipped, 1U);
  (void)converted<float>(SampleFormat::kCf32, {1.0F, 0.0F, 0.999F, -0.999F, 0.0F, -2.0F}, &clipped);
  EXPECT_EQ(clipped, 2U);
}

TEST(Convert, TakesUnalignedInputAndAnyLength) {
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<std::byte> in(1 + 4 * n);
    std::vector<Sample> expected(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::array<std::int16_t, 2> iq{static_cast<std::int16_t>(100 * i),
                                           static_cast<std::int16_t>(-7 * static_cast<int>(i))};
      std::memcpy(in.data() + 1 + 4 * i, iq.data(), 4);
      expected[i] = {static_cast<float>(iq[0]) / 32768, static_cast<float>(iq[1]) / 32768};
    }
    std::vector<Sample> out(n);
    EXPECT_EQ(convert(SampleFormat::kCs16, std::span(in).subspan(1), out), 0U);
    EXPECT_EQ(out, expected);
  }
}

TEST(Convert, EveryFormatHasItsNameAndSize) {
  const std::array formats{SampleFormat::kCu8,  SampleFormat::kCs8,  SampleFormat::kCs16,
                           SampleFormat::kCf32, SampleFormat::kFmU8, SampleFormat::kFmS16,
                           SampleFormat::kFmF32};
  const std::array<std::string_view, 7> names{"cu8",   "cs8",    "cs16",  "cf32",
                                              "fm-u8", "fm-s16", "fm-f32"};
  const std::array<std::size_t, 7> sizes{2, 2, 4, 8, 1, 2, 4};
  for (std::size_t i = 0; i < formats.size(); ++i) {
    EXPECT_EQ(format_name(formats[i]), names[i]);
    EXPECT_EQ(bytes_per_sample(formats[i]), sizes[i]);
    EXPECT_EQ(is_fm_audio(formats[i]), i >= 4);
  }
}

}  // namespace
}  // namespace omnisonde::dsp
