#include "dsp/convert.hpp"

#include <bit>
#include <cstring>

namespace omnisonde::dsp {
namespace {

// Recordings and devices are little endian, and so is every machine this runs on.
static_assert(std::endian::native == std::endian::little);

template <typename T>
T load(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);  // unaligned input is legal; compiles to one load
  return value;
}

// How one number format becomes a float, and when it touches full scale.
struct U8 {
  using Raw = std::uint8_t;
  static float value(Raw x) noexcept { return (static_cast<float>(x) - 127.5F) / 127.5F; }
  static bool clipped(Raw x) noexcept { return x == 0 || x == 255; }
};
struct S8 {
  using Raw = std::int8_t;
  static float value(Raw x) noexcept { return static_cast<float>(x) * (1.0F / 128); }
  static bool clipped(Raw x) noexcept { return x == -128 || x == 127; }
};
struct S16 {
  using Raw = std::int16_t;
  static float value(Raw x) noexcept { return static_cast<float>(x) * (1.0F / 32768); }
  static bool clipped(Raw x) noexcept { return x == -32768 || x == 32767; }
};
struct F32 {
  using Raw = std::uint32_t;  // the bits, so that "not finite" is an integer test that vectorises
  static float value(Raw x) noexcept {
    const bool finite = (x & 0x7F80'0000U) != 0x7F80'0000U;
    return std::bit_cast<float>(finite ? x : 0U);
  }
  static bool clipped(Raw x) noexcept { return (x & 0x7FFF'FFFFU) >= 0x3F80'0000U; }
};

template <typename Number>
std::size_t convert_iq(const std::byte* in, std::span<Sample> out) noexcept {
  constexpr std::size_t kBytes = sizeof(typename Number::Raw);
  // std::complex<float> is laid out as float[2] ([complex.numbers]/4).
  auto* values = reinterpret_cast<float*>(out.data());
  unsigned clipped = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto re = load<typename Number::Raw>(in + 2 * i * kBytes);
    const auto im = load<typename Number::Raw>(in + (2 * i + 1) * kBytes);
    values[2 * i] = Number::value(re);
    values[2 * i + 1] = Number::value(im);
    clipped +=
        static_cast<unsigned>(Number::clipped(re)) | static_cast<unsigned>(Number::clipped(im));
  }
  return clipped;
}

template <typename Number>
std::size_t convert_audio(const std::byte* in, std::span<Sample> out) noexcept {
  constexpr std::size_t kBytes = sizeof(typename Number::Raw);
  unsigned clipped = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto x = load<typename Number::Raw>(in + i * kBytes);
    out[i] = {Number::value(x), 0.0F};
    clipped += static_cast<unsigned>(Number::clipped(x));
  }
  return clipped;
}

}  // namespace

std::size_t bytes_per_sample(SampleFormat format) noexcept {
  switch (format) {
    case SampleFormat::kFmU8:
      return 1;
    case SampleFormat::kCu8:
    case SampleFormat::kCs8:
    case SampleFormat::kFmS16:
      return 2;
    case SampleFormat::kCs16:
    case SampleFormat::kFmF32:
      return 4;
    case SampleFormat::kCf32:
      return 8;
  }
  return 1;
}

bool is_fm_audio(SampleFormat format) noexcept {
  return format == SampleFormat::kFmU8 || format == SampleFormat::kFmS16 ||
         format == SampleFormat::kFmF32;
}

std::string_view format_name(SampleFormat format) noexcept {
  switch (format) {
    case SampleFormat::kCu8:
      return "cu8";
    case SampleFormat::kCs8:
      return "cs8";
    case SampleFormat::kCs16:
      return "cs16";
    case SampleFormat::kCf32:
      return "cf32";
    case SampleFormat::kFmU8:
      return "fm-u8";
    case SampleFormat::kFmS16:
      return "fm-s16";
    case SampleFormat::kFmF32:
      return "fm-f32";
  }
  return "";
}

std::size_t convert(SampleFormat format, std::span<const std::byte> in,
                    std::span<Sample> out) noexcept {
  switch (format) {
    case SampleFormat::kCu8:
      return convert_iq<U8>(in.data(), out);
    case SampleFormat::kCs8:
      return convert_iq<S8>(in.data(), out);
    case SampleFormat::kCs16:
      return convert_iq<S16>(in.data(), out);
    case SampleFormat::kCf32:
      return convert_iq<F32>(in.data(), out);
    case SampleFormat::kFmU8:
      return convert_audio<U8>(in.data(), out);
    case SampleFormat::kFmS16:
      return convert_audio<S16>(in.data(), out);
    case SampleFormat::kFmF32:
      return convert_audio<F32>(in.data(), out);
  }
  return 0;
}

}  // namespace omnisonde::dsp
