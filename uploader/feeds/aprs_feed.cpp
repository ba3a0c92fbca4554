#include "uploader/feeds/aprs_feed.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "uploader/feeds/address_rules.hpp"
#include "uploader/feeds/aprs_packet.hpp"
#include "uploader/feeds/line_link.hpp"
#include "uploader/feeds/newest.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kConfirmations = 3;  // as auto_rx's payload_id_valid
constexpr double kPatience_s = 10;
constexpr double kDrain_s = 5;  // the server's own lines are read and thrown away
constexpr double kFirstBackoff_s = 5, kLongestBackoff_s = 300;

Clock::time_point after(double seconds) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

class AprsFeed final : public Feed {
 public:
  AprsFeed(AprsFeedConfig config, const StationConfig& station, Hooks hooks)
      : config_(std::move(config)),
        hooks_(std::move(hooks)),
        newest_(config_.interval_s),
        position_(station.position) {
    meter_.board().good("not connected, nothing to send");
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override { thread_.stop(); }
  void record(const Telemetry& t) override {
    if (newest_.put(t)) meter_.dropped("superseded", "a newer record of the sonde went instead");
    thread_.wake();
  }
  void set_station(const StationConfig& station) override {
    const std::lock_guard lock(mutex_);
    position_ = station.position;
  }
  [[nodiscard]] OutputStatus status() const override {
    return meter_.status("aprs", newest_.waiting());
  }

 private:
  [[nodiscard]] std::optional<GeoPosition> position() const {
    const std::lock_guard lock(mutex_);
    return position_;
  }

  double step() {
    while (link_ && link_->read_line(0)) {
    }
    if (link_ && link_->closed()) lose("the server has hung up");
    const bool beacon = config_.beacon && position() && Clock::now() >= next_beacon_;
    if (!link_ && (beacon || newest_.waiting() > 0)) {
      const double wait_s = std::chrono::duration<double>(retry_at_ - Clock::now()).count();
      if (wait_s > 0) return wait_s;
      connect();
    }
    if (!link_) return std::min(kDrain_s, backoff_s_);
    if (beacon) send_beacon();
    const auto due = newest_.take_due(Clock::now(), kConfirmations);
    for (const Telemetry& t : due.records) send_object(t);
    return std::min(due.next_s, kDrain_s);
  }

  void lose(const std::string& why) {
    link_.reset();
    retry_at_ = after(backoff_s_);
    backoff_s_ = std::min(2 * backoff_s_, kLongestBackoff_s);
    if (!thread_.stopping()) meter_.failed(hooks_, "aprs", config_.host + ": " + why);
  }

  void connect() {
    auto link = LineLink::connect(config_.host, config_.port, kPatience_s, thread_.stopping());
    if (!link) return lose(link.error().what);
    link_ = std::move(*link);
    // The filter lets nothing come: we read no other station's packets.
    const std::string fault = link_->send(
        aprs_login(config_.callsign, config_.passcode) + "#filter p/ZZ\r\n", kPatience_s);
    if (!fault.empty()) return lose(fault);
    const auto end = after(kPatience_s);
    bool greeted = false;
    while (Clock::now() < end && !thread_.stopping()) {
      const double left_s = std::chrono::duration<double>(end - Clock::now()).count();
      const auto line = link_->read_line(std::max(0.0, left_s));
      if (!line) break;
      greeted = greeted || line->starts_with('#');
      if (line->find("unverified") != std::string::npos) {
        backoff_s_ = kLongestBackoff_s;
        return lose("the passcode does not belong to " + config_.callsign);
      }
      if (line->find("verified") != std::string::npos) return connected();
    }
    if (!greeted || link_->closed()) return lose("the server does not answer the login");
    connected();  // some servers greet and never say whether they believe us
  }

  void connected() {
    backoff_s_ = kFirstBackoff_s;
    meter_.board().good("connected to " + config_.host);
    hooks_.log(LogLevel::kInfo, "aprs: connected to " + config_.host);
  }

  bool send(const std::string& body) {
    if (!link_) return false;
    const std::string fault =
        link_->send(aprs_line(config_.callsign, config_.path, body), kPatience_s);
    if (!fault.empty()) lose(fault);
    return fault.empty();
  }

  void send_object(const Telemetry& t) {
    const auto body = aprs_object(t, config_.comment);
    if (!body) {
      meter_.dropped("no_name", "sondes of this type have no agreed APRS name");
    } else if (send(*body)) {
      meter_.delivered();
    } else {
      meter_.dropped("not_sent", "the connection broke");
    }
  }

  void send_beacon() {
    if (send(aprs_beacon(*position(), config_.beacon_symbol, config_.beacon_comment))) {
      next_beacon_ = after(config_.beacon_interval_s);
    }
  }

  AprsFeedConfig config_;
  Hooks hooks_;
  FeedMeter meter_;
  NewestPerSonde newest_;
  mutable std::mutex mutex_;
  std::optional<GeoPosition> position_;  // guarded by mutex_
  // Of the thread alone:
  std::unique_ptr<LineLink> link_;
  Clock::time_point retry_at_ = Clock::now(), next_beacon_ = Clock::now();
  double backoff_s_ = kFirstBackoff_s;
  FeedThread thread_;  // last: it goes first
};

}  // namespace

Expected<std::unique_ptr<Feed>> make_aprs_feed(const AprsFeedConfig& config,
                                               const StationConfig& station, Hooks hooks) {
  if (auto fault = aprs_host_fault(config.host, config.port)) return *fault;
  if (!is_aprs_callsign(config.callsign)) {
    return Error{"`" + config.callsign + "` is no APRS callsign",
                 "3 to 9 capital letters and digits, for example DL1ABC-11"};
  }
  if (config.passcode.empty()) return Error{"the passcode is missing", "set passcode_file"};
  return std::unique_ptr<Feed>(std::make_unique<AprsFeed>(config, station, std::move(hooks)));
}

}  // namespace omnisonde::uploader
