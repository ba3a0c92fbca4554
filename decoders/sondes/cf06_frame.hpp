// What the Chinese family CF-06 (2400 and 600 baud) and GTH3/GTH6 has in common: bursts with a
// 2D D4 sync, bytes, checksums, and the fields that look alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/standing_bits.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde::cf06 {

/// AA AA 2D D4 63, least significant bit first: CF-06AH and GTH.
inline constexpr std::string_view kFastSync = "0101010101010101101101000010101111000110";
inline constexpr std::size_t kPreambleBits = 16;  ///< of the sync; byte 0 of a frame is the 2D
inline constexpr std::size_t kFastBytes = 102;
inline constexpr std::size_t kFastBits = kPreambleBits + 8 * kFastBytes;

/// AA AA 2D D4 2E, most significant bit first: CF-06 at 600 baud. Its frames count from behind.
inline constexpr std::string_view kSlowSync = "1010101010101010001011011101010000101110";
inline constexpr std::size_t kSlowBytes = 46;  ///< 44 and a CRC-16
inline constexpr std::size_t kSlowBits = 40 + 8 * kSlowBytes;

inline constexpr dsp::ModemParams kFastModem{.symbol_rate_hz = 2400,
                                             .deviation_hz = 2200,
                                             .bt = 1.0F,
                                             .channel_rate_hz = 48'000,
                                             .bandwidth_hz = 11'000,
                                             .line_code = dsp::LineCode::kNrz};

enum class BitOrder : std::uint8_t { kLeastFirst, kMostFirst };

/// Signs as bytes. @param llr  a multiple of 8; not finite counts as erased
[[nodiscard]] std::vector<std::uint8_t> to_bytes(std::span<const float> llr, BitOrder order);
/// Per byte the least |llr|.
[[nodiscard]] std::vector<float> reliabilities(std::span<const float> llr);

/// Corrects a CF-06AH frame: two Reed-Solomon words of distance 7, each with a CRC-16. From
/// kErasures on the least reliable bytes are given up, 2 to 6 of them.
/// @param out  102 bytes; byte_ok marks the parts that hold. Part 1 (all known fields) must.
/// @returns false as well where the bytes that are always the same say that it is another type.
/// Noise: the constant bytes let pass 1e-5, RS and CRC 4e-5 of that.
bool correct_cf06ah(std::span<const float> llr, Effort effort, Frame& out);

/// Checks a frame that has a CRC-16 and no other code. From kErasures on one of the two least
/// reliable bits may be flipped: with the three efforts that a receiver tries, six trials, which is
/// what a lone CRC-16 bears (9.2e-5).
/// @param holds  whether bytes have a good checksum and believable content
template <typename Holds>
bool correct_by_checksum(std::span<const float> llr, std::size_t first_bit, BitOrder order,
                         Effort effort, Holds holds, Frame& out);

/// Bytes 12..14 of a GTH: hour, minute and tenths of seconds. @returns ms of the day
[[nodiscard]] std::optional<std::int64_t> time_of_day(ByteReader& r, std::size_t at);

/// A coordinate sent as float, radians. @returns degrees, or nothing for nonsense
[[nodiscard]] std::optional<double> degrees_of(float radians, double limit_deg);

/// Fills speed over ground, heading and climb from cm/s.
void put_velocity(int north_cmps, int east_cmps, int up_cmps, Telemetry& t);

/// Position, and why it must not be sent, if so.
void put_position(std::optional<double> latitude_deg, std::optional<double> longitude_deg,
                  double altitude_m, Telemetry& t);

/// What flights of this family remember: whose frames they were, and which bits stand still.
class Memory {
 public:
  Memory(std::size_t frame_bits, std::size_t first_bit, BitOrder order)
      : standing_(frame_bits), frame_bits_(frame_bits), first_bit_(first_bit), order_(order) {}

  /// @returns the identity epoch of this serial.
  std::uint32_t learn(const Frame& frame, const std::string& serial);
  void add_priors(std::span<float> llr) const { standing_.add(llr); }

 private:
  fec::StandingBits standing_;
  std::size_t frame_bits_, first_bit_;
  BitOrder order_;
  std::string serial_;
  std::uint32_t epoch_ = 0;
};

/// The two bits among llr[first_bit..] that are least certain.
struct WeakBits {
  std::size_t first = 0, second = 0;
};
[[nodiscard]] WeakBits weakest_bits(std::span<const float> llr, std::size_t first_bit);

template <typename Holds>
bool correct_by_checksum(std::span<const float> llr, std::size_t first_bit, BitOrder order,
                         Effort effort, Holds holds, Frame& out) {
  std::vector<float> work(llr.begin() + static_cast<std::ptrdiff_t>(first_bit), llr.end());
  std::vector<std::uint8_t> bytes = to_bytes(work, order);
  int flipped = 0;
  bool good = holds(bytes);
  if (!good && effort >= Effort::kErasures) {
    const WeakBits weak = weakest_bits(llr, first_bit);
    for (const std::size_t at : {weak.first, weak.second}) {
      std::vector<float> trial = work;
      trial[at - first_bit] = trial[at - first_bit] > 0 ? -1.0F : 1.0F;
      bytes = to_bytes(trial, order);
      good = holds(bytes);
      if (good) break;
    }
    flipped = 1;
  }
  if (!good) return false;
  out.reliability = reliabilities(work);
  out.byte_ok.assign(bytes.size(), 1);
  out.bytes = std::move(bytes);
  out.bits_corrected = flipped;
  out.effort = effort;
  return true;
}

}  // namespace omnisonde::cf06
