// From a record's hand-over to the hub's socket, without batches, and to a reader by WebSocket.
#include <mqtt/async_client.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "tests/bench/delivery/load.hpp"
#include "tests/support/hub_standin.hpp"

namespace omnisonde::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint32_t kSondes = 8;
constexpr double kHubAllowed_s = 0.3, kReaderAllowed_s = 0.25;

// When each record was handed over, and how long until it was seen.
class Watch {
 public:
  using Key = std::pair<std::string, std::uint32_t>;
  void begin(const Key& key) {
    const std::lock_guard lock(mutex_);
    begun_[key] = Clock::now();
  }
  void hub(const Key& key) { note(key, hub_s_); }
  void reader(const Key& key) { note(key, reader_s_); }
  [[nodiscard]] std::vector<double> hub_times() const { return copy(hub_s_); }
  [[nodiscard]] std::vector<double> reader_times() const { return copy(reader_s_); }

 private:
  void note(const Key& key, std::vector<double>& times) {
    const std::lock_guard lock(mutex_);
    const auto found = begun_.find(key);
    if (found == begun_.end()) return;
    times.push_back(std::chrono::duration<double>(Clock::now() - found->second).count());
  }
  [[nodiscard]] std::vector<double> copy(const std::vector<double>& from) const {
    const std::lock_guard lock(mutex_);
    return from;
  }
  mutable std::mutex mutex_;
  std::map<Key, Clock::time_point> begun_;
  std::vector<double> hub_s_, reader_s_;
};

bool report(const char* name, const std::vector<double>& times, double allowed_s) {
  constexpr double kMs = 1000;
  const double p99 = percentile(times, 0.99);
  std::printf("%-24s n %zu, p50 %.0f ms, p99 %.0f ms, max %.0f ms\n", name, times.size(),
              kMs * percentile(times, 0.5), kMs * p99, kMs * percentile(times, 1));
  return !times.empty() && p99 <= allowed_s;
}

}  // namespace

int run_latency(const LoadArguments& a) {
  Watch watch;
  HubStandinOptions options;
  options.cert_folder = a.folder + "/hub";
  options.on_stored = [&watch](const nlohmann::ordered_json& r, std::uint64_t) {
    watch.hub({r.value("serial", ""), r.value("frame", 0U)});
  };
  auto hub = HubStandin::start(std::move(options));
  if (!hub) return 1;
  const auto broker = start_broker(a);
  mqtt::async_client reader(a.plain_reader ? broker->mqtt_uri() : broker->ws_uri(), "load-reader");
  reader.set_message_callback([&watch](const mqtt::const_message_ptr& message) {
    const auto r = nlohmann::json::parse(message->to_string(), nullptr, false);
    if (r.is_object()) watch.reader({r.value("serial", ""), r.value("frame", 0U)});
  });
  reader.connect()->wait();
  reader.subscribe("gateway/+/telemetry/+", 1)->wait();

  auto config = base_config(a);
  config.sondehub.url = (*hub)->url();
  config.sondehub.ca_file = (*hub)->ca_file();
  config.sondehub.batch_interval_s = 0;
  config.mqtt[0].uri = broker->ws_uri();
  const auto uploader = start_uploader(config);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  Flights flights{kSondes, 100'000, {system_now().ms - 1000}};
  // Sondes send at moments of their own within each second.
  const auto step = std::chrono::microseconds(1'000'000 / kSondes + 1777);
  auto due = Clock::now();
  const auto end =
      due + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(a.seconds));
  for (std::uint32_t n = 0; due < end; ++n, due += step) {
    std::this_thread::sleep_until(due);
    const Telemetry t = flight_record(flights, n % kSondes, n / kSondes, system_now());
    watch.begin({t.serial, *t.frame_number});
    uploader->accept(t);
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const bool hub_ok = report("to the hub's socket", watch.hub_times(), kHubAllowed_s);
  const bool reader_ok = report("to a reader by WebSocket", watch.reader_times(), kReaderAllowed_s);
  return hub_ok && reader_ok ? 0 : 1;
}

}  // namespace omnisonde::testing
