#include "dsp/fsk_demod.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"
#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr int kPad = 3;  // units before and after the frame: half of the longest block
constexpr std::size_t kShortFrame = 1000;  // bits
constexpr unsigned kAdaptEvery = 64;       // short frames; a deviation does not change in flight
constexpr unsigned kAdaptRun = 8;          // of these look for a better one
constexpr float kClear = 6;                // merit at which no other way of deciding can matter
constexpr std::size_t kWander = 5;         // units either side that give the local carrier
constexpr double kEarlyLate = 1.0 / 8;     // of a unit
// Modulation index from which units are not summed coherently: a timing error of a hundredth of a
// unit turns tones ten indices apart by a twentieth of a turn against each other, and no sync is
// that exact. Tone against tone costs little there.
constexpr double kWideIndex = 3;
constexpr float kMinNoiseShare = 1e-3F;  // noise floor for LLRs: no real channel is cleaner

// Sum of |coherent sums over `part` units|^2: grows with the quality of timing and carrier.
double part_power(std::span<const Sample> aligned, std::size_t part) {
  double total = 0;
  for (std::size_t i = 0; i + part <= aligned.size(); i += part) {
    Sample sum{};
    for (std::size_t j = 0; j < part; ++j) sum += aligned[i + j];
    total += static_cast<double>(std::norm(sum));
  }
  return total;
}

// Mean phase step between neighbouring sums of `group` units, in turns per unit.
double phase_step(std::span<const Sample> aligned, std::size_t group) {
  Sample total{}, previous{};
  for (std::size_t i = 0; i + group <= aligned.size(); i += group) {
    Sample sum{};
    for (std::size_t j = 0; j < group; ++j) sum += aligned[i + j];
    if (i > 0) total += times_conj(sum, previous);
    previous = sum;
  }
  return static_cast<double>(std::arg(total)) / kTwoPi / static_cast<double>(group);
}

}  // namespace

FskDemod::FskDemod(const ModemParams& modem, double rate_hz, std::shared_ptr<Workspace> workspace)
    : work_(workspace ? std::move(workspace) : std::make_shared<Workspace>()),
      modem_(modem),
      rate_hz_(rate_hz),
      unit_samples_(rate_hz / modem.bit_rate_hz()),
      wide_(2 * modem.deviation_hz > kWideIndex * modem.symbol_rate_hz) {}

void FskDemod::use_bank(double deviation_hz) {
  bank_ = &work_->bank(modem_, deviation_hz, rate_hz_);
}

void FskDemod::load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) {
  // Not before the first frame: most receivers never see one of their type.
  if (bank_ == nullptr) use_bank(modem_.deviation_hz);
  work_->owner = this;
  fit_ = fit;
  bits_ = bits;
  part_ = wide_ ? 1 : bits < kShortFrame ? 2 : 4;
  const double unit = unit_samples_ * fit.unit_scale;
  first_ = static_cast<std::int64_t>(std::floor(fit.start - (kPad + 2) * unit));
  const auto count = static_cast<std::size_t>((static_cast<double>(bits) + 2 * kPad + 4) * unit) +
                     static_cast<std::size_t>(bank_->length()) + 2;
  work_->raw.resize(count);
  work_->mixed.resize(count);
  ring.copy(first_, work_->raw);
  mixed_to_ = 0;
}

// Makes sure that the samples of units before `unit` have the present carrier taken out: a look at
// the sync alone need not mix the whole frame.
void FskDemod::mix_up_to(double unit) {
  if (mixed_hz_ != fit_.carrier_hz) mixed_to_ = 0;
  mixed_hz_ = fit_.carrier_hz;
  const double wanted = fit_.start - static_cast<double>(first_) +
                        (unit + 2) * unit_samples_ * fit_.unit_scale + bank_->length();
  const std::size_t to =
      std::min(work_->raw.size(), static_cast<std::size_t>(std::max(0.0, wanted)));
  if (to <= mixed_to_) return;
  const double turns = fit_.carrier_hz / rate_hz_;
  mix_down(std::span(work_->raw).subspan(mixed_to_, to - mixed_to_),
           std::span(work_->mixed).subspan(mixed_to_, to - mixed_to_),
           turns * static_cast<double>(mixed_to_), turns, 0);
  mixed_to_ = to;
}

FskDemod::Place FskDemod::place(double unit) const noexcept {
  const double last = static_cast<double>(work_->mixed.size()) - bank_->length() - 1;
  const double at = std::clamp(
      fit_.start + unit * unit_samples_ * fit_.unit_scale - static_cast<double>(first_), 0.0, last);
  const auto steps = static_cast<std::int64_t>(std::lround(at * UnitBank::kFractions));
  return {static_cast<std::size_t>(steps / UnitBank::kFractions),
          static_cast<int>(steps % UnitBank::kFractions)};
}

