#include "dsp/afsk_demod.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"
#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr double kPadUnits = 60;  // the idle before a frame, which teaches as well
constexpr double kTailUnits = 4;
constexpr double kReach_hz = 6200;     // of the carrier about where it is expected
constexpr std::size_t kIdleBits = 20;  // marks ahead of the known word, if that begins with an idle
constexpr int kWordReach = 24;         // bits either way in which the word is looked for ...
constexpr int kWordSteps = 10;         // ... in such parts of a bit
constexpr double kStepsPerBeta = 3;
constexpr double kConvincing = 0.6;      // share of the power that a word explains in its place
constexpr std::size_t kPart = 4;         // bits summed coherently while the carrier is uncertain
constexpr std::size_t kLearnBits = 300;  // of a frame, that teach timing and deviation
constexpr float kMinNoiseShare = 1e-3F;  // noise floor for LLRs: no real channel is cleaner

double part_power(std::span<const Sample> aligned) {
  double total = 0;
  for (std::size_t i = 0; i + kPart <= aligned.size(); i += kPart) {
    Sample sum{};
    for (std::size_t j = 0; j < kPart; ++j) sum += aligned[i + j];
    total += static_cast<double>(std::norm(sum));
  }
  return total;
}

// The longest run of marks. @returns its first bit and length.
std::pair<std::size_t, std::size_t> longest_mark(std::span<const int> bits) {
  std::size_t best_from = 0, best = 0, from = 0;
  for (std::size_t i = 0; i <= bits.size(); ++i) {
    if (i < bits.size() && bits[i] == 1) continue;
    if (i - from > best) best_from = from, best = i - from;
    from = i + 1;
  }
  return {best_from, best};
}

}  // namespace

AfskDemod::AfskDemod(const ModemParams& modem, double rate_hz)
    : modem_(modem),
      rate_hz_(rate_hz),
      unit_samples_(rate_hz / modem.symbol_rate_hz),
      acquire_(rate_hz, modem.mark_hz, modem.deviation_hz),
      trellis_(modem) {}

void AfskDemod::load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) {
  fit_ = fit;
  bits_ = bits;
  decided_ = false;
  const double unit = unit_samples_ * fit.unit_scale;
  first_ = static_cast<std::int64_t>(std::floor(fit.start - kPadUnits * unit));
  raw_.resize(
      static_cast<std::size_t>((static_cast<double>(bits) + kPadUnits + kTailUnits) * unit) + 2);
  ring.copy(first_, raw_);
  mix();
}

void AfskDemod::mix() {
  mixed_.resize(raw_.size());
  mix_down(raw_, mixed_, 0, fit_.carrier_hz / rate_hz_, 0);
}

AfskPlace AfskDemod::place() const noexcept {
  return {.at = fit_.start - static_cast<double>(first_),
          .unit_samples = unit_samples_ * fit_.unit_scale,
          .audio_cycles = audio_cycles_,
          .carrier_turns = 0};
}

std::span<const Sample> AfskDemod::bits_between(double from, double to) const {
  const AfskPlace p = place();
  const auto most = static_cast<double>(mixed_.size());
  const double begin = std::clamp(std::ceil(p.at + from * p.unit_samples), 0.0, most);
  const double end = std::clamp(std::floor(p.at + to * p.unit_samples), begin, most);
  return std::span(mixed_).subspan(static_cast<std::size_t>(begin),
                                   static_cast<std::size_t>(end - begin));
}

