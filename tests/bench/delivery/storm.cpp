// delivery_storm: generated records through random faults to the hub's stand-in and a real broker.
// Ends with 0 when every record is at both ends, few twice, none invented; docs/delivery.md has
// the figures of the long run.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "tests/bench/delivery/storm_ends.hpp"
#include "tests/bench/delivery/storm_faults.hpp"

namespace {

using namespace omnisonde;
using namespace omnisonde::testing;
using Clock = std::chrono::steady_clock;

constexpr int kSkipped = 77;
constexpr double kRepeatsAllowed = 0.005;

struct Arguments {
  std::uint64_t records = 1'000'000;
  std::uint32_t sondes = 100;
  int faults = 200;
  double rate = 1000;
  unsigned seed = 1;
  double patience_s = 900;  // after the last record was fed
};

// How often each fault is drawn; kinds that a station meets more often come more often.
const std::array<double, kFaultNames.size()> kWeights = {3, 3, 3, 3, 1.5, 1.5, 1.5, 2, 1, 1};

double since_s(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::uint32_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint32_t number = 0;
  file >> number;
  return number;
}

std::uint64_t most_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t most = 0;
  for (std::uint64_t n = 0; file >> n;) most = std::max(most, n);
  return most;
}

void print(const char* name, const EndCounts& c, std::uint64_t records) {
  std::printf(
      "%-7s arrived %llu of %llu, twice %llu (%.3f %%), invented %llu, behind a newer one %llu\n",
      name, static_cast<unsigned long long>(c.arrived), static_cast<unsigned long long>(records),
      static_cast<unsigned long long>(c.repeats),
      100.0 * static_cast<double>(c.repeats) / static_cast<double>(records),
      static_cast<unsigned long long>(c.invented), static_cast<unsigned long long>(c.disordered));
}

bool few_repeats(const EndCounts& c, std::uint64_t records, std::uint64_t few) {
  const double allowed =
      std::max(static_cast<double>(few), kRepeatsAllowed * static_cast<double>(records));
  return c.invented == 0 && static_cast<double>(c.repeats) <= allowed;
}

// Faults at random moments, spread over the records.
void storm(const Arguments& a, const Flights& flights, Surroundings& around) {
  std::mt19937 random(a.seed);
  std::discrete_distribution<std::size_t> draw(kWeights.begin(), kWeights.end());
  std::uniform_real_distribution<double> jitter(0, 1);
  std::map<std::string, int> count;
  for (int i = 0; i < a.faults; ++i) {
    const double at = (i + jitter(random)) / a.faults * flights.frames * 0.98;
    while (number_in(around.folder() + "/progress") < at) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!around.gateway().running()) return;
    }
    // The first faults are one of each.
    const std::size_t kind =
        i < static_cast<int>(kFaultNames.size()) ? static_cast<std::size_t>(i) : draw(random);
    ++count[kFaultNames[kind]];
    around.inflict(static_cast<Fault>(kind));
  }
  for (const auto& [name, n] : count) std::printf("fault   %-18s %d times\n", name.c_str(), n);
}

int run(const Arguments& a, const std::string& folder) {
  Flights flights;
  flights.sondes = a.sondes;
  flights.frames = static_cast<std::uint32_t>(a.records / a.sondes);
  constexpr std::int64_t kFrame_ms = 1000;
  flights.begin = UtcMillis{system_now().ms - kFrame_ms * (flights.frames + 10)};
  End hub(flights), broker(flights);
  Surroundings around(folder, flights, a.rate,
                      [&hub](const nlohmann::ordered_json& record) { hub.arrive(record); });
  if (const auto fault = around.start()) {
    std::fprintf(stderr, "%s\n", fault->c_str());
    return kSkipped;
  }
  const BrokerReader reader(around.broker().mqtt_uri(), broker);
  const auto begin = Clock::now();
  around.start_gateway();
  storm(a, flights, around);
  while (number_in(folder + "/progress") < flights.frames && around.gateway().running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const double fed_s = since_s(begin);
  const auto ended = around.gateway().wait(a.patience_s);
  std::this_thread::sleep_for(std::chrono::seconds(1));  // the reader's last messages
  std::printf("fed in %.0f s, all delivered %.0f s later, %llu requests to the hub\n", fed_s,
              since_s(begin) - fed_s, static_cast<unsigned long long>(around.hub_requests()));
  print("hub", hub.counts(), flights.records());
  print("broker", broker.counts(), flights.records());
  std::printf("a kill -9 took at most %llu records that were not yet in the outbox\n",
              static_cast<unsigned long long>(most_in(folder + "/progress.lost")));
  std::printf("longest time between two syncs to the disk %llu ms\n",
              static_cast<unsigned long long>(most_in(folder + "/faults/sync_gaps_ms")));
  const std::uint64_t few = static_cast<std::uint64_t>(a.faults) * 200;  // of a short run
  const bool short_run = a.records < 100'000;
  const std::uint64_t allowed = short_run ? few : 0;
  // The gateway ends with 0 when the hub and the broker have acknowledged all. What a broker that
  // is restarted hands to its reader is not the gateway's doing: printed, not judged.
  const bool ok = ended && ended->status == 0 && hub.counts().arrived == flights.records() &&
                  few_repeats(hub.counts(), flights.records(), allowed) &&
                  few_repeats(broker.counts(), flights.records(), allowed) &&
                  broker.counts().disordered == 0;
  if (!ok) std::printf("gateway: %s\n", around.gateway().err().c_str());
  return ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app{"Generated records through random faults to the hub and a broker"};
  app.add_option("--records", a.records);
  app.add_option("--sondes", a.sondes);
  app.add_option("--faults", a.faults);
  app.add_option("--rate", a.rate, "records a second");
  app.add_option("--seed", a.seed);
  app.add_option("--patience", a.patience_s, "seconds for the rest after the last was handed over");
  CLI11_PARSE(app, argc, argv);
  std::string folder = (std::filesystem::temp_directory_path() / "omni-storm-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const int status = run(a, folder);
  if (status == 0) std::filesystem::remove_all(folder);
  return status;
}