void FskDemod::correlate_units() {
  const auto contexts = static_cast<std::size_t>(bank_->contexts());
  work_->units.resize((bits_ + 2 * kPad) * contexts);
  mix_up_to(static_cast<double>(bits_) + kPad);
  for (std::size_t k = 0; k < bits_ + 2 * kPad; ++k) {
    const Place p = place(static_cast<double>(k) - kPad);
    bank_->correlate(work_->mixed.data() + p.sample, p.fraction,
                     work_->units.data() + k * contexts);
  }
}

// Contexts from signs; beyond the ends, where nothing is decided, bits alternate as a preamble
// would.
void FskDemod::contexts_of(std::span<const float> llr) {
  work_->context.resize(llr.size());
  const auto bit = [llr](std::size_t i) { return llr[i] > 0 ? 1 : 0; };
  for (std::size_t k = 0; k < llr.size(); ++k) {
    const int before = k > 0 ? bit(k - 1) : 1 - bit(k);
    const int after = k + 1 < llr.size() ? bit(k + 1) : 1 - bit(k);
    work_->context[k] = bank_->context_bits() == 3 ? before << 2 | bit(k) << 1 | after : bit(k);
  }
}

// Correlations of units [from, to) with what they are known or decided to be, shifted in time, with
// the modulation's phase taken out: a constant, if carrier and decisions are right.
void FskDemod::align(std::size_t from, std::size_t to, double shift_units) {
  work_->aligned.resize(to - from);
  mix_up_to(static_cast<double>(to) + shift_units);
  Sample unwound{1, 0};
  for (std::size_t k = from; k < to; ++k) {
    const Place p = place(static_cast<double>(k) + shift_units);
    const Sample r =
        bank_->correlate_one(work_->mixed.data() + p.sample, p.fraction, work_->context[k]);
    work_->aligned[k - from] = times(r, unwound);
    unwound = times(unwound, bank_->unwind(work_->context[k]));
    unwound /= std::abs(unwound);
  }
}

// Mean phase step from unit to unit, in turns: what carrier error is left. Between unequal bits of
// far tones a timing error turns the phase, and a deviation error turns it one way between ones and
// the other way between zeros: equal neighbours alone count, ones and zeros the same.
double FskDemod::unit_step(std::size_t from) const {
  if (!wide_) return phase_step(work_->aligned, 1);
  const int own_bit = 1 << ((bank_->context_bits() - 1) / 2);
  std::array<Sample, 2> total{};
  for (std::size_t i = 1; i < work_->aligned.size(); ++i) {
    const bool one = (work_->context[from + i] & own_bit) != 0;
    if (one != ((work_->context[from + i - 1] & own_bit) != 0)) continue;
    total[one ? 1 : 0] += times_conj(work_->aligned[i], work_->aligned[i - 1]);
  }
  double turns = 0;
  for (const Sample& t : total) turns += static_cast<double>(std::arg(t)) / kTwoPi;
  return turns / 2;
}

// The search compares shapes and not levels, and so takes what leaks into a carrier a unit rate
// beside that of far tones for a signal; the energy of the known units tells.
void FskDemod::choose_wide_carrier(std::size_t units) {
  constexpr double kClearly = 1.5;
  const double unit_rate_hz = rate_hz_ / unit_samples_;
  const FrameFit given = fit_;
  FrameFit best = given;
  double given_power = 0, best_power = 0;
  for (int step = -10; step <= 10; ++step) {
    fit_.carrier_hz = given.carrier_hz + step * unit_rate_hz / 8;
    for (int i = -4; i <= 4; ++i) {
      align(1, units - 1, i / 8.0);
      const double power = part_power(work_->aligned, 1);
      if (step == 0) given_power = std::max(given_power, power);
      if (power <= best_power) continue;
      best_power = power;
      best = fit_;
      best.start = given.start + i / 8.0 * unit_samples_;
    }
  }
  fit_ = best_power > kClearly * given_power ? best : given;
}

