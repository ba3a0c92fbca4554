// What was sent against what arrived.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

namespace omnisonde::testing {

/// Type, serial and frame number.
using RecordKey = std::tuple<std::string, std::string, std::uint64_t>;

[[nodiscard]] RecordKey key_of(const nlohmann::json& record);
[[nodiscard]] std::string to_text(const RecordKey& key);

using RecordMap = std::map<RecordKey, nlohmann::json>;
/// @param duplicates  keys that came more than once are appended here
[[nodiscard]] RecordMap by_key(const std::vector<nlohmann::json>& records,
                               std::vector<std::string>& duplicates);

/// What differs between one record and what the sonde sent; empty when nothing does. Numbers agree
/// within the resolution of the upload format; the frequency is measured, so within 1 kHz. A
/// field that the sonde has not sent is a difference, and so is a missing position, time or motion.
[[nodiscard]] std::string difference(const nlohmann::json& sent, const nlohmann::json& got);

/// Records that are in both and not equal in every field, as text.
[[nodiscard]] std::vector<std::string> unlike(const RecordMap& a, const RecordMap& b);

}  // namespace omnisonde::testing
