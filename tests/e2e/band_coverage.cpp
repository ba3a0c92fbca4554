// What one receiver sees of a band that is wider than its window, with the whole program on
// simulated air: how long each sonde and each MHz was watched, and whether a held sonde was ever
// left.
//
//   band_coverage [SECONDS [SCENARIO [section.key=value ...]]]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {
namespace {

using Clock = std::chrono::steady_clock;

struct SondeWatch {
  double frequency_mhz = 0;
  double watched_s = 0, held_s = 0, first_held_s = -1;
  bool held_before = false;
  int left = 0;  ///< times that it was held and then outside the window
  std::uint64_t frames = 0;
};

struct Coverage {
  std::map<std::string, SondeWatch> sondes;      ///< by type and frequency
  std::map<int, std::pair<double, double>> mhz;  ///< seconds watched in full; longest time not
  double seconds = 0;
  double retunes = 0, window_hz = 0;
};

/// [sonde:NAME] sections: name to frequency in MHz.
std::map<std::string, double> frequencies(const std::string& scenario) {
  std::ifstream file(scenario);
  std::map<std::string, double> out;
  std::string name, type;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("[sonde:")) name = line.substr(7, line.find(']') - 7);
    if (line.starts_with("type = ")) type = line.substr(7);
    if (line.starts_with("frequency_mhz = ") && !name.empty())
      out[name + " " + type] = std::atof(line.c_str() + 16);
  }
  return out;
}

void look(const Json& status, double step_s, Coverage& c) {
  c.seconds += step_s;
  const Json& device = status["devices"][0];
  const double low_mhz = (device["centre_hz"].get<double>() - c.window_hz / 2) / 1e6;
  const double high_mhz = low_mhz + c.window_hz / 1e6;
  c.retunes = device["retunes"].get<double>();
  for (auto& [name, sonde] : c.sondes) {
    const bool inside = sonde.frequency_mhz >= low_mhz && sonde.frequency_mhz <= high_mhz;
    bool held = false;
    for (const Json& track : status["tracks"]) {
      if (std::abs(track.value("frequency_mhz", 0.0) - sonde.frequency_mhz) > 0.015) continue;
      const std::string state = track["state"];
      held = held || (state != "lost" && state != "probing");
      sonde.frames = std::max(sonde.frames, track["frames_good"].get<std::uint64_t>());
    }
    if (inside) sonde.watched_s += step_s;
    if (inside && held) sonde.held_s += step_s;
    if (held && sonde.first_held_s < 0) sonde.first_held_s = c.seconds;
    if (sonde.held_before && !inside) ++sonde.left;
    sonde.held_before = held && inside;
  }
  std::map<int, double> oldest_s;
  for (const Json& s : status["coverage"]["stretches"]) {
    const double from = s["low_hz"].get<double>() / 1e6, to = s["high_hz"].get<double>() / 1e6;
    for (int mhz = static_cast<int>(from); mhz < to - 1e-6; ++mhz) {
      double& oldest = oldest_s.try_emplace(mhz, 0).first->second;
      oldest = std::max(oldest, s["unwatched_s"].get<double>());
      auto& [watched_s, longest_s] = c.mhz[mhz];
      const double share = std::min(to, mhz + 1.0) - std::max(from, static_cast<double>(mhz));
      if (s["watched"]) watched_s += step_s * share;  // of 1 MHz; the first is narrower
      longest_s = std::max(longest_s, oldest);
    }
  }
}

void print(const Coverage& c) {
  std::printf("%.0f s, window %.2f MHz usable, %.0f moves\n\n", c.seconds, c.window_hz / 1e6,
              c.retunes);
  std::printf(
      "| sonde | MHz | watched | held from | held of the time since | frames | left |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const auto& [name, s] : c.sondes) {
    const double since_s = s.first_held_s < 0 ? 0 : c.seconds - s.first_held_s;
    std::printf(
        "| %s | %.3f | %.0f s | %s | %.0f %% | %llu | %d |\n", name.c_str(), s.frequency_mhz,
        s.watched_s,
        s.first_held_s < 0 ? "-" : (std::to_string(std::lround(s.first_held_s)) + " s").c_str(),
        since_s > 0 ? 100 * s.held_s / since_s : 0.0, static_cast<unsigned long long>(s.frames),
        s.left);
  }
  std::printf("\n| MHz | watched | longest time not |\n|---|---|---|\n");
  for (const auto& [mhz, seen] : c.mhz) {
    const double width = mhz == 400 ? 0.95 : 1.0;
    std::printf("| %d to %d | %.0f %% | %.0f s |\n", mhz, mhz + 1,
                100 * seen.first / width / c.seconds, seen.second);
  }
}

int measure(double seconds, const std::string& scenario, const std::vector<std::string>& settings) {
  const TemporaryFolder folder;
  const std::uint16_t port = free_port();
  const std::string config = folder.path() + "/omnisonde.ini";
  write_file(config, "[sdr:air]\ndriver = sondesim\nsoapy_args = scenario=" + scenario +
                         "\n[sondehub]\nenabled = no\n[storage]\npath = " + folder.path() +
                         "/state\n[web]\nlisten = 127.0.0.1:" + std::to_string(port) + "\n");
  std::vector<std::string> words = {"run", "--config", config};
  for (const std::string& setting : settings) {
    words.emplace_back("--set");
    words.push_back(setting);
  }
  std::filesystem::create_directories(folder.path() + "/run");
  const auto program = start_program(words, folder.path() + "/run");
  Coverage coverage;
  for (const auto& [name, mhz] : frequencies(scenario)) coverage.sondes[name].frequency_mhz = mhz;
  const bool up = eventually(20, [&] { return http_get(port, "/api/v1/status").status == 200; });
  if (!up || coverage.sondes.empty()) {
    std::fprintf(stderr, "band_coverage: %s\n%s", up ? "no sondes" : "it does not start",
                 program->err().c_str());
    return 1;
  }
  auto last = Clock::now();
  while (coverage.seconds < seconds && program->running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const Json status = Json::parse(http_get(port, "/api/v1/status").body, nullptr, false);
    const double step_s = std::chrono::duration<double>(Clock::now() - last).count();
    if (!status.is_object() || status["devices"].empty()) continue;
    last = Clock::now();
    coverage.window_hz = 0.85 * status["devices"][0]["sample_rate_hz"].get<double>();
    look(status, step_s, coverage);
  }
  print(coverage);
  const auto left =
      std::ranges::count_if(coverage.sondes, [](const auto& s) { return s.second.left > 0; });
  std::printf("\nsondes left while they were held: %td\n", left);
  return left == 0 ? 0 : 2;
}

}  // namespace
}  // namespace omnisonde::testing

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const double seconds = !arguments.empty() ? std::atof(arguments[0].c_str()) : 600;
  const std::string scenario =
      arguments.size() > 1 ? arguments[1] : OMNISONDE_SOURCE_DIR "/config/scenarios/six_mhz.ini";
  const std::vector<std::string> settings(
      arguments.begin() + std::min<std::ptrdiff_t>(2, std::ssize(arguments)), arguments.end());
  return omnisonde::testing::measure(seconds, scenario, settings);
}
