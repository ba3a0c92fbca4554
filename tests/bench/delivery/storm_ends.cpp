#include "tests/bench/delivery/storm_ends.hpp"

#include <chrono>
#include <cmath>

namespace omnisonde::testing {

End::End(const Flights& flights)
    : flights_(flights), seen_(flights.records(), false), newest_(flights.sondes, -1) {}

bool End::genuine(const nlohmann::ordered_json& record, std::uint32_t sonde,
                  std::uint32_t frame) const {
  const Telemetry t = flight_record(flights_, sonde, frame, {});
  const auto equal = [&record](const char* name, double want) {
    constexpr double kRounding = 0.006;
    return std::abs(record.value(name, 1e9) - want) < kRounding;
  };
  return record.value("datetime", "") == to_iso8601(*t.datetime) &&
         std::abs(record.value("lat", 0.0) - t.position->latitude_deg) < 1e-6 &&
         std::abs(record.value("lon", 0.0) - t.position->longitude_deg) < 1e-6 &&
         equal("alt", t.position->altitude_m) &&
         equal("temp", static_cast<double>(*t.temperature_c)) &&
         record.value("uploader_callsign", "") == "STORM-1";
}

void End::arrive(const nlohmann::ordered_json& record, bool resent) {
  const auto sonde = sonde_of(flights_, record.value("serial", ""));
  const auto frame = record.value("frame", std::uint32_t{0xFFFFFFFF});
  const std::lock_guard lock(mutex_);
  if (!sonde || frame >= flights_.frames || !genuine(record, *sonde, frame)) {
    ++counts_.invented;
    return;
  }
  const std::size_t place = std::size_t{*sonde} * flights_.frames + frame;
  if (seen_[place]) {
    if (!resent) ++counts_.repeats;
    return;
  }
  seen_[place] = true;
  ++counts_.arrived;
  if (frame < newest_[*sonde]) ++counts_.disordered;
  newest_[*sonde] = std::max<std::int64_t>(newest_[*sonde], frame);
}

EndCounts End::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

BrokerReader::BrokerReader(const std::string& uri, End& end)
    : end_(end), client_(std::make_unique<mqtt::async_client>(uri, "storm-reader")) {
  client_->set_message_callback([this](const mqtt::const_message_ptr& message) {
    const auto json = nlohmann::ordered_json::parse(message->to_string(), nullptr, false);
    if (json.is_object()) end_.arrive(json, message->is_duplicate());
  });
  client_->set_connected_handler([this](const std::string&) {
    for (const char* topic : {"gateway/+/telemetry/+", "gateway/+/backfill/+"}) {
      client_->subscribe(topic, 1);
    }
  });
  mqtt::connect_options options;
  options.set_clean_session(false);
  options.set_automatic_reconnect(std::chrono::milliseconds(100), std::chrono::milliseconds(500));
  options.set_max_inflight(1000);
  client_->connect(options)->wait();
}

}  // namespace omnisonde::testing
