// Meisei: the 64 configuration values that a sonde tells one per frame, and what follows from them:
// serial number, transmit frequency, temperature and humidity.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace omnisonde::meisei {

enum class Model : std::uint8_t { kIms100, kRs11g };

/// IEEE single from A2 (low half) and A3 of an iMS-100. May be anything, NaN included.
[[nodiscard]] float ims100_float(std::uint16_t a2, std::uint16_t a3);
/// The RS-11G's own format: bytes of each word swapped, exponent in the top byte (bias 129 with a
/// leading one), then sign, then mantissa.
[[nodiscard]] float rs11g_float(std::uint16_t a2, std::uint16_t a3);
/// The inverse of rs11g_float for finite values; a2 in the low half of the result.
[[nodiscard]] std::uint32_t rs11g_words(float value);

class Configuration {
 public:
  /// Takes in a value.
  /// @param certain  counts at once; else a second one must agree
  void add(Model model, std::uint16_t counter, std::uint16_t a2, std::uint16_t a3, bool certain);
  void clear() { *this = Configuration(); }

  /// Decimal; empty until two of the four places that tell it agree.
  [[nodiscard]] const std::string& serial() const { return serial_; }
  /// Counts up with every serial after the first; nothing of the earlier sonde is left then.
  [[nodiscard]] std::uint32_t changes() const { return changes_; }
  [[nodiscard]] std::optional<double> tx_frequency_mhz(Model model) const;
  /// @param f  four times the sensor's count over the reference count
  [[nodiscard]] std::optional<float> temperature_c(Model model, double f) const;
  [[nodiscard]] std::optional<float> humidity_pct(double f) const;

 private:
  struct Slot {
    std::uint32_t raw = 0;
    float value = 0;
    bool heard = false, known = false;
  };

  void add_serial(float value);
  [[nodiscard]] std::optional<std::array<double, 4>> polynomial(std::size_t first) const;

  std::array<Slot, 64> slots_;
  std::string serial_;
  std::uint32_t candidate_ = 0;  ///< a serial heard once
  std::uint32_t changes_ = 0;
};

}  // namespace omnisonde::meisei
