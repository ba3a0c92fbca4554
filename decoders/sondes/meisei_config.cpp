#include "decoders/sondes/meisei_config.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace omnisonde::meisei {
namespace {

constexpr std::size_t kFrequencySlot = 15, kHumiditySlot = 49;
constexpr float kMaxSerial = 16'777'215;  // beyond it a single is not an exact integer

/// Where a model keeps its thermistor.
struct Thermistor {
  std::size_t temperature, resistance, points, polynomial;
};
constexpr Thermistor kIms{17, 33, 12, 53}, kRs{17, 37, 11, 33};

std::uint16_t swapped(std::uint16_t word) {
  return static_cast<std::uint16_t>(word << 8U | word >> 8U);
}

}  // namespace

float ims100_float(std::uint16_t a2, std::uint16_t a3) {
  return std::bit_cast<float>(std::uint32_t{a3} << 16U | a2);
}

float rs11g_float(std::uint16_t a2, std::uint16_t a3) {
  const std::uint32_t u = std::uint32_t{swapped(a3)} << 16U | swapped(a2);
  if (u == 0) return 0;
  const double mantissa = 1 + static_cast<double>(u & 0x7F'FFFFU) / 0x80'0000;
  const double value = std::ldexp(mantissa, static_cast<int>(u >> 24U) - 129);
  return static_cast<float>((u & 0x80'0000U) != 0 ? -value : value);
}

std::uint32_t rs11g_words(float value) {
  if (value == 0) return 0;
  int exponent = 0;
  const double mantissa = 2 * std::frexp(std::fabs(static_cast<double>(value)), &exponent) - 1;
  const std::uint32_t u = static_cast<std::uint32_t>(exponent - 1 + 129) << 24U |
                          (value < 0 ? 0x80'0000U : 0U) |
                          static_cast<std::uint32_t>(std::lround(mantissa * 0x80'0000));
  return std::uint32_t{swapped(static_cast<std::uint16_t>(u >> 16U))} << 16U |
         swapped(static_cast<std::uint16_t>(u));
}

void Configuration::add(Model model, std::uint16_t counter, std::uint16_t a2, std::uint16_t a3,
                        bool certain) {
  const std::size_t number = counter % slots_.size();
  const std::uint32_t raw = std::uint32_t{a3} << 16U | a2;
  Slot& slot = slots_[number];
  const bool agrees = slot.heard && slot.raw == raw;
  slot.raw = raw;
  slot.value = model == Model::kIms100 ? ims100_float(a2, a3) : rs11g_float(a2, a3);
  // Some units were never calibrated: all ones.
  slot.heard = raw != 0xFFFF'FFFF && std::isfinite(slot.value);
  slot.known = slot.heard && (certain || agrees);
  if (number % 16 == 0 && slot.heard) add_serial(slot.value);
}

void Configuration::add_serial(float value) {
  if (!(value >= 1 && value <= kMaxSerial) || value != std::floor(value)) return;
  const auto number = static_cast<std::uint32_t>(value);
  if (candidate_ != number) {
    candidate_ = number;
    return;
  }
  std::string text = std::to_string(number);
  if (text == serial_) return;
  if (!serial_.empty()) {
    const std::uint32_t changes = changes_ + 1;
    clear();
    candidate_ = number;
    changes_ = changes;
  }
  serial_ = std::move(text);
}

std::optional<double> Configuration::tx_frequency_mhz(Model model) const {
  const Slot& slot = slots_[kFrequencySlot];
  const double base_khz = model == Model::kIms100 ? 400'000 : 403'700;
  const double mhz = (base_khz + 100 * static_cast<double>(slot.value)) * 1e-3;
  if (!slot.known || mhz < 395 || mhz > 410) return std::nullopt;
  return mhz;
}

std::optional<std::array<double, 4>> Configuration::polynomial(std::size_t first) const {
  std::array<double, 4> p{};
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!slots_[first + i].known) return std::nullopt;
    p[i] = static_cast<double>(slots_[first + i].value);
  }
  return p;
}

// R by the polynomial (whose last term is a constant as well), then the temperature between the
// calibrated points, linear in the logarithm of R.
std::optional<float> Configuration::temperature_c(Model model, double f) const {
  const Thermistor& where = model == Model::kIms100 ? kIms : kRs;
  const auto p = polynomial(where.polynomial);
  if (!p || !(f > 1)) return std::nullopt;
  std::array<double, 12> celsius{}, kilohm{};
  for (std::size_t i = 0; i < where.points; ++i) {
    const Slot& t = slots_[where.temperature + i];
    const Slot& r = slots_[where.resistance + i];
    if (!t.known || !r.known || r.value <= 0) return std::nullopt;
    celsius[i] = static_cast<double>(t.value);
    kilohm[i] = static_cast<double>(r.value);
    if (i > 0 && (celsius[i] >= celsius[i - 1] || kilohm[i] <= kilohm[i - 1])) return std::nullopt;
  }
  const double x = 1 / (f - 1);
  const double r = (*p)[0] + (*p)[1] * x + (*p)[2] * x * x - (*p)[3];
  const std::size_t last = where.points - 1;
  if (!std::isfinite(r)) return std::nullopt;
  if (r <= kilohm[0]) return static_cast<float>(celsius[0]);
  if (r >= kilohm[last]) return static_cast<float>(celsius[last]);
  std::size_t i = 1;
  while (r > kilohm[i]) ++i;
  const double share = std::log(r / kilohm[i - 1]) / std::log(kilohm[i] / kilohm[i - 1]);
  return static_cast<float>(celsius[i - 1] + share * (celsius[i] - celsius[i - 1]));
}

std::optional<float> Configuration::humidity_pct(double f) const {
  const auto h = polynomial(kHumiditySlot);
  if (!h || !std::isfinite(f)) return std::nullopt;
  const double rh = (*h)[0] + f * ((*h)[1] + f * ((*h)[2] + f * (*h)[3]));
  if (!std::isfinite(rh)) return std::nullopt;
  return static_cast<float>(std::clamp(rh, 0.0, 100.0));
}

}  // namespace omnisonde::meisei
