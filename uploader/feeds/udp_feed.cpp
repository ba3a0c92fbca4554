#include "uploader/feeds/udp_feed.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "uploader/feeds/address_rules.hpp"
#include "uploader/feeds/names.hpp"
#include "uploader/feeds/newest.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;
  bool broadcast = false;
};

Expected<Target> target_of(const std::string& host, std::uint16_t port) {
  if (auto fault = udp_host_fault(host)) return *fault;
  Target out;
  out.broadcast = host == "broadcast";
  const std::string numeric = out.broadcast         ? "255.255.255.255"
                              : host == "localhost" ? "127.0.0.1"
                                                    : host;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(numeric.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error{"`" + host + "` is not an address", "write a numeric address"};
  }
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.size = found->ai_addrlen;
  freeaddrinfo(found);
  return out;
}

/// @returns why it was not sent; empty if it was.
std::string send_to(const Target& target, const std::string& text) {
  const int fd = ::socket(target.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::strerror(errno);
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  const auto sent = ::sendto(fd, text.data(), text.size(), MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&target.address), target.size);
  std::string fault = sent < 0 ? std::strerror(errno) : "";
  ::close(fd);
  return fault;
}

class UdpFeed final : public Feed {
 public:
  UdpFeed(std::vector<Target> targets, const UdpFeedConfig& config, UdpFormat format,
          std::string station, Hooks hooks)
      : targets_(std::move(targets)),
        port_(config.port),
        format_(format),
        station_(std::move(station)),
        hooks_(std::move(hooks)),
        newest_(config.interval_s) {
    meter_.board().good("sends to UDP port " + std::to_string(port_));
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override { thread_.stop(); }
  void record(const Telemetry& t) override {
    if (newest_.put(t)) meter_.dropped("superseded", "a newer record of the sonde went instead");
    thread_.wake();
  }
  [[nodiscard]] OutputStatus status() const override {
    return meter_.status(name(), newest_.waiting());
  }

 private:
  [[nodiscard]] const char* name() const {
    return format_ == UdpFormat::kPayloadSummary ? "chasemapper" : "ozimux";
  }

  double step() {
    const auto due = newest_.take_due(NewestPerSonde::Clock::now());
    for (const Telemetry& t : due.records) {
      send(format_ == UdpFormat::kPayloadSummary ? payload_summary(t, station_) : ozimux_line(t));
    }
    return due.next_s;
  }

  void send(const std::string& text) {
    std::string fault;
    for (const Target& target : targets_) {
      std::string why = send_to(target, text);
      // No network: programs on this machine still get it.
      if (!why.empty() && target.broadcast) why = send_to(*target_of("localhost", port_), text);
      if (!why.empty()) fault = why;
    }
    if (fault.empty()) {
      meter_.delivered();
      meter_.board().good("sends to UDP port " + std::to_string(port_));
    } else {
      meter_.dropped("not_sent", "the network took no datagram");
      meter_.failed(hooks_, name(), "UDP port " + std::to_string(port_) + ": " + fault);
    }
  }

  std::vector<Target> targets_;
  std::uint16_t port_;
  UdpFormat format_;
  std::string station_;
  Hooks hooks_;
  FeedMeter meter_;
  NewestPerSonde newest_;
  FeedThread thread_;  // last: it goes first
};

double widened(float value, int decimals) { return rounded(static_cast<double>(value), decimals); }

}  // namespace

std::string payload_summary(const Telemetry& t, const std::string& station) {
  nlohmann::ordered_json j;
  j["type"] = "PAYLOAD_SUMMARY";
  j["station"] = station;
  j["callsign"] = autorx_id(t);
  j["latitude"] = rounded(t.position->latitude_deg, 5);
  j["longitude"] = rounded(t.position->longitude_deg, 5);
  j["altitude"] = rounded(t.position->altitude_m, 2);
  j["speed"] = t.velocity_h_mps ? rounded(static_cast<double>(*t.velocity_h_mps) * 3.6, 2) : -1;
  j["heading"] = t.heading_deg ? widened(*t.heading_deg, 2) : -1;
  j["time"] = time_of_day(*t.datetime);
  j["comment"] = "Radiosonde";
  j["model"] = autorx_type(t);
  j["freq"] = fixed(tuned_mhz(t), 4) + " MHz";
  j["temp"] = t.temperature_c ? widened(*t.temperature_c, 1) : -273.0;
  j["frame"] = *t.frame_number;
  if (t.burst_timer_s) j["bt"] = *t.burst_timer_s;
  if (t.humidity_pct) j["humidity"] = widened(*t.humidity_pct, 1);
  if (t.pressure_hpa) j["pressure"] = widened(*t.pressure_hpa, 2);
  if (t.satellites) j["sats"] = *t.satellites;
  if (t.battery_v) j["batt"] = widened(*t.battery_v, 2);
  if (t.rx.snr_db) j["snr"] = widened(*t.rx.snr_db, 1);
  j["f_centre"] = std::llround(t.rx.frequency_hz);
  if (!t.subtype.empty()) j["subtype"] = t.subtype;
  if (t.velocity_v_mps) j["vel_v"] = widened(*t.velocity_v_mps, 2);
  if (t.velocity_h_mps) j["vel_h"] = widened(*t.velocity_h_mps, 2);
  if (!t.xdata.empty()) j["aux"] = t.xdata;
  return to_text(j);
}

std::string ozimux_line(const Telemetry& t) {
  return "TELEMETRY," + time_of_day(*t.datetime) + "," + fixed(t.position->latitude_deg, 5) + "," +
         fixed(t.position->longitude_deg, 5) + "," +
         std::to_string(static_cast<long long>(t.position->altitude_m)) + "\n";
}

Expected<std::unique_ptr<Feed>> make_udp_feed(const UdpFeedConfig& config, UdpFormat format,
                                              std::string station, Hooks hooks) {
  std::vector<Target> targets;
  for (const std::string& host : config.hosts) {
    auto target = target_of(host, config.port);
    if (!target) return target.error();
    targets.push_back(*target);
  }
  return std::unique_ptr<Feed>(std::make_unique<UdpFeed>(std::move(targets), config, format,
                                                         std::move(station), std::move(hooks)));
}

}  // namespace omnisonde::uploader
