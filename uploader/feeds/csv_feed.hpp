// A log of each sonde as CSV, in the files and columns that radiosonde_auto_rx writes, so that its
// history page and people's scripts read ours.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

/// The first line of a log, with its newline.
[[nodiscard]] const char* csv_header();

/// One record as a line, with its newline; always under 300 bytes (readers look for the last line
/// in so many): XDATA that would make it longer is left out.
[[nodiscard]] std::string csv_line(const Telemetry& t);

/// "20260121-111802_W1234567_RS41-SGP_402700_sonde.log". @param opened  our clock, now.
[[nodiscard]] std::string csv_file_name(const Telemetry& t, UtcMillis opened);

/// Every record in order, each line written to its file at once. While the disk takes nothing
/// records wait in memory, 20 000 of them; then the oldest go, counted.
/// @returns an Error for a folder that cannot be made.
[[nodiscard]] Expected<std::unique_ptr<Feed>> make_csv_feed(const CsvFeedConfig& config,
                                                            Hooks hooks);

}  // namespace omnisonde::uploader
