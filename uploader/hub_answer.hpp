// What the hub's answer means for the records of a request. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "uploader/http.hpp"

namespace omnisonde::uploader {

enum class HubAction : std::uint8_t {
  kDone,        ///< all records are done, but for those in `rejected`
  kSplit,       ///< one bad record spoilt the batch: send the halves
  kQuarantine,  ///< the single record of this request is the bad one
  kSmaller,     ///< too large: halve the limit, send again
  kRefused,     ///< the hub does not want us: pause long, tell the operator
  kRetry,       ///< keep all, try again later
  kAborted,     ///< we are stopping
};

/// A record that the hub has refused for good; found among ours by serial, datetime and frame.
struct HubRejection {
  std::string serial, datetime;
  std::optional<std::int64_t> frame;
  std::string key;      ///< stable, "hub_" and the rule
  std::string message;  ///< the hub's words
};

struct HubVerdict {
  HubAction action = HubAction::kRetry;
  std::string words;  ///< for people, when not kDone
  std::vector<HubRejection> rejected;
  std::vector<std::string> warnings;  ///< the records were stored, but changed
  std::optional<double> retry_after_s;
  bool unreached = false;  ///< the hub has not even noticed: trying again soon costs it nothing
  bool alarm = false;      ///< waiting alone will not help (certificate, refusal)
};

/// Judges the answer to a request of `records` telemetry records.
/// Source: SondeHub's ingest functions and gateway, as listed in docs/uploader.md.
[[nodiscard]] HubVerdict judge_answer(const HttpAnswer& answer, std::size_t records);

/// The counter's key for a rejection message of the hub.
[[nodiscard]] std::string rejection_key(const std::string& message);

}  // namespace omnisonde::uploader
