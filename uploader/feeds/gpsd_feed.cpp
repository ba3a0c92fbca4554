#include "uploader/feeds/gpsd_feed.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "uploader/feeds/line_link.hpp"
#include "uploader/feeds/names.hpp"
#include "uploader/feeds/sight.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMoved_m = 10, kHigher_m = 20;
constexpr double kPatience_s = 10;
constexpr auto kSilence = std::chrono::seconds(30);
constexpr double kFirstBackoff_s = 2, kLongestBackoff_s = 60;

class GpsdFeed final : public Feed {
 public:
  GpsdFeed(GpsdConfig config, std::optional<GeoPosition> known,
           std::function<void(const GeoPosition&)> moved, Hooks hooks)
      : config_(std::move(config)),
        known_(known),
        moved_(std::move(moved)),
        hooks_(std::move(hooks)) {
    meter_.board().good("connecting");
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override { thread_.stop(); }
  [[nodiscard]] OutputStatus status() const override { return meter_.status("gpsd", 0); }

 private:
  double step() {
    const std::string fault = watch();
    if (thread_.stopping()) return 0;
    meter_.failed(hooks_, "gpsd", config_.host + ": " + fault);
    const double wait_s = backoff_s_;
    backoff_s_ = std::min(2 * backoff_s_, kLongestBackoff_s);
    return wait_s;
  }

  /// Reads until the connection breaks. @returns why it did.
  std::string watch() {
    auto link = LineLink::connect(config_.host, config_.port, kPatience_s, thread_.stopping());
    if (!link) return link.error().what;
    std::string fault = (*link)->send("?WATCH={\"enable\":true,\"json\":true}\n", kPatience_s);
    if (!fault.empty()) return fault;
    auto heard = Clock::now();
    while (!thread_.stopping() && !(*link)->closed()) {
      const auto line = (*link)->read_line(1);
      if (line) {
        heard = Clock::now();
        take(*line);
      } else if (Clock::now() - heard > kSilence) {
        meter_.failed(hooks_, "gpsd", "says nothing, is a receiver plugged in?");
        heard = Clock::now();
      }
    }
    return "gpsd has hung up";
  }

  void take(const std::string& line) {
    auto fix = gpsd_fix(line);
    if (!fix) return;
    backoff_s_ = kFirstBackoff_s;
    if (!fix->has_altitude && known_) fix->position.altitude_m = known_->altitude_m;
    meter_.delivered();
    meter_.board().good(std::string(fix->has_altitude ? "3D" : "2D") + " fix " +
                        fixed(fix->position.latitude_deg, 5) + ", " +
                        fixed(fix->position.longitude_deg, 5));
    const bool moved = !told_ || !known_ ||
                       direction(*known_, fix->position).distance_m > kMoved_m ||
                       std::abs(known_->altitude_m - fix->position.altitude_m) > kHigher_m;
    if (!moved) return;
    known_ = fix->position;
    told_ = true;
    moved_(*known_);
  }

  GpsdConfig config_;
  std::optional<GeoPosition> known_;  // of the thread alone after the start
  std::function<void(const GeoPosition&)> moved_;
  Hooks hooks_;
  FeedMeter meter_;
  bool told_ = false;
  double backoff_s_ = kFirstBackoff_s;
  FeedThread thread_;  // last: it goes first
};

std::optional<double> number(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

}  // namespace

std::optional<GpsdFix> gpsd_fix(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto kind = json.find("class");
  if (kind == json.end() || *kind != "TPV") return std::nullopt;
  const auto lat = number(json, "lat"), lon = number(json, "lon");
  if (number(json, "mode").value_or(0) < 2 || !lat || !lon) return std::nullopt;
  if (!(std::abs(*lat) <= 90) || !(std::abs(*lon) <= 180)) return std::nullopt;
  // altMSL since gpsd 3.20, "alt" before.
  auto altitude = number(json, "altMSL");
  if (!altitude) altitude = number(json, "alt");
  return GpsdFix{{*lat, *lon, altitude.value_or(0)}, altitude.has_value()};
}

std::unique_ptr<Feed> make_gpsd_feed(const GpsdConfig& config, std::optional<GeoPosition> known,
                                     std::function<void(const GeoPosition&)> moved, Hooks hooks) {
  return std::make_unique<GpsdFeed>(config, known, std::move(moved), std::move(hooks));
}

}  // namespace omnisonde::uploader
