#include "uploader/mqtt_publisher.hpp"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "uploader/mqtt_discovery.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMirrorBatch_s = 15;  // as often as receivers upload to the hub

std::chrono::steady_clock::duration seconds(double s) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(s));
}

}  // namespace

std::string topic_level(const std::string& text) {
  std::string out = text.empty() ? "unnamed" : text;
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  return out;
}

MqttPublisher::MqttPublisher(const MqttConfig& config, const OutputContext& context)
    : config_(config),
      context_(context),
      station_(topic_level(context.station->get().callsign)),
      base_(config.root + "/" + station_ + "/"),
      since_(to_iso8601(context.hooks.now())) {
  std::array<char, 16> session{};
  std::snprintf(session.data(), session.size(), "%08lx",
                static_cast<unsigned long>(std::random_device{}()));
  session_ = session.data();
  for (std::string& serial : context.outbox->settled_serials(context.index)) {
    known_serials_.insert(std::move(serial));
  }
}

void MqttPublisher::put(const std::string& topic, const std::string& payload, int qos,
                        bool retained, std::int64_t tag) {
  link_->publish(topic, payload, qos, retained, tag);
}

std::string MqttPublisher::status_text(const char* state) const {
  Json json = Json::object();
  json["state"] = state;
  json["since"] = since_;
  json["software"] = software_name();
  json["version"] = software_version();
  json["session"] = session_;
  return to_text(json);
}

void MqttPublisher::begin(MqttLink& link, int qos) {
  link_ = &link;
  qos_ = qos;
  next_health_ = Clock::now();
  put(base_ + "status", status_text("online"), qos_, true);
  publish_station();
  if (config_.home_assistant) {
    for (const auto& [topic, payload] : station_discovery(base_, station_)) {
      put(topic, payload, qos_, true);
    }
    for (const auto& [serial, last] : latest_) {
      const auto [topic, payload] = sonde_discovery(base_, station_, serial);
      put(topic, payload, qos_, true);
    }
  }
  publish_latest(true);
}

void MqttPublisher::publish_record(const StoredRecord& record) {
  constexpr double kMsPerSecond = 1000;
  const RecordMeta& meta = record.meta;
  const std::string serial = topic_level(meta.serial);
  const double age_s =
      static_cast<double>(context_.hooks.now().ms - meta.received.ms) / kMsPerSecond;
  const bool live = age_s <= config_.live_age_s;
  // Late records go where live readers are not misled by them.
  put(base_ + (live ? "telemetry/" : "backfill/") + serial, record.body, qos_, false, meta.id);
  const bool first = known_serials_.insert(meta.serial).second;
  if (first) put(base_ + "new/" + serial, record.body, qos_, false);
  if (live && config_.mirror) mirror_record(serial, record.body, first);
  const bool fresh = !latest_.contains(serial);
  if (fresh && config_.home_assistant) {
    const auto [topic, payload] = sonde_discovery(base_, station_, serial);
    put(topic, payload, qos_, true);
  }
  Latest& last = latest_[serial];
  if (last.body.empty() || meta.datetime >= last.datetime) {
    last.body = record.body;
    last.datetime = meta.datetime;
    last.heard = Clock::now();
    last.due = true;
  }
}

// Topics and payloads of SondeHub's own broker: QoS 0, nothing retained.
void MqttPublisher::mirror_record(const std::string& serial, const std::string& body, bool first) {
  put("sondes/" + serial, body, 0, false);
  if (first) put("sondes-new/" + serial, body, 0, false);
  if (batch_.empty()) next_batch_ = Clock::now() + seconds(kMirrorBatch_s);
  batch_ += (batch_.empty() ? "[" : ",") + body;
}

void MqttPublisher::mirror_batch() {
  if (batch_.empty() || Clock::now() < next_batch_) return;
  put("batch", batch_ + "]", 0, false);
  batch_.clear();
}

void MqttPublisher::publish_latest(bool all) {
  const Clock::time_point now = Clock::now();
  for (auto& [serial, last] : latest_) {
    const bool due = last.due && now - last.published >= seconds(config_.latest_interval_s);
    if (!all && !due) continue;
    put(base_ + "latest/" + serial, last.body, qos_, true);
    last.published = now;
    last.due = false;
  }
}

void MqttPublisher::publish_station() {
  station_revision_ = context_.station->revision();
  Json json = station_record(context_.station->get());
  json.erase("uploader_contact_email");  // for the hub's admins only
  const std::string text = to_text(json);
  put(base_ + "station", text, qos_, true);
  if (config_.mirror) put("listener/" + station_, text, 0, false);
}

void MqttPublisher::clear_old() {
  constexpr double kHour_s = 3600;
  const Clock::time_point now = Clock::now();
  std::erase_if(latest_, [this, now](const auto& entry) {
    const bool old = now - entry.second.heard > seconds(config_.latest_clear_h * kHour_s);
    if (!old) return false;
    put(base_ + "latest/" + entry.first, "", qos_, true);
    if (config_.home_assistant) {
      put(sonde_discovery(base_, station_, entry.first).first, "", qos_, true);
    }
    return true;
  });
}

void MqttPublisher::keep_house() {
  if (context_.station->revision() != station_revision_) publish_station();
  publish_latest(false);
  clear_old();
  mirror_batch();
  if (Clock::now() >= next_health_) publish_health();
}

void MqttPublisher::publish_health() {
  next_health_ = Clock::now() + seconds(config_.health_interval_s);
  put(base_ + "health", context_.hooks.health(), 0, false);
}

void MqttPublisher::publish_log(const LogEvent& event) {
  Json json = Json::object();
  json["time"] = to_iso8601(event.at);
  json["level"] = event.level;
  json["component"] = event.component;
  json["text"] = event.text;
  put(base_ + "log/" + topic_level(event.level) + "/" + topic_level(event.component), to_text(json),
      0, false);
}

void MqttPublisher::publish_offline() { put(base_ + "status", status_text("offline"), qos_, true); }

}  // namespace omnisonde::uploader
