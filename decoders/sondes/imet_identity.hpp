// Which iMet it is, and its public id: neither is transmitted.
//
// An iMet-4 counts packets once a second, an iMet-1 twice. The id is made of the second of power-on
// (time less packets counted) and the carrier, rounded to 0.1 MHz, as radiosonde_auto_rx does, so
// that all stations agree on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/utc.hpp"

namespace omnisonde::imet {

enum class Model : std::uint8_t { kImet1, kImet4 };

/// "41F6F3DD": the last eight hex digits of the SHA-256 of
/// "2026-10-20T11:35:17Z403.000 MHzSONDE".
[[nodiscard]] std::string public_id(UtcMillis power_on, double frequency_hz);

/// Learns from the records of one frequency, one after the other.
class Identity {
 public:
  void add(UtcMillis time, std::uint16_t number, double frequency_hz);

  [[nodiscard]] std::optional<Model> model() const {
    return fits_ ? std::optional(known_->model) : std::nullopt;
  }
  /// Empty until several records agree.
  [[nodiscard]] std::string serial() const { return fits_ ? known_->serial : ""; }
  /// Differs between sondes.
  [[nodiscard]] std::uint32_t epoch() const { return fits_ ? known_epoch_ : stranger_epoch_; }

 private:
  struct Heard {
    UtcMillis time;
    std::uint16_t number;
  };
  struct Known {
    Model model;
    UtcMillis power_on;
    std::string serial;
  };
  [[nodiscard]] std::optional<Known> judge(double frequency_hz) const;

  std::vector<Heard> recent_;  ///< records that no known sonde explains, oldest first
  std::optional<Known> known_;
  bool fits_ = false;  ///< the last record is the known sonde's
  std::uint32_t known_epoch_ = 0, stranger_epoch_ = 0;
};

}  // namespace omnisonde::imet