void AfskDemod::refine_on_known(std::string_view known_bits, bool inverted) {
  (void)inverted;  // tones are what they are
  std::vector<int> bits;
  for (const char c : known_bits.substr(0, bits_)) bits.push_back(c == '1' ? 1 : 0);
  const auto [from, length] = longest_mark(bits);
  const bool idle = from == 0 && length >= kIdleBits;
  // Half a bit less at either end, since the timing is uncertain. An idle may have begun earlier,
  // and the place may be some bits off: what explains most is the mark.
  const auto first = static_cast<double>(from), last = static_cast<double>(from + length);
  std::vector<std::pair<double, double>> stretches = {{first + 0.4, last - 0.4}};
  if (idle) stretches.insert(stretches.end(), {{-22, last - 0.4}, {-48, -6}, {-30, -6}});
  AfskCarrier found;
  const Sample* found_at = nullptr;
  double found_samples = 1;
  for (const auto& [begin, end] : stretches) {
    const auto samples = bits_between(begin, end);
    if (samples.empty()) continue;
    const AfskCarrier candidate = acquire_.find(samples, kReach_hz);
    if (found_at != nullptr && candidate.power <= found.power) continue;
    found = candidate;
    found_at = samples.data();
    found_samples = static_cast<double>(samples.size());
  }
  if (found_at == nullptr) return;
  const AfskPlace p = place();
  const double anchor = (static_cast<double>(found_at - mixed_.data()) - p.at) / p.unit_samples;
  fit_.carrier_hz += found.carrier_hz;
  mix();
  trellis_.use(found.deviation_hz, found.deviation_hz);
  // From there to the first bit, mark by mark and space by space.
  audio_cycles_ = found.audio_cycles - (anchor - first) * trellis_.cycles(1);
  for (std::size_t i = 0; i < from; ++i) audio_cycles_ -= trellis_.cycles(bits[i]);
  if (idle)
    find_word(bits, found.power / found_samples);
  else
    find_timing(bits, 0.5);
}

// Where the idle ends and the known word follows, as a waveform: the search that led here looked
// at tones only. The mark's phase is known in time, so it moves with the start.
// @param power  of the carrier, by the idle
void AfskDemod::find_word(std::span<const int> bits, double power) {
  const std::span<const int> word = bits.subspan(kIdleBits);
  const AfskPlace before = place();
  aligned_.resize(word.size());
  double best = -1, best_shift = 0;
  // The wider the FM, the less of a bit makes a radian between the tones.
  const double beta = trellis_.mark_deviation_hz() / modem_.mark_hz;
  const int steps = std::max(kWordSteps, static_cast<int>(kStepsPerBeta * beta));
  const auto look = [&](int step) {
    const double shift = static_cast<double>(step) / steps;
    AfskPlace p = before;
    p.at += (shift + static_cast<double>(kIdleBits)) * p.unit_samples;
    p.audio_cycles += (shift + static_cast<double>(kIdleBits)) * trellis_.cycles(1);
    trellis_.follow(mixed_, p, word, aligned_);
    Sample sum{};
    for (const Sample s : aligned_) sum += s;
    const auto found = static_cast<double>(std::norm(sum));
    if (found <= best) return;
    best = found;
    best_shift = shift;
  };
  for (int step = -steps; step <= steps; ++step) look(step);
  const double whole = unit_samples_ * static_cast<double>(word.size());
  if (best < kConvincing * power * whole * whole) {
    for (int step = steps + 1; step <= kWordReach * steps; ++step) {
      look(step);
      look(-step);
    }
  }
  fit_.start += best_shift * before.unit_samples;
  audio_cycles_ += best_shift * trellis_.cycles(1);
  find_timing(bits, 1.5 / steps);
}

// Start, and the space tone's deviation, by the known bits.
void AfskDemod::find_timing(std::span<const int> bits, double reach_units) {
  constexpr int kSteps = 10;
  const AfskPlace before = place();
  const double mark_hz = trellis_.mark_deviation_hz();
  double best = -1, best_shift = 0, best_space = mark_hz;
  aligned_.resize(bits.size());
  for (const double space : {1.0, 0.7, 1.4}) {
    trellis_.use(mark_hz, mark_hz * space);
    for (int i = -kSteps; i <= kSteps; ++i) {
      const double shift = i * reach_units / kSteps;
      AfskPlace p = before;
      p.at += shift * p.unit_samples;
      p.audio_cycles += shift * trellis_.cycles(1);
      trellis_.follow(mixed_, p, bits, aligned_);
      const double power = part_power(aligned_) * (space == 1.0 ? 1.05 : 1.0);
      if (power <= best) continue;
      best = power;
      best_shift = shift;
      best_space = mark_hz * space;
    }
  }
  trellis_.use(mark_hz, best_space);
  fit_.start += best_shift * before.unit_samples;
  audio_cycles_ = before.audio_cycles + best_shift * trellis_.cycles(1);
}