void FskDemod::refine_on_known(std::string_view known_bits, bool inverted) {
  OMNI_ASSERT(work_->owner == this);
  std::vector<float> known(std::min(known_bits.size(), bits_));
  for (std::size_t i = 0; i < known.size(); ++i) {
    known[i] = (known_bits[i] == '1') != inverted ? 1.0F : -1.0F;
  }
  contexts_of(known);
  if (wide_) choose_wide_carrier(known.size());
  // Coarse, then fine: the first look bears any carrier error, the second wants most of it gone.
  for (const double step : {1.0 / 8, 1.0 / 24}) {
    double best_power = -1, best_shift = 0, best_turns = 0;
    for (int i = -4; i <= 4; ++i) {
      align(1, known.size() - 1, i * step);
      const double turns = unit_step(1);
      for (std::size_t k = 0; k < work_->aligned.size(); ++k) {
        work_->aligned[k] = times(
            work_->aligned[k], Sample(std::polar(1.0, -kTwoPi * turns * static_cast<double>(k))));
      }
      const double power = part_power(work_->aligned, part_);
      if (power > best_power) {
        best_power = power;
        best_shift = i * step;
        best_turns = turns;
      }
    }
    fit_.start += best_shift * unit_samples_;
    fit_.carrier_hz += best_turns * rate_hz_ / unit_samples_;
  }
}

void FskDemod::detect(int block, std::span<float> llr) {
  OMNI_ASSERT(work_->owner == this && llr.size() == bits_);
  correlate_units();
  decide(block, false, llr);
  const float scale = level_.noise > 0 ? 2 * level_.amplitude / level_.noise : 0;
  for (float& x : llr) x *= scale;
}

// Margins of all bits. @returns how far they stand out of their own scatter: the figure of merit.
float FskDemod::decide(int block, bool follow, std::span<float> margin) {
  const std::span<const Sample> units = follow ? work_->turned : work_->units;
  work_->detector.detect(*bank_, units, kPad, wide_ ? 1 : block, margin);
  contexts_of(margin);
  estimate_level(units);
  double sum = 0, square = 0;
  for (const float m : margin) {
    sum += static_cast<double>(std::abs(m));
    square += static_cast<double>(m) * static_cast<double>(m);
  }
  const auto n = static_cast<double>(margin.size());
  const double mean = sum / n;
  return static_cast<float>(mean /
                            std::sqrt(std::max(square / n - mean * mean, 1e-12 * mean * mean)));
}

void FskDemod::detect_best(std::span<float> llr) {
  OMNI_ASSERT(work_->owner == this);
  correlate_units();
  decide(1, false, llr);
  refine_on_decisions(llr);
  if (short_frames_++ % kAdaptEvery < kAdaptRun) adapt_deviation(llr);
  correlate_units();
  struct Way {
    int block;
    bool follow;
  };
  float best = -1, scale = 0;
  FrameLevel level;
  work_->trial.resize(llr.size());
  for (const Way way : {Way{1, false}, Way{3, false}, Way{7, false}, Way{3, true}, Way{7, true}}) {
    if (way.follow) follow_carrier();
    const float merit = decide(way.block, way.follow, work_->trial);
    if (merit <= best) continue;
    best = merit;
    level = level_;
    scale = level_.noise > 0 ? 2 * level_.amplitude / level_.noise : 0;
    std::ranges::copy(work_->trial, llr.begin());
    if (best > kClear || wide_) break;
  }
  level_ = level;
  for (float& x : llr) x *= scale;
}

// Takes the carrier's wander out of the correlations: its local frequency is the mean phase step of
// the decided units around.
void FskDemod::follow_carrier() {
  align(0, bits_, 0);
  const auto contexts = static_cast<std::size_t>(bank_->contexts());
  work_->turned = work_->units;
  double turns = 0;
  for (std::size_t k = 0; k < bits_; ++k) {
    const std::size_t from = k > kWander ? k - kWander : 0;
    const std::size_t to = std::min(bits_ - 1, k + kWander);
    Sample step{};
    for (std::size_t i = from; i < to; ++i)
      step += times_conj(work_->aligned[i + 1], work_->aligned[i]);
    const Sample unwind(std::polar(1.0, -kTwoPi * turns));
    for (std::size_t c = 0; c < contexts; ++c) {
      Sample& r = work_->turned[(k + kPad) * contexts + c];
      r = times(r, unwind);
    }
    turns = std::fmod(turns + static_cast<double>(std::arg(step)) / kTwoPi, 1.0);
  }
}

