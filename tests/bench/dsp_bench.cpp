// How long the parts of the pipeline take. Every case does the work of 1 s of signal (or of one
// frame, where its name says so), so that a time in ms is thousandths of a core.
//
//   dsp_bench [--iterations=N] [Google Benchmark's options]
//
// With --iterations every case runs exactly so often: tests/bench/instructions counts on that.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "dsp/channelizer.hpp"
#include "dsp/convert.hpp"
#include "dsp/detector.hpp"
#include "dsp/fsk_demod.hpp"
#include "dsp/spectrum.hpp"
#include "dsp/sync_search.hpp"
#include "dsp/wide_detector.hpp"
#include "tests/support/frame_kinds.hpp"
#include "tests/support/fsk_signal.hpp"

namespace {

using namespace omnisonde;
using testing::FrameKind;

constexpr double kBand_hz = 2'400'000, kSlice_hz = 48'000;
constexpr std::size_t kBandBins = 12'000;

void convert_cu8(benchmark::State& state) {
  const std::vector<std::byte> raw(9600 * 2, std::byte{131});
  std::vector<dsp::Sample> out(9600);
  for (auto _ : state) {
    for (int i = 0; i < dsp::kBlocksPerSecond; ++i)
      benchmark::DoNotOptimize(dsp::convert(dsp::SampleFormat::kCu8, raw, out));
  }
}

void band_fft(benchmark::State& state) {
  dsp::BandFft band(kBand_hz, dsp::DcOffset::kRemove);
  const auto noise = testing::white_noise(band.block_samples(), 1e-4, 1);
  for (auto _ : state) {
    for (int i = 0; i < dsp::kBlocksPerSecond; ++i) band.process({noise, 0, 0});
  }
}

void slice(benchmark::State& state) {
  dsp::BandFft band(kBand_hz);
  dsp::Slicer slicer(kSlice_hz);
  const auto weights = dsp::slice_weights(slicer.bins(), 12'000, band.bins());
  band.process({testing::white_noise(band.block_samples(), 1e-4, 1), 0, 0});
  for (auto _ : state) {
    for (int i = 0; i < dsp::kBlocksPerSecond; ++i)
      benchmark::DoNotOptimize(slicer.slice(band, 777, weights).data());
  }
}

void spectrum_average(benchmark::State& state) {
  dsp::BandFft band(kBand_hz);
  dsp::SpectrumAverager averager(band.bins());
  band.process({testing::white_noise(band.block_samples(), 1e-4, 1), 0, 0});
  for (auto _ : state) {
    for (int i = 0; i < dsp::kBlocksPerSecond; ++i) benchmark::DoNotOptimize(averager.add(band));
  }
}

std::vector<float> noisy_power() {
  std::vector<float> power;
  for (const dsp::Sample x : testing::white_noise(kBandBins, 1e-9, 1))
    power.push_back(std::norm(x));
  return power;
}

void noise_floor(benchmark::State& state) {
  const auto power = noisy_power();
  std::vector<float> floor(power.size());
  for (auto _ : state) {
    for (int i = 0; i < 5; ++i) dsp::noise_floor(power, floor);
  }
}

void detector(benchmark::State& state) {
  const auto power = noisy_power();
  const std::vector<float> floor(power.size(), 1e-9F);
  dsp::Detector detector;
  std::vector<dsp::Candidate> found;
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) detector.find(power, floor, 20.0F, found);
  }
}

void wide_detector(benchmark::State& state) {
  const auto power = noisy_power();
  const std::vector<float> floor(power.size(), 1e-9F);
  dsp::WideDetector detector(24'000);
  std::vector<dsp::Candidate> found;
  for (auto _ : state) {
    for (int i = 0; i < 5; ++i) detector.find(power, floor, 20.0F, found);
  }
}

void sync_search(benchmark::State& state, const FrameKind& kind, dsp::SignalKind signal) {
  dsp::SyncSearch search(kind.modem, kind.sync, true, kSlice_hz, signal);
  const auto noise = testing::white_noise(static_cast<std::size_t>(kSlice_hz), 1, 1);
  constexpr std::array kOffsets = {-600.0, 0.0, 600.0};
  constexpr std::size_t kStretch = 2880;  // 60 ms, as a slot does it
  std::vector<dsp::SyncHit> hits;
  for (auto _ : state) {
    for (std::size_t at = 0; at + kStretch <= noise.size(); at += kStretch) {
      hits.clear();
      search.search(std::span(noise).subspan(at, kStretch), 0, kOffsets, 0.6F, hits);
    }
  }
}

void search_long(benchmark::State& state) {
  sync_search(state, testing::kLong, dsp::SignalKind::kIq);
}
void search_long_audio(benchmark::State& state) {
  sync_search(state, testing::kLong, dsp::SignalKind::kFmAudio);
}
void search_short(benchmark::State& state) {
  sync_search(state, testing::kShort, dsp::SignalKind::kIq);
}

void frame(benchmark::State& state, const FrameKind& kind) {
  const auto bits = testing::random_bits(kind.bits, 5);
  dsp::SampleRing ring(65'536);
  ring.push(testing::fsk_signal(kind.modem, testing::line_symbols(bits, kind.modem.line_code),
                                {.carrier_hz = 300, .clock_ppm = 20, .ebn0_db = 14}));
  dsp::FskDemod demod(kind.modem, kSlice_hz);
  std::vector<float> llr(kind.bits);
  for (auto _ : state) {
    demod.load(ring, {.start = 0.02 * kSlice_hz, .carrier_hz = 250}, kind.bits);
    demod.refine_on_known(kind.sync, false);
    if (kind.bits < 1000) {
      demod.detect_best(llr);
    } else {
      demod.detect(3, llr);
    }
    benchmark::DoNotOptimize(llr.data());
  }
}

void frame_long(benchmark::State& state) { frame(state, testing::kLong); }
void frame_short(benchmark::State& state) { frame(state, testing::kShort); }

struct Case {
  const char* name;
  void (*run)(benchmark::State&);
};
constexpr std::array kCases = {Case{"convert_cu8", convert_cu8},
                               Case{"band_fft", band_fft},
                               Case{"slice", slice},
                               Case{"spectrum_average", spectrum_average},
                               Case{"noise_floor", noise_floor},
                               Case{"detector", detector},
                               Case{"wide_detector", wide_detector},
                               Case{"search_long", search_long},
                               Case{"search_long_audio", search_long_audio},
                               Case{"search_short", search_short},
                               Case{"frame_long", frame_long},
                               Case{"frame_short", frame_short}};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kOption = "--iterations=";
  long iterations = 0;
  if (argc > 1 && std::string_view(argv[1]).starts_with(kOption)) {
    iterations = std::atol(argv[1] + kOption.size());
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  for (const Case& c : kCases) {
    auto* registered = benchmark::RegisterBenchmark(c.name, c.run)->Unit(benchmark::kMillisecond);
    if (iterations > 0) registered->Iterations(iterations);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
