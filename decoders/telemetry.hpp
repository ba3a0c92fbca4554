// What a decoded frame says: the one type that tracks, web page and uploader know of a sonde.
// Absent stays absent: an optional without a value was not sent (or not yet known).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/utc.hpp"

namespace omnisonde {

/// The rung of the decode ladder that got a frame (docs/adr: effort ladder).
enum class Effort : std::uint8_t { kHard, kErasures, kPriors, kDeep };

/// "hard", "erasures", "priors" or "deep".
[[nodiscard]] const char* effort_name(Effort effort);

enum class TimeReference : std::uint8_t { kUtc, kGps };
enum class HeightReference : std::uint8_t { kEllipsoid, kMeanSeaLevel };

struct GeoPosition {
  double latitude_deg = 0;   ///< north positive
  double longitude_deg = 0;  ///< east positive
  double altitude_m = 0;
};

/// How the frame was received; filled by the receiver, not by the decoder.
struct Reception {
  double t_s = 0;               ///< seconds from the first sample to the start of the frame
  UtcMillis received;           ///< wall clock of the start of the frame
  double frequency_hz = 0;      ///< carrier as measured
  std::optional<float> snr_db;  ///< signal over noise in the sonde's bandwidth
  Effort effort = Effort::kHard;
  int bits_corrected = 0;
};

/// A field that only one type has, by the hub's name for it: {"dfmcode", "0xB"}.
struct ExtraField {
  std::string name;
  std::string value;
};

/// The hold_reason of a record whose sonde has not told its serial yet: a later record of the same
/// epoch completes it (gateway/record_gate.hpp).
inline constexpr const char* kSerialUnknown = "serial not yet known";

struct Telemetry {
  std::string type;          ///< the hub's name: "RS41", "DFM", "PS-15", ...
  std::string subtype;       ///< the hub's name: "RS41-SGP", "DFM17"; empty while unproven
  std::string manufacturer;  ///< the hub's name: "Vaisala", "Graw"
  std::string serial;        ///< as the hub wants it; empty while unproven
  std::optional<std::uint32_t> frame_number;  ///< by the hub's convention for the type
  std::optional<UtcMillis> datetime;          ///< the sonde's own time, in `time_reference`
  TimeReference time_reference = TimeReference::kUtc;
  std::optional<GeoPosition> position;
  HeightReference height_reference = HeightReference::kEllipsoid;
  std::optional<float> velocity_h_mps, velocity_v_mps, heading_deg;
  std::optional<float> temperature_c, humidity_pct, pressure_hpa, battery_v;
  std::optional<int> satellites;
  std::optional<int> burst_timer_s;
  std::optional<double> tx_frequency_mhz;  ///< as announced by the sonde
  std::string xdata;                       ///< auxiliary payload, hex; empty when there is none
  bool encrypted = false;
  /// Why a gateway must not send this record ("encrypted", "no position", "fewer than 4
  /// satellites", ...); empty when it may. Decoders set what they know, the tracks add theirs.
  std::string hold_reason;
  /// Counts up when a decoder notices that another sonde has taken over the frequency: records
  /// without a serial may be completed only from later ones of the same epoch.
  std::uint32_t identity_epoch = 0;
  /// What tells this transmitter from others of its type while its serial is unknown, the same
  /// after a restart of the receiver; empty where the type sends nothing of the kind.
  std::string sender_hint;
  std::vector<ExtraField> extras;
  Reception rx;
};

}  // namespace omnisonde