void AfskDemod::detect(int block, std::span<float> llr) {
  OMNI_ASSERT(llr.size() == bits_);
  const float memory = block <= 3 ? 0.8F : block <= 5 ? 0.86F : 0.7F;
  trellis_.decide(mixed_, place(), memory, llr);
  decided_ = true;
  estimate_level();
  const float scale = level_.noise > 0 ? 2 * level_.amplitude / level_.noise : 0;
  for (float& x : llr) x *= scale;
}

void AfskDemod::detect_best(std::span<float> llr) {
  detect(3, llr);
  refine_on_decisions(llr);
  detect(5, llr);
}

// Neighbouring bits share the carrier but no noise.
void AfskDemod::estimate_level() {
  const auto path = trellis_.path();
  Sample together{};
  double single = 0;
  for (std::size_t k = 0; k < path.size(); ++k) {
    single += static_cast<double>(std::norm(path[k].aligned));
    if (k > 0) together += times_conj(path[k].aligned, path[k - 1].aligned);
  }
  const double n = unit_samples_;
  const auto count = static_cast<double>(path.size());
  single /= count;
  const double power =
      std::clamp(static_cast<double>(std::abs(together)) / count, 0.0, single) / (n * n);
  const double noise =
      std::max(single / n - power * n, static_cast<double>(kMinNoiseShare) * single / (n * n));
  level_.amplitude = static_cast<float>(std::sqrt(power));
  level_.noise = static_cast<float>(noise);
  level_.carrier_error_hz =
      static_cast<double>(std::arg(together)) / kTwoPi * modem_.symbol_rate_hz;
  level_.ebn0_db =
      static_cast<float>(10 * std::log10(std::max(power, 1e-20) * n / std::max(noise, 1e-20)));
}

double AfskDemod::path_power(double shift_units, double audio_shift) {
  AfskPlace p = place();
  p.at += shift_units * p.unit_samples;
  p.audio_cycles = audio_shift;
  aligned_.resize(std::min(bits_, kLearnBits));
  trellis_.follow_path(mixed_, p, 0, aligned_);
  return part_power(aligned_);
}

void AfskDemod::refine_on_decisions(std::span<const float> llr) {
  (void)llr;  // the path they came from says more
  if (!decided_) return;
  fit_.carrier_hz += level_.carrier_error_hz;
  mix();
  const double mean_cycles = (trellis_.cycles(0) + trellis_.cycles(1)) / 2;
  const double beta = modem_.deviation_hz / modem_.mark_hz;
  double best = -1, best_shift = 0, best_audio = 0;
  for (int i = -2; i <= 2; ++i) {
    for (int j = -1; j <= 1; ++j) {
      const double shift = i / 16.0;
      const double audio = shift * mean_cycles + j * 0.3 / (kTwoPi * beta);
      const double power = path_power(shift, audio);
      if (power <= best) continue;
      best = power;
      best_shift = shift;
      best_audio = audio;
    }
  }
  adapt_deviation(llr);
  fit_.start += best_shift * unit_samples_ * fit_.unit_scale;
  audio_cycles_ += best_audio;
}

// Each tone's deviation by the power that its bits give.
void AfskDemod::adapt_deviation(std::span<const float> llr) {
  (void)llr;
  if (!decided_) return;
  const std::array now = {trellis_.space_deviation_hz(), trellis_.mark_deviation_hz()};
  std::array<double, 2> best_power{}, best_hz = now;
  for (const double factor : {1.0, 0.94, 0.97, 1.03, 1.06}) {
    trellis_.use(now[1] * factor, now[0] * factor);
    path_power(0, 0);
    std::array<double, 2> power{};
    for (std::size_t k = 0; k < aligned_.size(); ++k) {
      power[static_cast<std::size_t>(trellis_.path()[k].bit)] +=
          static_cast<double>(std::norm(aligned_[k]));
    }
    for (std::size_t bit = 0; bit < 2; ++bit) {
      if (power[bit] <= best_power[bit] * 1.001) continue;
      best_power[bit] = power[bit];
      best_hz[bit] = now[bit] * factor;
    }
  }
  trellis_.use(best_hz[1], best_hz[0]);
}

}  // namespace omnisonde::dsp