// Long frames: powers of single units and of sums of several tell signal and noise apart, since the
// one grows with the square of the number of units, the other with the number. Short ones, whose
// transmitters may wander: by the moments of a Rician power, whose variance is E^2 - |mean|^4.
void FskDemod::estimate_level(std::span<const Sample> units) {
  const auto contexts = static_cast<std::size_t>(bank_->contexts());
  work_->aligned.resize(bits_);
  Sample unwound{1, 0};
  double single = 0, square = 0;
  for (std::size_t k = 0; k < bits_; ++k) {
    const Sample r = units[(k + kPad) * contexts + static_cast<std::size_t>(work_->context[k])];
    const auto power = static_cast<double>(std::norm(r));
    single += power;
    square += power * power;
    work_->aligned[k] = times(r, unwound);
    unwound = times(unwound, bank_->unwind(work_->context[k]));
    unwound /= std::abs(unwound);
  }
  const double n = unit_samples_;
  const auto count = static_cast<double>(bits_);
  single /= count;
  const auto part = static_cast<double>(part_);
  const double variance = square / count - single * single;
  double power = std::sqrt(std::max(0.0, single * single - variance)) / (n * n);
  if (bits_ >= kShortFrame && !wide_) {
    const double parts = std::floor(count / part);
    const double together = part_power(work_->aligned, part_) / std::max(parts, 1.0);
    power = (together - part * single) / (part * (part - 1) * n * n);
  }
  power = std::clamp(power, 0.0, single / (n * n));
  const double noise = std::max((single - power * n * n) / n,
                                static_cast<double>(kMinNoiseShare) * single / (n * n));
  level_.amplitude = static_cast<float>(std::sqrt(power));
  level_.noise = static_cast<float>(noise);
  const double symbol = rate_hz_ / modem_.symbol_rate_hz;
  level_.carrier_error_hz =
      (wide_ ? unit_step(0) : phase_step(work_->aligned, part_)) * rate_hz_ / unit_samples_;
  level_.ebn0_db =
      static_cast<float>(10 * std::log10(std::max(power, 1e-20) * symbol / std::max(noise, 1e-20)));
}

void FskDemod::refine_on_decisions(std::span<const float> llr) {
  OMNI_ASSERT(work_->owner == this);
  contexts_of(llr);
  align(0, bits_, 0);
  // Groups short enough for what carrier error is left, then long ones for precision.
  const double turns =
      bits_ < kShortFrame || wide_ ? unit_step(0) : phase_step(work_->aligned, part_);
  for (std::size_t k = 0; k < bits_; ++k) {
    work_->aligned[k] =
        times(work_->aligned[k],
              Sample(std::polar(1.0, -kTwoPi * std::fmod(turns * static_cast<double>(k), 1.0))));
  }
  const double fine = wide_ ? 0 : phase_step(work_->aligned, 4 * part_);
  fit_.carrier_hz += (turns + fine) * rate_hz_ / unit_samples_;
  fit_timing(std::max<std::size_t>(bits_ / 32, 32));
}

// A parabola through early, prompt and late gives each segment's timing; a line through those gives
// start and clock. Frames too short to tell the clock keep the one they came with.
void FskDemod::fit_timing(std::size_t segment_units) {
  constexpr std::size_t kClockBits = 1000;
  double n = 0, su = 0, suu = 0, se = 0, sue = 0;
  for (std::size_t from = 0; from + segment_units <= bits_; from += segment_units) {
    std::array<double, 3> power{};
    for (std::size_t i = 0; i < 3; ++i) {
      align(from, from + segment_units, (static_cast<double>(i) - 1) * kEarlyLate);
      power[i] = part_power(work_->aligned, part_);
    }
    const double curve = power[0] - 2 * power[1] + power[2];
    if (curve >= 0) continue;  // no peak: noise
    const double error = std::clamp(0.5 * (power[0] - power[2]) / curve, -1.5, 1.5) * kEarlyLate;
    const double u = static_cast<double>(from) + static_cast<double>(segment_units) / 2;
    n += 1, su += u, suu += u * u, se += error, sue += u * error;
  }
  if (n < 2) return;
  const double det = n * suu - su * su;
  const double slope = bits_ >= kClockBits && n > 4 ? (n * sue - su * se) / det : 0;
  const double offset = (se - slope * su) / n;
  fit_.start += offset * unit_samples_ * fit_.unit_scale;
  fit_.unit_scale *= 1 + std::clamp(slope, -3e-4, 3e-4);
}

void FskDemod::adapt_deviation(std::span<const float> llr) {
  OMNI_ASSERT(work_->owner == this);
  constexpr double kWorthwhile = 1.02;  // more than noise moves the power of a frame
  contexts_of(llr);
  const std::size_t count = std::min<std::size_t>(bits_, 512);
  const std::size_t part = bits_ < kShortFrame ? 1 : part_;
  align(0, count, 0);
  double best_power = part_power(work_->aligned, part) * kWorthwhile;
  double best_hz = bank_->deviation_hz();
  for (const double factor : {0.8, 0.86, 0.93, 1.0, 1.07, 1.2, 1.35, 1.5}) {
    use_bank(modem_.deviation_hz * factor);
    align(0, count, 0);
    const double power = part_power(work_->aligned, part);
    if (power > best_power) {
      best_power = power;
      best_hz = bank_->deviation_hz();
    }
  }
  use_bank(best_hz);
}

}  // namespace omnisonde::dsp
