#include "uploader/mqtt_discovery.hpp"

#include <nlohmann/json.hpp>

#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using Json = nlohmann::ordered_json;

// Home Assistant's default; topics are <prefix>/<component>/<object>/config (its documentation of
// the MQTT integration, "MQTT discovery").
constexpr const char* kPrefix = "homeassistant/";

// Identifiers may hold letters, digits, '_' and '-' only.
std::string identifier(std::string text) {
  for (char& c : text) {
    if (c == '.') c = '_';
  }
  return text;
}

Json device_of(const std::string& station) {
  return {{"identifiers", Json::array({"omnisonde_" + identifier(station)})},
          {"name", "omnisonde " + station},
          {"sw_version", software_version()}};
}

}  // namespace

std::vector<DiscoveryMessage> station_discovery(const std::string& base,
                                                const std::string& station) {
  const std::string id = "omnisonde_" + identifier(station);
  const Json online = {{"name", "Online"},
                       {"unique_id", id + "_online"},
                       {"device_class", "connectivity"},
                       {"state_topic", base + "status"},
                       {"value_template", "{{ value_json.state }}"},
                       {"payload_on", "online"},
                       {"payload_off", "lost"},
                       {"device", device_of(station)}};
  const Json waiting = {{"name", "Records waiting"},
                        {"unique_id", id + "_waiting"},
                        {"state_class", "measurement"},
                        {"state_topic", base + "health"},
                        {"value_template", "{{ value_json.waiting }}"},
                        {"device", device_of(station)}};
  return {{kPrefix + std::string("binary_sensor/") + id + "_online/config", to_text(online)},
          {kPrefix + std::string("sensor/") + id + "_waiting/config", to_text(waiting)}};
}

DiscoveryMessage sonde_discovery(const std::string& base, const std::string& station,
                                 const std::string& serial) {
  const std::string id = "omnisonde_" + identifier(station) + "_" + identifier(serial);
  const Json tracker = {
      {"name", serial},
      {"unique_id", id},
      {"source_type", "gps"},
      {"json_attributes_topic", base + "latest/" + serial},
      {"json_attributes_template",
       "{{ {'latitude': value_json.lat, 'longitude': value_json.lon, 'altitude': value_json.alt, "
       "'type': value_json.type, 'frequency': value_json.frequency} | tojson }}"},
      {"device", device_of(station)}};
  return {kPrefix + std::string("device_tracker/") + id + "/config", to_text(tracker)};
}

}  // namespace omnisonde::uploader
