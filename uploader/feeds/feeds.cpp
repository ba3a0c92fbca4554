#include "uploader/feeds/feeds.hpp"

#include <atomic>
#include <mutex>

#include "gateway/base/system_clock.hpp"
#include "uploader/feeds/aprs_feed.hpp"
#include "uploader/feeds/csv_feed.hpp"
#include "uploader/feeds/event_detector.hpp"
#include "uploader/feeds/feed.hpp"
#include "uploader/feeds/gpsd_feed.hpp"
#include "uploader/feeds/notify_feed.hpp"
#include "uploader/feeds/rotator_feed.hpp"
#include "uploader/feeds/udp_feed.hpp"

namespace omnisonde::uploader {

struct Feeds::Impl {
  Hooks hooks;
  std::vector<std::unique_ptr<Feed>> feeds;  // never changed after the start
  std::mutex mutex;
  EventDetector detector{{}};  // guarded by mutex
  StationConfig station;       // guarded by mutex
  std::atomic<bool> stopped{false};

  Expected<void> make(const FeedsConfig& config);
  Expected<void> add(const std::string& section, Expected<std::unique_ptr<Feed>> made);
  void tell(const std::vector<Event>& events);
  void move(const GeoPosition& place);
};

Expected<void> Feeds::Impl::add(const std::string& section, Expected<std::unique_ptr<Feed>> made) {
  if (!made) return Error{section + " " + made.error().what, made.error().remedy};
  feeds.push_back(std::move(*made));
  return {};
}

Expected<void> Feeds::Impl::make(const FeedsConfig& config) {
  const std::string& callsign = config.station.callsign;
  const auto udp = [&](const char* section, const UdpFeedConfig& feed, UdpFormat format) {
    return feed.enabled ? add(section, make_udp_feed(feed, format, callsign, hooks))
                        : Expected<void>{};
  };
  if (auto made = udp("[chasemapper]", config.chasemapper, UdpFormat::kPayloadSummary); !made) {
    return made;
  }
  if (auto made = udp("[ozimux]", config.ozimux, UdpFormat::kOzimux); !made) return made;
  if (config.csv.enabled) {
    if (auto made = add("[csv]", make_csv_feed(config.csv, hooks)); !made) return made;
  }
  if (config.aprs.enabled) {
    auto made = add("[aprs]", make_aprs_feed(config.aprs, config.station, hooks));
    if (!made) return made;
  }
  for (const WebhookConfig& hook : config.webhooks) {
    const std::string section = "[webhook:" + hook.name + "]";
    auto made = add(section, make_webhook_feed(hook, callsign, hooks));
    if (!made) return made;
  }
  if (config.email.enabled) {
    auto made = add("[email]", make_email_feed(config.email, callsign, hooks));
    if (!made) return made;
  }
  if (config.rotator.enabled) {
    auto made = add("[rotator]", make_rotator_feed(config.rotator, config.station, hooks));
    if (!made) return made;
  }
  if (config.gpsd.enabled) {
    const auto moved = [this, outside = config.moved](const GeoPosition& place) {
      move(place);
      outside(place);
    };
    feeds.push_back(make_gpsd_feed(config.gpsd, config.station.position, moved, hooks));
  }
  return {};
}

void Feeds::Impl::tell(const std::vector<Event>& events) {
  for (const Event& event : events) {
    hooks.log(LogLevel::kInfo, std::string(event_name(event.kind)) + ": " + event.text);
    for (const auto& feed : feeds) feed->event(event);
  }
}

void Feeds::Impl::move(const GeoPosition& place) {
  StationConfig now;
  {
    const std::lock_guard lock(mutex);
    station.position = place;
    detector.set_station(place);
    now = station;
  }
  for (const auto& feed : feeds) feed->set_station(now);
}

Feeds::Feeds(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<Feeds>> Feeds::start(const FeedsConfig& config, Hooks hooks) {
  auto impl = std::make_unique<Impl>();
  if (!hooks.log) hooks.log = [](LogLevel, const std::string&) {};
  if (!hooks.now) hooks.now = &system_now;
  impl->hooks = std::move(hooks);
  impl->station = config.station;
  EventRules rules;
  rules.station = config.station.position;
  rules.near_m = config.events.near_m;
  rules.below_m = config.events.below_m;
  impl->detector = EventDetector(rules);
  if (auto made = impl->make(config); !made) return made.error();
  for (const auto& feed : impl->feeds) feed->start();
  return std::unique_ptr<Feeds>(new Feeds(std::move(impl)));
}

Feeds::~Feeds() { stop(); }

void Feeds::accept(const Telemetry& t) {
  const bool publishable = t.hold_reason.empty() && !t.encrypted && !t.serial.empty() &&
                           t.frame_number && t.datetime && t.position;
  if (!publishable && !t.encrypted) return;
  std::vector<Event> events;
  {
    const std::lock_guard lock(impl_->mutex);
    events = impl_->detector.record(t, impl_->hooks.now());
  }
  if (publishable) {
    for (const auto& feed : impl_->feeds) feed->record(t);
  }
  impl_->tell(events);
}

void Feeds::watch(const std::vector<StageState>& stages) {
  std::vector<Event> events;
  {
    const std::lock_guard lock(impl_->mutex);
    const UtcMillis now = impl_->hooks.now();
    events = impl_->detector.tick(now);
    for (Event& event : impl_->detector.stages(stages, now)) events.push_back(std::move(event));
  }
  impl_->tell(events);
}

std::vector<OutputStatus> Feeds::status() const {
  std::vector<OutputStatus> out;
  for (const auto& feed : impl_->feeds) out.push_back(feed->status());
  return out;
}

void Feeds::stop() {
  if (impl_->stopped.exchange(true)) return;
  for (const auto& feed : impl_->feeds) feed->stop();
}

}  // namespace omnisonde::uploader
