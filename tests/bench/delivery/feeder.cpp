// delivery_feeder: the uploader with invented flights in place of receivers, to be killed at will.
// Rounds (one frame of every sonde) go in at a steady rate. What is known to be in the outbox
// stands in the progress file: after a kill the next run begins there.
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "tests/bench/delivery/flights.hpp"
#include "uploader/uploader.hpp"

namespace {

using namespace omnisonde;
using Clock = std::chrono::steady_clock;

struct Arguments {
  testing::Flights flights;
  std::string state, hub, ca, broker, progress;
  double rate = 1000;  // records a second
  double batch_s = 1;
};

std::uint32_t read_number(const std::string& path) {
  std::ifstream file(path);
  std::uint32_t number = 0;
  file >> number;
  return number;
}

void write_number(const std::string& path, std::uint32_t number) {
  { std::ofstream(path + ".new") << number << '\n'; }
  std::rename((path + ".new").c_str(), path.c_str());
}

uploader::Config config_of(const Arguments& a) {
  uploader::Config config;
  config.station.callsign = "STORM-1";
  config.station.position = GeoPosition{50.5, 9.5, 100};
  config.storage.path = a.state;
  config.storage.max_mb = 20'000;
  config.sondehub.url = a.hub;
  config.sondehub.ca_file = a.ca;
  config.sondehub.batch_interval_s = a.batch_s;
  config.sondehub.backfill_interval_s = 0.05;
  config.sondehub.backoff_first_s = 0.2;  // real ones are 5 to 300 s: the run would take days
  config.sondehub.backoff_max_s = 1;
  config.sondehub.unreached_max_s = 0.5;
  config.sondehub.request_timeout_s = 2;
  config.sondehub.connect_timeout_s = 2;
  config.mqtt.resize(1);
  config.mqtt[0].name = "storm";
  config.mqtt[0].uri = a.broker;
  config.mqtt[0].backoff_first_s = 0.1;
  config.mqtt[0].backoff_max_s = 0.5;
  config.mqtt[0].connect_timeout_s = 2;
  config.mqtt[0].stall_s = 5;
  return config;
}

std::uint64_t taken(const uploader::Uploader& u) {
  const auto status = u.status();
  return status.accepted + status.duplicates;
}

bool all_delivered(const uploader::Uploader& u) {
  for (const auto& output : u.status().outputs) {
    if (output.waiting > 0) return false;
  }
  return true;
}

// How many records of the rounds that an earlier run had begun were not yet in its outbox.
void tell_lost(const Arguments& a, const uploader::UploadStatus& status) {
  std::ofstream(a.progress + ".lost", std::ios::app) << status.accepted << '\n';
}

int feed(const Arguments& a, uploader::Uploader& uploader) {
  constexpr std::uint64_t kMaxAhead = 10'000;  // half of what the outbox keeps in memory
  const std::uint32_t first = read_number(a.progress), begun = read_number(a.progress + ".begun");
  std::uint64_t fed = 0;
  std::uint32_t sure = first;
  const auto round = std::chrono::duration<double>(a.flights.sondes / a.rate);
  auto due = Clock::now();
  for (std::uint32_t frame = first; frame < a.flights.frames; ++frame) {
    if (frame == begun && begun > first) {
      while (taken(uploader) < fed) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      tell_lost(a, uploader.status());
    }
    write_number(a.progress + ".begun", frame + 1);
    for (std::uint32_t sonde = 0; sonde < a.flights.sondes; ++sonde) {
      uploader.accept(testing::flight_record(a.flights, sonde, frame, system_now()));
      ++fed;
    }
    const auto done = [&] { return taken(uploader); };
    while (fed - done() > kMaxAhead) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto rounds = static_cast<std::uint32_t>(done() / a.flights.sondes);
    if (first + rounds > sure) write_number(a.progress, sure = first + rounds);
    due += std::chrono::duration_cast<Clock::duration>(round);
    std::this_thread::sleep_until(due);
    if (Clock::now() - due > std::chrono::seconds(1)) due = Clock::now();
  }
  while (taken(uploader) < fed) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  write_number(a.progress, a.flights.frames);
  while (!all_delivered(uploader)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  uploader.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app{"The uploader with invented flights, for tests that kill it"};
  app.add_option("--sondes", a.flights.sondes);
  app.add_option("--frames", a.flights.frames);
  app.add_option("--begin-ms", a.flights.begin.ms);
  app.add_option("--state", a.state)->required();
  app.add_option("--hub", a.hub)->required();
  app.add_option("--ca", a.ca);
  app.add_option("--broker", a.broker)->required();
  app.add_option("--progress", a.progress)->required();
  app.add_option("--rate", a.rate);
  app.add_option("--batch-s", a.batch_s);
  CLI11_PARSE(app, argc, argv);
  uploader::Hooks hooks;
  hooks.log = [](uploader::LogLevel level, const std::string& text) {
    if (level >= uploader::LogLevel::kInfo) std::fprintf(stderr, "%s\n", text.c_str());
  };
  auto started = uploader::Uploader::start(config_of(a), hooks);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().line().c_str());
    return 1;
  }
  return feed(a, **started);
}
