#include "tests/e2e/device_cycles.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace omnisonde::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPatience_s = 15;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string scenario(const std::string& serial, const std::string& mhz) {
  return "[stream]\nsample_rate_hz = 240000\ncenter_mhz = 403.0\n[sonde:A]\ntype = RS41\nserial "
         "= " +
         serial + "\nfrequency_mhz = " + mhz + "\nebn0_db = 25\naltitude_m = 3000\n";
}

long resident_kib(pid_t pid) {
  std::istringstream in(text_of_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

int open_files(pid_t pid) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    ++count;
  }
  return count;
}

}  // namespace

DeviceCycles::DeviceCycles() : port_(free_port()) {
  const std::string& f = folder_.path();
  write_file(f + "/bad.ini", scenario("T1240001", "402.950"));
  write_file(f + "/good.ini", scenario("T1240002", "403.050"));
  std::string text = "[band]\nmin_mhz = 402.9\nmax_mhz = 403.1\n[decode]\ntypes = RS41\n";
  for (const std::string name : {"bad", "good"}) {
    text += "[sdr:" + name + "]\ndriver = sondesim\nsoapy_args = serial=" + name +
            ",scenario=" + f + "/" + name + ".ini,control=" + f + "/" + name + ".word,truth=" + f +
            "/" + name + ".jsonl\nsample_rate_hz = 240000\ncenter_mhz = 403.0\n";
  }
  text += "[sondehub]\nenabled = no\n[storage]\npath = " + f +
          "/state\n[web]\nlisten = 127.0.0.1:" + std::to_string(port_) + "\n";
  write_file(f + "/omnisonde.ini", text);
  say("ok");
  std::filesystem::create_directories(f + "/run");
  program_ = start_program({"run", "--config", f + "/omnisonde.ini"}, f + "/run");
}

void DeviceCycles::say(const std::string& word) const {
  // Replaced at once: the simulator must not read half a word.
  write_file(folder_.path() + "/bad.word.new", word + "\n");
  std::filesystem::rename(folder_.path() + "/bad.word.new", folder_.path() + "/bad.word");
}

Json DeviceCycles::device(const std::string& name) const {
  const Json status = Json::parse(http_get(port_, "/api/v1/status").body, nullptr, false);
  if (!status.is_object()) return {};
  for (const Json& d : status["devices"]) {
    if (d["name"] == name) return d;
  }
  return {};
}

std::uint64_t DeviceCycles::frames(const std::string& serial) const {
  const Json track = Json::parse(http_get(port_, "/api/v1/tracks/" + serial).body, nullptr, false);
  return track.is_object() ? track.value("frames_good", std::uint64_t{0}) : 0;
}

bool DeviceCycles::ready() {
  return eventually(30, [&] { return frames("T1240001") > 1 && frames("T1240002") > 1; });
}

Cycle DeviceCycles::run(const std::string& kind, double fault_s) {
  Cycle cycle{.kind = kind, .reason = ""};
  const bool until_noticed = kind == "stall" || kind == "flat";
  const bool noticed_at_all = until_noticed || kind == "gone";
  const Json before = device("bad");
  auto start = Clock::now();
  say(kind);
  if (noticed_at_all) {
    const bool noticed = eventually(kPatience_s, [&] {
      const Json d = device("bad");
      const bool said = d.is_object() && !d.value("healthy", true);
      if (said) cycle.reason = d["state"];
      return said || (d.is_object() && d["reopened"] > before["reopened"]);
    });
    if (noticed) cycle.noticed_s = since(start);
  }
  if (!until_noticed) {
    while (since(start) < fault_s) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    start = Clock::now();
  }
  say("ok");
  const std::uint64_t frames_before = frames("T1240001");
  const bool back = eventually(kPatience_s, [&] {
    const Json d = device("bad");
    return d.is_object() && d["healthy"] && (!noticed_at_all || d["reopened"] > before["reopened"]);
  });
  if (back) cycle.back_s = since(start);
  if (back && eventually(kPatience_s, [&] { return frames("T1240001") > frames_before; }))
    cycle.frame_s = since(start);
  cycle.memory_kib = resident_kib(program_->pid());
  cycle.handles = open_files(program_->pid());
  return cycle;
}

DeviceCycles::Other DeviceCycles::other() const {
  const Json good = device("good");
  std::ifstream truth(folder_.path() + "/good.jsonl");
  std::uint64_t sent = 0;
  for (std::string line; std::getline(truth, line);) ++sent;
  return {.frames = frames("T1240002"),
          .sent = sent,
          .lost = good.is_object() ? good["lost_samples"].get<std::uint64_t>() : 0};
}

}  // namespace omnisonde::testing
