#include "gateway/bench_command.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <thread>

#include "dsp/convert.hpp"
#include "gateway/band_receiver.hpp"
#include "gateway/bench_signal.hpp"
#include "gateway/type_list.hpp"

namespace omnisonde {
namespace {

constexpr int kSettle_s = 6;     // of signal: the sondes are found
constexpr int kMeasure_s = 10;   // of signal
constexpr double kUsable = 0.7;  // of a core: searching and the rest of the program need some

struct Measured {
  double core_share = 0;  ///< of one core
  double frames_per_s = 0;
};

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Measured measure(int sondes, const std::vector<const SondeType*>& types) {
  const auto bytes = bench_signal(sondes);
  BandPlan plan;
  plan.sample_rate_hz = kBenchRate_hz;
  plan.centre_hz = 403e6;
  plan.types = types;
  BandReceiver band(std::move(plan));
  std::vector<dsp::Sample> samples(band.block_samples());
  std::vector<SlotRecord> records;
  std::uint64_t index = 0;
  const auto second = [&] {
    for (std::size_t at = 0; at < bytes.size(); at += 2 * samples.size()) {
      dsp::convert(dsp::SampleFormat::kCu8, std::span(bytes).subspan(at), samples);
      band.process({samples, index, 0}, records);
      index += samples.size();
    }
  };
  for (int s = 0; s < kSettle_s; ++s) second();
  records.clear();
  const double before = thread_cpu_s();
  for (int s = 0; s < kMeasure_s; ++s) second();
  return {(thread_cpu_s() - before) / kMeasure_s, static_cast<double>(records.size()) / kMeasure_s};
}

}  // namespace

int bench_command(std::ostream& out) {
  const auto types = select_types({});
  if (!types) return 1;
  constexpr std::array kSondes = {0, 1, 4, 16};
  std::array<Measured, kSondes.size()> measured;
  bool all_decoded = true;
  out << "One window of 2.4 MS/s with all sonde types enabled takes of one core:\n"
      << std::fixed << std::setprecision(1);
  for (std::size_t i = 0; i < kSondes.size(); ++i) {
    measured[i] = measure(kSondes[i], *types);
    const double expected = kSondes[i];
    const bool good = measured[i].frames_per_s >= 0.95 * expected;
    all_decoded = all_decoded && good;
    out << std::setw(4) << kSondes[i] << " sondes  " << std::setw(6) << 100 * measured[i].core_share
        << " %" << (good ? "" : "  (not all frames decoded)") << '\n'
        << std::flush;
  }
  const double base = measured.front().core_share;
  const double each = std::max(1e-5, (measured.back().core_share - base) / kSondes.back());
  const double room = (kUsable - base) / each;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  if (room < 1) {
    out << "This machine cannot follow a window of 2.4 MS/s: choose a lower sample rate.\n";
  } else {
    const double rounded = room > 20 ? std::floor(room / 10) * 10 : std::floor(room);
    out << std::setprecision(0) << "This machine can follow about " << rounded
        << " sondes in one 2.4 MS/s window (max_tracks allowing), with a third of the core left "
           "for searching.\n"
        << "Each receiver has a core of its own: there are " << cores << ".\n";
  }
  return all_decoded ? 0 : 1;
}

}  // namespace omnisonde
