// delivery_load: what delivery costs and how long it takes, with the hub's stand-in and a real
// Mosquitto on this machine. One mode each: throughput, latency, outage. Figures: docs/delivery.md.
#include "tests/bench/delivery/load.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "gateway/base/system_clock.hpp"

namespace omnisonde::testing {

double cpu_s() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double written_mb() {
  std::ifstream io("/proc/self/io");
  std::string name;
  double value = 0;
  constexpr double kBytesPerMb = 1e6;
  while (io >> name >> value) {
    if (name == "write_bytes:") return value / kBytesPerMb;
  }
  return 0;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[place];
}

uploader::Config base_config(const LoadArguments& a) {
  uploader::Config config;
  config.station.callsign = "LOAD-1";
  config.station.position = GeoPosition{50.5, 9.5, 100};
  config.storage.path = a.folder + "/state";
  config.storage.max_mb = 100'000;
  config.mqtt.resize(1);
  config.mqtt[0].name = "load";
  return config;
}

std::unique_ptr<uploader::Uploader> start_uploader(const uploader::Config& config) {
  uploader::Hooks hooks;
  hooks.log = [](uploader::LogLevel level, const std::string& text) {
    if (level >= uploader::LogLevel::kWarning) std::fprintf(stderr, "%s\n", text.c_str());
  };
  auto started = uploader::Uploader::start(config, hooks);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().line().c_str());
    std::exit(1);
  }
  return std::move(*started);
}

std::unique_ptr<Mosquitto> start_broker(const LoadArguments& a) {
  MosquittoOptions options;
  options.folder = a.folder + "/broker";
  auto started = Mosquitto::start(options);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().line().c_str());
    std::exit(1);
  }
  return std::move(*started);
}

}  // namespace omnisonde::testing

int main(int argc, char** argv) {
  using namespace omnisonde::testing;
  LoadArguments a;
  std::string mode = "latency";
  CLI::App app{"What delivery costs and how long it takes"};
  app.add_option("mode", mode, "throughput, latency or outage");
  app.add_option("--seconds", a.seconds, "of measurement");
  app.add_option("--rate", a.rate, "records a second (throughput)");
  app.add_option("--waiting", a.waiting, "records that wait for a dead broker (throughput)");
  app.add_flag("--plain-reader", a.plain_reader, "read by plain MQTT (latency)");
  CLI11_PARSE(app, argc, argv);
  a.folder = (std::filesystem::temp_directory_path() / "omni-load-XXXXXX").string();
  if (::mkdtemp(a.folder.data()) == nullptr) return 1;
  const int status = mode == "throughput" ? run_throughput(a)
                     : mode == "outage"   ? run_outage(a)
                                          : run_latency(a);
  std::filesystem::remove_all(a.folder);
  return status;
}
