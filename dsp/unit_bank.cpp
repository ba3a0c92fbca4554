#include "dsp/unit_bank.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr int kOversampling = 16;  // of the phase integral, per sample fraction step

// Share of the full deviation at `u` symbols after a symbol's start: a rectangle of one symbol
// through a Gaussian filter of bandwidth-time product bt. Source: Murota & Hirade, IEEE Trans.
// Comm. 1981.
double pulse(double u, float bt) {
  if (bt <= 0) return u >= 0 && u < 1 ? 1.0 : 0.0;
  const double sigma = std::sqrt(std::numbers::ln2) / (kTwoPi * static_cast<double>(bt));
  const auto phi = [sigma](double x) {
    return 0.5 * std::erfc(-x / (sigma * std::numbers::sqrt2));
  };
  return phi(u) - phi(u - 1);
}

// Line symbols (+-1) of a context, and the place of the unit's first symbol among them.
struct Symbols {
  std::array<int, 6> sign{};
  int count = 0, first = 0;
};

void append_bit(Symbols& s, bool bit, LineCode code) {
  const int high = bit ? 1 : -1;
  if (code == LineCode::kManchester) s.sign[static_cast<std::size_t>(s.count++)] = -high;
  s.sign[static_cast<std::size_t>(s.count++)] = high;
}

Symbols symbols_of(int context, int context_bits, LineCode code) {
  Symbols s;
  for (int bit = context_bits - 1; bit >= 0; --bit) {
    if (bit == (context_bits - 1) / 2) s.first = s.count;
    append_bit(s, ((context >> bit) & 1) != 0, code);
  }
  return s;
}

// One lane per stored waveform, so that the loop vectorises without reordering a sum.
template <int kLanes>
void accumulate(const Sample* x, const float* w, int length, float* real, float* imag) {
  for (int n = 0; n < length; ++n) {
    const float xr = x[n].real(), xi = x[n].imag();
    for (int lane = 0; lane < kLanes; ++lane) {
      real[lane] += xr * w[n * kLanes + lane];
      imag[lane] += xi * w[n * kLanes + lane];
    }
  }
}

}  // namespace

UnitBank::UnitBank(const ModemParams& modem, double deviation_hz, double rate_hz)
    : unit_samples_(rate_hz / modem.bit_rate_hz()),
      deviation_hz_(deviation_hz),
      context_bits_(modem.bt > 0 ? 3 : 1),
      length_(static_cast<int>(std::ceil(unit_samples_)) + 1),
      unwind_(at(contexts())) {
  const double symbol_samples = rate_hz / modem.symbol_rate_hz;
  const int per_sample = kFractions * kOversampling;
  const int steps = static_cast<int>(std::ceil(unit_samples_ * per_sample)) + 1;
  const int centre_bit = 1 << ((context_bits_ - 1) / 2);
  const Symbols shape = symbols_of(0, context_bits_, modem.line_code);
  // Each symbol's share of the deviation at each step: the same for all contexts but for its sign.
  std::vector<double> share(at(steps * shape.count));
  for (int i = 0; i < steps; ++i) {
    const double u = (i + 0.5) / per_sample / symbol_samples;
    for (int j = 0; j < shape.count; ++j) {
      share[at(i * shape.count + j)] = pulse(u - (j - shape.first), modem.bt);
    }
  }
  std::vector<double> phase(at(steps));
  waves_.assign(at(kFractions * contexts() * length_), 0.0F);
  for (int context = 0; context < contexts(); ++context) {
    const Symbols s = symbols_of(context, context_bits_, modem.line_code);
    double turns = 0;
    for (int i = 0; i < steps; ++i) {
      phase[at(i)] = turns;
      double level = 0;
      for (int j = 0; j < s.count; ++j) level += s.sign[at(j)] * share[at(i * s.count + j)];
      turns += level * deviation_hz / rate_hz / per_sample;
    }
    const double end = phase[at(static_cast<int>(unit_samples_ * per_sample))];
    unwind_[at(context)] = Sample(std::polar(1.0, -kTwoPi * end));
    if ((context & centre_bit) != 0) add_waveform(context, phase, per_sample);
  }
}

void UnitBank::add_waveform(int context, std::span<const double> phase_turns,
                            int steps_per_sample) {
  const auto pair = static_cast<int>(pair_context_.size());
  const int lanes = contexts();
  pair_context_.push_back(context);
  for (int fraction = 0; fraction < kFractions; ++fraction) {
    float* w = waves_.data() + at(fraction * length_ * lanes);
    for (int n = 0; n < length_; ++n) {
      const int step = n * steps_per_sample - fraction * steps_per_sample / kFractions;
      if (step < 0 || step >= unit_samples_ * steps_per_sample) continue;  // outside the unit: 0
      const double angle = kTwoPi * phase_turns[at(step)];
      w[n * lanes + pair] = static_cast<float>(std::cos(angle));
      w[n * lanes + lanes / 2 + pair] = static_cast<float>(std::sin(angle));
    }
  }
}

void UnitBank::correlate(const Sample* x, int fraction, Sample* out) const noexcept {
  const int pairs = contexts() / 2;
  const float* w = waves_.data() + at(fraction * length_ * contexts());
  std::array<float, 8> real{}, imag{};  // x.real and x.imag against all cosines, then all sines
  if (pairs == 4) {
    accumulate<8>(x, w, length_, real.data(), imag.data());
  } else {
    accumulate<2>(x, w, length_, real.data(), imag.data());
  }
  for (int pair = 0; pair < pairs; ++pair) {
    const std::size_t c = at(pair), s = at(pairs + pair);
    const int context = pair_context_[at(pair)];
    out[context] = {real[c] + imag[s], imag[c] - real[s]};                   // x * conj(w)
    out[contexts() - 1 - context] = {real[c] - imag[s], imag[c] + real[s]};  // x * w
  }
}

Sample UnitBank::correlate_one(const Sample* x, int fraction, int context) const noexcept {
  const int lanes = contexts();
  const int pairs = lanes / 2;
  const int complement = contexts() - 1 - context;
  int pair = 0;
  while (pair_context_[at(pair)] != context && pair_context_[at(pair)] != complement) ++pair;
  const float sign = pair_context_[at(pair)] == context ? 1.0F : -1.0F;
  const float* w = waves_.data() + at(fraction * length_ * lanes);
  float real = 0, imag = 0;
  for (int n = 0; n < length_; ++n) {
    const float c = w[n * lanes + pair];
    const float s = sign * w[n * lanes + pairs + pair];
    real += x[n].real() * c + x[n].imag() * s;
    imag += x[n].imag() * c - x[n].real() * s;
  }
  return {real, imag};
}

}  // namespace omnisonde::dsp
