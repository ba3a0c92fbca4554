// Two hours without a hub and eight sondes in the air, then the hub is back: how long until the
// live data are there, how long until the backlog is. The two hours are not waited for: their
// records are handed over at once, with the times that they would have had.
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "tests/bench/delivery/load.hpp"
#include "tests/support/hub_standin.hpp"
#include "tests/support/ports.hpp"

namespace omnisonde::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint32_t kSondes = 8, kOutage_s = 7200;
constexpr std::size_t kMaxBatch = 100;
constexpr std::uint32_t kMaxGap_s = 30;
constexpr double kLiveAllowed_s = 5, kBacklogAllowed_s = 600;

// What the hub has got: the newest frame of each sonde, and whether its rules were kept.
struct Ledger {
  std::mutex mutex;
  std::map<std::string, std::uint32_t> newest;
  std::uint64_t backlog = 0, broken = 0, request = 0, batches = 0;
  std::map<std::string, std::uint32_t> last_in_request;
  std::size_t in_request = 0, largest = 0;

  void take(const nlohmann::ordered_json& r, std::uint64_t number) {
    const std::lock_guard lock(mutex);
    if (number != request || batches == 0) {
      request = number;
      ++batches;
      last_in_request.clear();
      in_request = 0;
    }
    const std::string serial = r.value("serial", "");
    const auto frame = r.value("frame", 0U);
    largest = std::max(largest, ++in_request);
    const auto before = last_in_request.find(serial);
    if (before != last_in_request.end() &&
        (frame <= before->second || frame - before->second > kMaxGap_s)) {
      ++broken;
    }
    last_in_request[serial] = frame;
    newest[serial] = std::max(newest[serial], frame);
    if (frame < kOutage_s) ++backlog;
  }
  [[nodiscard]] bool live() {
    const std::lock_guard lock(mutex);
    if (newest.size() < kSondes) return false;
    return std::all_of(newest.begin(), newest.end(),
                       [](const auto& entry) { return entry.second + 2 >= kOutage_s; });
  }
  [[nodiscard]] std::uint64_t backlog_in() {
    const std::lock_guard lock(mutex);
    return backlog;
  }
};

double since_s(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void feed_outage(uploader::Uploader& uploader, const Flights& flights) {
  for (std::uint32_t frame = 0; frame < kOutage_s; ++frame) {
    for (std::uint32_t sonde = 0; sonde < kSondes; ++sonde) {
      uploader.accept(
          flight_record(flights, sonde, frame, UtcMillis{flights.begin.ms + 1000LL * frame}));
    }
    while (uploader.status().accepted + 10'000 < std::uint64_t{frame} * kSondes) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

}  // namespace

int run_outage(const LoadArguments& a) {
  Ledger ledger;
  auto config = base_config(a);
  const std::uint16_t port = free_port();
  config.sondehub.url = "http://localhost:" + std::to_string(port);
  config.mqtt.clear();
  const auto uploader = start_uploader(config);
  const Flights flights{kSondes, kOutage_s + 10'000, {system_now().ms - 1000LL * kOutage_s}};
  feed_outage(*uploader, flights);
  constexpr int kDown_s = 20;  // the back-off has grown to its limit by then
  std::uint32_t frame = kOutage_s;
  const auto fly = [&](const std::function<bool()>& over) {
    while (!over()) {
      for (std::uint32_t s = 0; s < kSondes; ++s) {
        uploader->accept(flight_record(flights, s, frame, system_now()));
      }
      ++frame;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  };
  fly([&] { return frame >= kOutage_s + kDown_s; });
  const auto state = uploader->status().outputs.at(0);
  std::printf("in the outage: %s; %llu wait\n", state.state.c_str(),
              static_cast<unsigned long long>(state.waiting));
  HubStandinOptions options;
  options.port = port;
  options.tls = false;
  options.on_stored = [&ledger](const auto& r, std::uint64_t n) { ledger.take(r, n); };
  auto hub = HubStandin::start(std::move(options));
  if (!hub) return 1;
  const auto back = Clock::now();
  double live_s = -1;
  while (live_s < 0 && since_s(back) < kBacklogAllowed_s) {
    if (ledger.live()) live_s = since_s(back);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::uint64_t all = std::uint64_t{kSondes} * kOutage_s;
  fly([&] { return ledger.backlog_in() >= all || since_s(back) > 2 * kBacklogAllowed_s; });
  const double backlog_s = since_s(back);
  const auto after = uploader->status().outputs.at(0);
  std::printf(
      "live after %.1f s; %llu records of the outage in after %.0f s, %llu requests, largest "
      "%zu, out of order or across a gap %llu, rejected %llu\n",
      live_s, static_cast<unsigned long long>(ledger.backlog_in()), backlog_s,
      static_cast<unsigned long long>(ledger.batches), ledger.largest,
      static_cast<unsigned long long>(ledger.broken),
      static_cast<unsigned long long>((*hub)->stats().rejected));
  std::printf("the page says: %s; %llu delivered, %llu wait\n", after.state.c_str(),
              static_cast<unsigned long long>(after.delivered),
              static_cast<unsigned long long>(after.waiting));
  return live_s >= 0 && live_s <= kLiveAllowed_s && ledger.backlog_in() == all &&
                 backlog_s <= kBacklogAllowed_s && ledger.broken == 0 &&
                 ledger.largest <= kMaxBatch && (*hub)->stats().rejected == 0
             ? 0
             : 1;
}

}  // namespace omnisonde::testing
