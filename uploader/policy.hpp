// The door to the outbox: every rule of the hub that a gateway can know beforehand. What fails
// here would be rejected there, so it is never sent, but counted and shown.
#pragma once

#include <optional>
#include <string>

#include "decoders/telemetry.hpp"
#include "uploader/config.hpp"

namespace omnisonde::uploader {

/// Why a record is not sent.
struct Refusal {
  std::string key;    ///< stable, for counters: "zero_position"
  std::string words;  ///< for people, with the number at fault
};

/// Judges one record as the hub would (its rules on single records, types, serials and clocks).
/// @param now         the wall clock; used only when clock_good.
/// @param clock_good  false while the gateway's clock is not synchronised: the age of a record
///                    cannot be judged then, and records of types that take their date from the
///                    gateway are refused.
/// @returns nothing if the record may be sent.
/// Source: sondehub-infra's ingest functions (2026-08), as listed in docs/uploader.md.
[[nodiscard]] std::optional<Refusal> refusal(const Telemetry& t, const StationConfig& station,
                                             UtcMillis now, bool clock_good);

/// The hub's clock rules alone, for records that have waited in the outbox.
[[nodiscard]] std::optional<Refusal> clock_refusal(UtcMillis datetime, UtcMillis now);

/// True for types that pass the hub only with more than 10 records per request while one of them
/// is above kManyRecordsAbove_m.
[[nodiscard]] bool needs_many_records(const std::string& type);

inline constexpr int kManyRecords = 11;
inline constexpr double kManyRecordsAbove_m = 2500;

/// Straight-line distance on the WGS 84 ellipsoid, metres.
[[nodiscard]] double straight_distance_m(const GeoPosition& a, const GeoPosition& b);

}  // namespace omnisonde::uploader
