// What instruments say that hang on a radiosonde: the XDATA strings of Telemetry::xdata, read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/telemetry.hpp"

namespace omnisonde {

struct XdataValue {
  std::string_view name;  ///< with its unit: "cell_current_ua"
  double value = 0;
  int decimals = 0;  ///< that mean something
};

/// One instrument's message.
struct XdataReading {
  unsigned instrument = 0;         ///< NOAA's number for the kind of instrument
  std::string_view name = {};      ///< "ECC ozonesonde"; empty for one that nobody has named
  unsigned position = 0;           ///< in the chain of instruments, as sent
  std::vector<XdataValue> values;  ///< empty where only the kind is known
  std::string serial;              ///< of the instrument, where it sends one
};

/// Reads the messages of a record.
/// @param pressure_hpa  of the air, measured or derived: ozone needs it
/// @returns             one reading per message, at most 16; none for types whose auxiliary words
///                      are no XDATA (RS92), or whose instruments nobody has described (M20).
[[nodiscard]] std::vector<XdataReading> read_xdata(const Telemetry& record,
                                                   std::optional<double> pressure_hpa);

/// The same for a string of messages joined by `#`. Any text is taken; what is no message is left
/// out. @param padded  messages may be followed by filling (DFM)
[[nodiscard]] std::vector<XdataReading> read_xdata(std::string_view text,
                                                   std::optional<double> pressure_hpa, bool padded);

}  // namespace omnisonde
