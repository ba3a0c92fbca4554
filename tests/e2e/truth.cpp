#include "tests/e2e/truth.hpp"

#include <array>
#include <cmath>

namespace omnisonde::testing {
namespace {

struct Field {
  const char* name;
  double tolerance;  // 0: equal
  bool must_be_there;
};

// The resolution of what is sent (RS41: 1 cm and 1 cm/s along the earth's axes, which at 10 m/s
// turns the heading by up to 0.06 deg; DFM: 0.05 K) and of the upload format.
constexpr std::array kFields = {
    Field{"datetime", 0, true},   Field{"lat", 2e-7, true},       Field{"lon", 3e-7, true},
    Field{"alt", 0.02, true},     Field{"vel_h", 0.02, true},     Field{"vel_v", 0.02, true},
    Field{"heading", 0.08, true}, Field{"sats", 0, false},        Field{"batt", 0.006, false},
    Field{"temp", 0.06, false},   Field{"humidity", 0.1, false},  Field{"pressure", 0.05, false},
    Field{"subtype", 0, false},   Field{"frequency", 0.001, true}};

bool equal(const nlohmann::json& sent, const nlohmann::json& got, double tolerance) {
  if (!sent.is_number() || tolerance == 0) return sent == got;
  return got.is_number() && std::abs(sent.get<double>() - got.get<double>()) <= tolerance;
}

}  // namespace

RecordKey key_of(const nlohmann::json& record) {
  return {record.value("type", ""), record.value("serial", ""),
          record.value("frame", std::uint64_t{0})};
}

std::string to_text(const RecordKey& key) {
  const auto& [type, serial, frame] = key;
  return type + " " + serial + " frame " + std::to_string(frame);
}

RecordMap by_key(const std::vector<nlohmann::json>& records, std::vector<std::string>& duplicates) {
  RecordMap out;
  for (const nlohmann::json& record : records) {
    const RecordKey key = key_of(record);
    if (!out.emplace(key, record).second) duplicates.push_back(to_text(key));
  }
  return out;
}

std::string difference(const nlohmann::json& sent, const nlohmann::json& got) {
  std::string out;
  for (const Field& field : kFields) {
    const auto was = sent.find(field.name), is = got.find(field.name);
    if (is == got.end()) {
      if (field.must_be_there && was != sent.end()) out += std::string(" no ") + field.name;
      continue;
    }
    if (was != sent.end() && equal(*was, *is, field.tolerance)) continue;
    out += std::string(" ") + field.name + "=" + is->dump() + " instead of " +
           (was == sent.end() ? "none" : was->dump());
  }
  return out.empty() ? "" : to_text(key_of(got)) + ":" + out;
}

std::vector<std::string> unlike(const RecordMap& a, const RecordMap& b) {
  std::vector<std::string> out;
  for (const auto& [key, record] : a) {
    const auto other = b.find(key);
    if (other != b.end() && other->second != record) {
      out.push_back(record.dump() + " against " + other->second.dump());
    }
  }
  return out;
}

}  // namespace omnisonde::testing
