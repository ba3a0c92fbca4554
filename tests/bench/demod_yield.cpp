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
#include <string>
#include <string_view>

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

}  // namespace

int main(int argc, char** argv) {
  const Setup s = setup_for(argc > 1 ? argv[1] : "nrz");
  const int frames = argc > 2 ? std::atoi(argv[2]) : 100;
  testing::Channel channel;
  channel.carrier_hz = argc > 3 ? std::atof(argv[3]) : 300;
  channel.clock_ppm = argc > 4 ? std::atof(argv[4]) : 20;
  channel.drift_hz_per_s = argc > 5 ? std::atof(argv[5]) : 30;
  const std::array<int, 5> rungs = {3, 3, 5, 7, 0};  // first without, then with refinement
  std::printf("Eb/N0  sync   3     3+ref 5+ref 7+ref best | est Eb/N0, BER(5), us per frame\n");
  for (double ebn0 = 4; ebn0 <= 11; ebn0 += 0.5) {
    int synced = 0;
    std::array<int, 5> ok{};
    double us = 0, estimated = 0, ber = 0;
    for (int f = 0; f < frames; ++f) {
      channel.ebn0_db = ebn0;
      channel.seed = static_cast<std::uint64_t>(f + 1000 * static_cast<int>(ebn0 * 10));
      std::mt19937_64 random(channel.seed * 77);
      std::vector<std::uint8_t> bits;
      for (std::size_t i = 0; i < s.preamble_bits; ++i) bits.push_back(i % 2);
      for (const char c : s.sync) bits.push_back(c == '1');
      while (bits.size() < s.preamble_bits + s.frame_bits) bits.push_back(random() & 1);
      const auto frame = std::span(bits).subspan(s.preamble_bits);
      const auto x =
          testing::fsk_signal(s.modem, testing::line_symbols(bits, s.modem.line_code), channel);
      const auto begin = std::chrono::steady_clock::now();
      dsp::SampleRing ring(65536);
      ring.push(x);
      dsp::SyncSearch search(s.modem, s.sync, true, 48'000);
      std::vector<dsp::SyncHit> hits;
      const std::array offsets = {-900.0, -300.0, 300.0, 900.0};
      search.search(x, 0, offsets, 0.5F, hits);
      const dsp::SyncHit* best = nullptr;
      const double want =
          0.02 * 48'000 + static_cast<double>(s.preamble_bits) * 48'000 / s.modem.bit_rate_hz();
      for (const auto& hit : hits) {
        if (std::abs(hit.start - want) < 20 && (best == nullptr || hit.score > best->score))
          best = &hit;
      }
      if (best == nullptr) continue;
      ++synced;
      dsp::FskDemod demod(s.modem, 48'000);
      const auto start = std::chrono::steady_clock::now();
      demod.load(ring, {.start = best->start, .carrier_hz = best->carrier_hz}, s.frame_bits);
      demod.refine_on_known(s.sync, best->inverted);
      std::vector<float> llr(s.frame_bits);
      for (std::size_t rung = 0; rung < 5; ++rung) {
        if (rungs[rung] == 0) {
          demod.load(ring, {.start = best->start, .carrier_hz = best->carrier_hz}, s.frame_bits);
          demod.refine_on_known(s.sync, best->inverted);
          demod.detect_best(llr);
        } else {
          demod.detect(rungs[rung], llr);
        }
        ok[rung] += good(s, frame, llr) ? 1 : 0;
        if (rung == 0) demod.refine_on_decisions(llr);
        if (rung == 2) {
          estimated += static_cast<double>(demod.level().ebn0_db);
          for (std::size_t i = 0; i < s.frame_bits; ++i)
            ber += (llr[i] > 0) != (frame[i] != 0) ? 1 : 0;
          us += std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
                    .count();
        }
      }
      (void)begin;
    }
    std::printf("%5.1f  %.2f  ", ebn0, static_cast<double>(synced) / frames);
    for (const int n : ok) std::printf("%.2f  ", static_cast<double>(n) / frames);
    std::printf("| %.1f dB  %.4f  %.0f us\n", estimated / synced,
                ber / synced / static_cast<double>(s.frame_bits), us / synced);
    if (ok[0] == frames) break;
  }
}
