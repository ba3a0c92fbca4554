// Keeps good records from the hub's outlier check.
#pragma once

#include <vector>

#include "uploader/outbox.hpp"

namespace omnisonde::uploader {

/// The hub compares the records of a serial in one request, if they are more than 10, and rejects
/// those more than 3 standard deviations from the mean in latitude, longitude or altitude. A flight
/// due east, whose latitude differs by the GPS's last digit now and then, or a sonde that has just
/// landed lose good records so. A serial's records that would meet that fate go in parts of at most
/// 10, oldest part first; other serials stay whole, and so do types that the hub takes only in
/// longer runs.
/// @param records  of one request, oldest first within a serial.
/// @returns requests to send one after the other; one if nothing is at risk.
/// Source: sondehub-infra's ingest function (2026-08), as in docs/uploader.md.
[[nodiscard]] std::vector<std::vector<StoredRecord>> split_at_outliers(
    std::vector<StoredRecord> records);

}  // namespace omnisonde::uploader
