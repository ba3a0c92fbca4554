// How long it takes from a sonde's first symbol to the end of its first decoded frame, while 20
// others decode: 12 dB Eb/N0, 2.4 MS/s, all types enabled.
//
//   appearances [COUNT [EBN0_DB [TYPE...]]]      (default: 200 12 RS41 DFM M10 iMet-54)
//
// One sonde appears every 2.2 s and is on air for 10 s. Its frequency is 6 kHz or more from those
// of the others; the nearest one of those that have gone was given up before.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "gateway/band_receiver.hpp"
#include "gateway/type_list.hpp"
#include "simulator/stream_generator.hpp"

namespace {

using namespace omnisonde;

constexpr double kEvery_s = 2.2, kOnAir_s = 10, kFirst_s = 10;
constexpr double kCentre_hz = 403e6, kSpacing_hz = 100e3;
constexpr int kOthers = 20;

struct Appearance {
  std::string type;
  double frequency_hz = 0, start_s = 0;
  double found_s = -1;  ///< after its start
};

double other_hz(int i) { return kCentre_hz + (i - (kOthers - 1) / 2.0) * kSpacing_hz; }

std::string sonde(const std::string& name, const std::string& type, double frequency_hz,
                  double ebn0_db) {
  std::string text = "[sonde:" + name + "]\ntype = " + type + "\nebn0_db = ";
  text +=
      std::to_string(ebn0_db) + "\nfrequency_mhz = " + std::to_string(frequency_hz / 1e6) + "\n";
  return text + "altitude_m = 9000\ndistance_km = 20\n";
}

// One of its own, in the type's form. @returns empty for types without a rule here: the encoder's
std::string serial_of(const std::string& type, std::size_t i) {
  const std::string number = std::to_string(10'000 + i % 8000).substr(1);
  if (type == "RS41") return "U300" + number;
  if (type == "DFM") return "2104" + number;
  if (type == "iMet-54") return "5506" + number;
  return type == "M10" ? "910-2-1" + number : "";
}

// Each in the gap between two of the others, at ten places 6 kHz apart in turn.
std::vector<Appearance> appearances(int count, const std::vector<std::string>& types) {
  std::vector<Appearance> out;
  for (int i = 0; i < count; ++i) {
    Appearance a;
    a.type = types[static_cast<std::size_t>(i) % types.size()];
    const int gap = i * 7 % (kOthers - 1), place = i / (kOthers - 1) % 10;
    a.frequency_hz = other_hz(gap) + kSpacing_hz / 2 + (place - 4.5) * 6000 + i % 13 * 37;
    a.start_s = kFirst_s + i * kEvery_s + i % 10 * 0.1;  // at all phases of the seconds
    out.push_back(a);
  }
  return out;
}

std::string scenario(const std::vector<Appearance>& all, double ebn0_db) {
  std::string ini =
      "[stream]\nsample_rate_hz = 2400000\ncenter_mhz = 403\nformat = cu8\nnoise_dbfs = -40\n"
      "start = 2026-10-20T12:00:00Z\n[station]\nlatitude_deg = 52.2\nlongitude_deg = 14.1\n";
  for (int i = 0; i < kOthers; ++i) {
    ini += sonde("other" + std::to_string(i), i % 2 == 0 ? "RS41" : "DFM", other_hz(i), 20);
    ini += "serial = " + (i % 2 == 0 ? "T" : std::string("20")) + std::to_string(100'000 + i * 7) +
           (i % 2 == 0 ? "0" : "") + "\n";
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    ini += sonde("new" + std::to_string(i), all[i].type, all[i].frequency_hz, ebn0_db);
    const std::string serial = serial_of(all[i].type, i);
    if (!serial.empty()) ini += "serial = " + serial + "\n";
    ini += "start_s = " + std::to_string(all[i].start_s) +
           "\nstop_s = " + std::to_string(all[i].start_s + kOnAir_s) + "\n";
  }
  return ini;
}

void note(std::vector<Appearance>& all, const Telemetry& record, double now_s) {
  for (Appearance& a : all) {
    if (a.found_s >= 0 || now_s < a.start_s || now_s > a.start_s + kOnAir_s + 2) continue;
    if (std::abs(record.rx.frequency_hz - a.frequency_hz) < 2500) a.found_s = now_s - a.start_s;
  }
}

void print(const std::string& name, std::vector<double> times, std::size_t of) {
  std::ranges::sort(times);
  if (times.empty()) {
    std::printf("%-10s   0 of %3zu found\n", name.c_str(), of);
    return;
  }
  std::printf("%-10s %3zu of %3zu found: median %.2f s, 90 %% %.2f s, worst %.2f s\n", name.c_str(),
              times.size(), of, times[times.size() / 2], times[times.size() * 9 / 10],
              times.back());
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 200;
  const double ebn0_db = argc > 2 ? std::atof(argv[2]) : 12;
  std::vector<std::string> types(argv + std::min(argc, 3), argv + argc);
  if (types.empty()) types = {"RS41", "DFM", "M10", "iMet-54"};
  std::vector<Appearance> all = appearances(count, types);
  const auto parsed = sim::parse_scenario(scenario(all, ebn0_db), "appearances");
  if (!parsed) {
    std::fprintf(stderr, "%s\n", parsed.error().line().c_str());
    return 1;
  }
  auto generator = sim::StreamGenerator::create(*parsed);
  if (!generator) {
    std::fprintf(stderr, "%s\n", generator.error().line().c_str());
    return 1;
  }
  BandPlan plan;
  plan.sample_rate_hz = 2'400'000;
  plan.centre_hz = kCentre_hz;
  plan.types = select_types({}).value();
  BandReceiver band(std::move(plan));
  std::vector<dsp::Sample> samples(band.block_samples());
  std::vector<SlotRecord> records;
  std::size_t of_others = 0;
  const double end_s = all.back().start_s + kOnAir_s + 2;
  for (std::uint64_t block = 0; static_cast<double>(block) / dsp::kBlocksPerSecond < end_s;
       ++block) {
    generator->next_block(samples);
    band.process({samples, block * samples.size(), 0}, records);
    for (const SlotRecord& r : records) {
      note(all, r.telemetry, static_cast<double>(block + 1) / dsp::kBlocksPerSecond);
      for (int i = 0; i < kOthers; ++i)
        of_others += std::abs(r.telemetry.rx.frequency_hz - other_hz(i)) < 2500 ? 1 : 0;
    }
    records.clear();
    (void)generator->take_truth();
  }
  std::map<std::string, std::vector<double>> by_type;
  std::vector<double> times;
  for (const Appearance& a : all) {
    by_type[a.type];
    if (a.found_s < 0) {
      std::printf("%s at %.1f s, %.4f MHz: not found\n", a.type.c_str(), a.start_s,
                  a.frequency_hz / 1e6);
      continue;
    }
    by_type[a.type].push_back(a.found_s);
    times.push_back(a.found_s);
  }
  for (const auto& [type, found] : by_type)
    print(type, found, static_cast<std::size_t>(std::ranges::count(all, type, &Appearance::type)));
  print("all", times, all.size());
  std::printf("frames per second of the %d others: %.2f\n", kOthers,
              static_cast<double>(of_others) / end_s);
}
