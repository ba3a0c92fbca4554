// Writes CU8 samples at 2.4 MS/s to standard output: a band without a sonde and full of what looks
// like one. Noise, 12 bare carriers, three channels of voice FM (2.5 kHz deviation, speech-like
// audio, on for 4 s of every 6) and an OFDM-like signal 100 kHz wide (on for 1 s of every 2).
//
//   interference SECONDS [SEED]  |  omnisonde decode - --format cu8 --sample-rate 2400000
//
// SEED 0: the noise alone, an empty band.
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <random>
#include <vector>

#include "dsp/fft.hpp"

namespace {

using omnisonde::dsp::Sample;

constexpr double kRate_hz = 2'400'000;
constexpr std::size_t kBlock = 24'000;  // 10 ms
constexpr float kNoiseRms = 0.006F;
constexpr double kTwoPi = 2 * std::numbers::pi;

// Sum of four uniform numbers: near enough to a normal one, at one draw a sample.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : random_(seed) {}
  float next() {
    const std::uint64_t x = random_();
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += static_cast<float>(x >> (16 * i) & 0xFFFFU);
    return (sum / 65'536 - 2) * 1.732F;  // variance 4/12
  }

 private:
  std::mt19937_64 random_;
};

class Carrier {
 public:
  Carrier(double hz, double amplitude)
      : w_(amplitude, 0), step_(std::polar(1.0, kTwoPi * hz / kRate_hz)) {}
  void add(std::vector<Sample>& out) {
    for (Sample& s : out) {
      s += Sample(w_);
      w_ *= step_;
    }
  }

 private:
  std::complex<double> w_, step_;
};

// Audio: noise through a resonance at 700 Hz, whose level comes and goes as syllables do.
class Voice {
 public:
  Voice(double hz, double offset_s, std::uint64_t seed)
      : hz_(hz), clock_s_(offset_s), noise_(seed) {}
  void add(std::vector<Sample>& out) {
    constexpr int kStep = 100;  // audio at 24 kHz
    for (std::size_t base = 0; base < out.size(); base += kStep) {
      const double before = audio_;
      step_audio();
      clock_s_ += kStep / kRate_hz;
      const bool on = std::fmod(clock_s_, 6.0) < 4.0;
      for (std::size_t i = 0; i < kStep; ++i) {
        const double audio = before + (audio_ - before) * static_cast<double>(i) / kStep;
        phase_ += (hz_ + 2500 * audio) / kRate_hz;
        phase_ -= std::floor(phase_);
        if (on)
          out[base + i] += 0.02F * Sample(std::polar(1.0F, static_cast<float>(kTwoPi * phase_)));
      }
    }
  }

 private:
  void step_audio() {
    constexpr double kAudio_hz = 24'000, kCentre_hz = 700, kWidth_hz = 900;
    const double r = std::exp(-std::numbers::pi * kWidth_hz / kAudio_hz);
    const double syllable = std::max(0.0, std::sin(kTwoPi * 3.1 * clock_s_)) + 0.1;
    const double drive = 0.25 * syllable * static_cast<double>(noise_.next());
    const double next =
        drive + 2 * r * std::cos(kTwoPi * kCentre_hz / kAudio_hz) * y1_ - r * r * y2_;
    y2_ = y1_;
    y1_ = next;
    audio_ = std::tanh(next);
  }

  double hz_, clock_s_, phase_ = 0, audio_ = 0, y1_ = 0, y2_ = 0;
  Noise noise_;
};

class Ofdm {
 public:
  Ofdm(double hz, std::uint64_t seed)
      : fft_(2048, omnisonde::dsp::FftDirection::kInverse), random_(seed), mixer_(hz / kRate_hz) {}
  void add(std::vector<Sample>& out) {
    for (Sample& s : out) {
      if (at_ == 2048) symbol();
      const double t = static_cast<double>(count_++) / kRate_hz;
      if (std::fmod(t, 2.0) < 1.0)
        s += fft_.output()[at_] * Sample(std::polar(1.0F, static_cast<float>(kTwoPi * phase_)));
      ++at_;
      phase_ += mixer_;
      phase_ -= std::floor(phase_);
    }
  }

 private:
  void symbol() {
    for (Sample& bin : fft_.input()) bin = {};
    for (std::size_t k = 0; k < 86; ++k) {
      const auto quarter = static_cast<float>(random_() & 3U);
      fft_.input()[(k + 2048 - 43) % 2048] =
          0.004F / 9.3F * std::polar(1.0F, quarter * std::numbers::pi_v<float> / 2);
    }
    fft_.run();
    at_ = 0;
  }

  omnisonde::dsp::Fft fft_;
  std::mt19937_64 random_;
  double mixer_, phase_ = 0;
  std::size_t at_ = 2048;
  std::uint64_t count_ = 0;
};

std::uint8_t to_u8(float x) {
  return static_cast<std::uint8_t>(std::lround(std::fmin(std::fmax(x * 127.5F + 127.5F, 0), 255)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: interference SECONDS [SEED]\n");
    return 64;
  }
  const double seconds = std::atof(argv[1]);
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> aside(-3000, 3000), level_db(-30, 14);
  std::vector<Carrier> carriers;
  for (int i = 0; seed != 0 && i < 12; ++i)
    carriers.emplace_back(-1e6 + i * 182e3 + aside(random),
                          0.002 * std::pow(10, level_db(random) / 20));
  std::vector<Voice> voices;
  if (seed != 0) {
    constexpr std::array kVoice_hz = {-850e3, 150e3, 620e3};
    for (std::size_t i = 0; i < kVoice_hz.size(); ++i)
      voices.emplace_back(kVoice_hz[i], 2.0 * static_cast<double>(i), random());
  }
  Ofdm ofdm(400e3, random());
  Noise noise(random());
  std::vector<Sample> block(kBlock);
  std::vector<std::uint8_t> bytes(2 * kBlock);
  for (double t = 0; t < seconds; t += kBlock / kRate_hz) {
    for (Sample& s : block)
      s = {kNoiseRms * 0.707F * noise.next(), kNoiseRms * 0.707F * noise.next()};
    for (Carrier& c : carriers) c.add(block);
    for (Voice& v : voices) v.add(block);
    if (seed != 0) ofdm.add(block);
    for (std::size_t i = 0; i < kBlock; ++i) {
      bytes[2 * i] = to_u8(block[i].real());
      bytes[2 * i + 1] = to_u8(block[i].imag());
    }
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) return 1;
  }
  return 0;
}
