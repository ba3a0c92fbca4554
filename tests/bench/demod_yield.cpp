// Share of frames that a hard-decision code would get from the demodulator, against Eb/N0: what the
// demodulator alone is worth, without any decoder's ladder.
//
//   demod_yield [nrz|manchester] [frames] [carrier_hz] [clock_ppm] [drift_hz_per_s]
//
// nrz: RS41's signal, a frame counts when each of its two interleaved words has at most 12 wrong
// bytes. manchester: DFM's, a frame counts when at most 1 of 8 bits is wrong in each of its 33
// codewords.
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/fsk_demod.hpp"
#include "dsp/sync_search.hpp"
#include "tests/support/fsk_signal.hpp"

namespace {

using namespace omnisonde;

struct Setup {
  dsp::ModemParams modem;
  std::string sync;
  std::size_t preamble_bits, frame_bits;
};

Setup setup_for(std::string_view name) {
  if (name == "manchester") {
    return {{.symbol_rate_hz = 2500,
             .deviation_hz = 2400,
             .bt = 0,
             .line_code = dsp::LineCode::kManchester},
            "0100010111001111",
            0,
            280};
  }
  return {{.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F},
          "0000100001101101010100111000100001000100011010010100100000011111",
          320,
          2560};
}

bool good(const Setup& s, std::span<const std::uint8_t> bits, std::span<const float> llr) {
  const auto wrong = [&](std::size_t i) { return (llr[i] > 0) != (bits[i] != 0); };
  if (s.modem.line_code == dsp::LineCode::kManchester) {
    std::array<int, 33> errors{};
    for (std::size_t i = 16; i < 280; ++i) errors[(i - 16) % 33] += wrong(i) ? 1 : 0;
    for (const int e : errors) {
      if (e > 1) return false;
    }
    return true;
  }
  std::array<int, 2> errors{};
  for (std::size_t byte = 8; byte < bits.size() / 8; ++byte) {
    bool bad = false;
    for (std::size_t i = 0; i < 8; ++i) bad |= wrong(byte * 8 + i);
    errors[byte % 2] += bad ? 1 : 0;
  }
  return errors[0] <= 12 && errors[1] <= 12;
}

constexpr double kRate_hz = 48'000;
constexpr std::array kRungs = {3, 3, 5, 7,
                               0};  // block; first without, then with refinement; 0 best

struct Tally {
  int synced = 0;
  std::array<int, kRungs.size()> good{};
  double time_us = 0, estimated_db = 0, wrong_bits = 0;
};

std::vector<std::uint8_t> random_frame(const Setup& s, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bits;
  for (std::size_t i = 0; i < s.preamble_bits; ++i) bits.push_back(i % 2);
  for (const char c : s.sync) bits.push_back(c == '1');
  while (bits.size() < s.preamble_bits + s.frame_bits) bits.push_back(random() & 1);
  return bits;
}

std::optional<dsp::SyncHit> find_sync(const Setup& s, std::span<const dsp::Sample> samples) {
  dsp::SyncSearch search(s.modem, s.sync, true, kRate_hz);
  std::vector<dsp::SyncHit> hits;
  const std::array offsets = {-900.0, -300.0, 300.0, 900.0};
  search.search(samples, 0, offsets, 0.5F, hits);
  const double want =
      0.02 * kRate_hz + static_cast<double>(s.preamble_bits) * kRate_hz / s.modem.bit_rate_hz();
  std::optional<dsp::SyncHit> best;
  for (const auto& hit : hits) {
    if (std::abs(hit.start - want) < 20 && (!best || hit.score > best->score)) best = hit;
  }
  return best;
}

void climb(const Setup& s, const dsp::SampleRing& ring, const dsp::SyncHit& hit,
           std::span<const std::uint8_t> frame, Tally& tally) {
  dsp::FskDemod demod(s.modem, kRate_hz);
  const auto load = [&] {
    demod.load(ring, {.start = hit.start, .carrier_hz = hit.carrier_hz}, s.frame_bits);
    demod.refine_on_known(s.sync, hit.inverted);
  };
  const auto start = std::chrono::steady_clock::now();
  load();
  std::vector<float> llr(s.frame_bits);
  for (std::size_t rung = 0; rung < kRungs.size(); ++rung) {
    if (kRungs[rung] == 0) {
      load();
      demod.detect_best(llr);
    } else {
      demod.detect(kRungs[rung], llr);
    }
    tally.good[rung] += good(s, frame, llr) ? 1 : 0;
    if (rung == 0) demod.refine_on_decisions(llr);
    if (rung == 2) {
      tally.estimated_db += static_cast<double>(demod.level().ebn0_db);
      for (std::size_t i = 0; i < s.frame_bits; ++i)
        tally.wrong_bits += (llr[i] > 0) != (frame[i] != 0) ? 1 : 0;
      tally.time_us +=
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
              .count();
    }
  }
}

Tally send_frames(const Setup& s, testing::Channel channel, int frames) {
  Tally tally;
  const auto tenths_db = static_cast<std::uint64_t>(channel.ebn0_db * 10);
  for (int f = 0; f < frames; ++f) {
    channel.seed = static_cast<std::uint64_t>(f) + 1000 * tenths_db;
    const auto bits = random_frame(s, channel.seed * 77);
    const auto air =
        testing::fsk_signal(s.modem, testing::line_symbols(bits, s.modem.line_code), channel);
    const auto hit = find_sync(s, air);
    if (!hit) continue;
    ++tally.synced;
    dsp::SampleRing ring(65536);
    ring.push(air);
    climb(s, ring, *hit, std::span(bits).subspan(s.preamble_bits), tally);
  }
  return tally;
}

}  // namespace

int main(int argc, char** argv) {
  const Setup s = setup_for(argc > 1 ? argv[1] : "nrz");
  const int frames = argc > 2 ? std::atoi(argv[2]) : 100;
  testing::Channel channel;
  channel.carrier_hz = argc > 3 ? std::atof(argv[3]) : 300;
  channel.clock_ppm = argc > 4 ? std::atof(argv[4]) : 20;
  channel.drift_hz_per_s = argc > 5 ? std::atof(argv[5]) : 30;
  std::printf("Eb/N0  sync   3     3+ref 5+ref 7+ref best | est Eb/N0, BER(5), us per frame\n");
  for (int half_db = 8; half_db <= 22; ++half_db) {
    channel.ebn0_db = half_db / 2.0;
    const Tally tally = send_frames(s, channel, frames);
    std::printf("%5.1f  %.2f  ", channel.ebn0_db, static_cast<double>(tally.synced) / frames);
    for (const int n : tally.good) std::printf("%.2f  ", static_cast<double>(n) / frames);
    std::printf("| %.1f dB  %.4f  %.0f us\n", tally.estimated_db / tally.synced,
                tally.wrong_bits / tally.synced / static_cast<double>(s.frame_bits),
                tally.time_us / tally.synced);
    if (tally.good[0] == frames) break;
  }
}
