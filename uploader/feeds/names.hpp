// Sondes as radiosonde_auto_rx names them in its files and messages: what other programs look for.
#pragma once

#include <optional>
#include <string>

#include "decoders/telemetry.hpp"

namespace omnisonde::uploader {

/// The serial with the prefix of its type: "W1234567", "DFM-19012345", "IMET-1A2B3C4D".
[[nodiscard]] std::string autorx_id(const Telemetry& t);

/// The type: the subtype for RS41, DFM and Meisei ("RS41-SGP"), else the family ("IMET", "MRZ").
[[nodiscard]] std::string autorx_type(const Telemetry& t);

/// The carrier on the raster of 10 kHz that auto_rx tunes in, MHz: one sonde shows one frequency,
/// whatever it drifts.
[[nodiscard]] double tuned_mhz(const Telemetry& t);

/// "12:01:08" of the sonde's own time.
[[nodiscard]] std::string time_of_day(UtcMillis time);

/// `value` as printf's "%.<decimals>f", without the decimal comma of a locale.
[[nodiscard]] std::string fixed(double value, int decimals);

/// Nine characters for an APRS object, as all the network's programs build it; nothing for types
/// that have no agreed name.
[[nodiscard]] std::optional<std::string> aprs_object_name(const Telemetry& t);

}  // namespace omnisonde::uploader
