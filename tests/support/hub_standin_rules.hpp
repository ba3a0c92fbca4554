// The hub's ingest rules, written anew from its documented behaviour and apart from the uploader's
// own policy: the two must agree, and may not share a mistake by sharing code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/utc.hpp"

namespace omnisonde::testing {

using HubJson = nlohmann::ordered_json;

/// The answer to one telemetry request, and what became of its records.
struct HubIngest {
  int status = 200;
  std::string content_type = "text/plain";
  std::string body;
  std::vector<HubJson> stored;  ///< also the thinned out ones, marked "_thinned"
  std::vector<std::pair<std::string, HubJson>> rejected;  ///< message, record
  std::size_t thinned = 0, warned = 0;
};

/// @param body     as received; @param gzip  Content-Encoding said so.
/// @param reject_first  a fault: the first record is rejected with these words; empty for none.
/// @param poison   a fault: the serial whose presence spoils a batch (400); empty for none.
HubIngest ingest_telemetry(const std::string& body, bool gzip, const std::string& user_agent,
                           UtcMillis now, const std::string& reject_first = "",
                           const std::string& poison = "");

struct HubListener {
  int status = 200;
  std::string body;
  HubJson stored;  ///< null if refused
};

HubListener ingest_listener(const std::string& body, bool gzip, UtcMillis now);

}  // namespace omnisonde::testing
