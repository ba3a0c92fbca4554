#include "dsp/afsk_audio_demod.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kPadUnits = 9;         // more than FskDemod wants either side
constexpr double kCutoffPerBaud = 1.1;  // lets both tones' main lobes through

ModemParams tone_modem(const ModemParams& modem) {
  return {.symbol_rate_hz = modem.symbol_rate_hz,
          .deviation_hz = std::abs(modem.space_hz - modem.mark_hz) / 2,
          .bt = 0,
          .channel_rate_hz = modem.channel_rate_hz,
          .bandwidth_hz = 2 * modem.symbol_rate_hz};
}

std::size_t ring_size(double rate_hz) {
  std::size_t size = 1024;
  while (static_cast<double>(size) < 1.3 * rate_hz) size *= 2;
  return size;
}

}  // namespace

AfskAudioDemod::AfskAudioDemod(const ModemParams& modem, double rate_hz, SignalKind kind)
    : rate_hz_(rate_hz),
      middle_hz_((modem.space_hz + modem.mark_hz) / 2),
      kind_(kind),
      tones_(tone_modem(modem), rate_hz),
      tone_ring_(ring_size(rate_hz)) {
  // A windowed sinc of two bits' length: the mirror tones and the constant are far enough away.
  const auto reach = static_cast<std::size_t>(rate_hz / modem.symbol_rate_hz);
  const double cutoff = kCutoffPerBaud * modem.symbol_rate_hz / rate_hz;
  for (std::size_t i = 0; i <= reach; ++i) {
    const double t = 2 * std::numbers::pi * cutoff * static_cast<double>(i);
    const double sinc = i == 0 ? 1 : std::sin(t) / t;
    const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * static_cast<double>(i) /
                                               static_cast<double>(reach + 1));
    filter_.push_back(static_cast<float>(2 * cutoff * sinc * window));
  }
}

void AfskAudioDemod::load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) {
  const double unit = unit_samples() * fit.unit_scale;
  const auto reach = static_cast<std::int64_t>(filter_.size());
  const auto first = static_cast<std::int64_t>(std::floor(fit.start - kPadUnits * unit)) - reach;
  raw_.resize(static_cast<std::size_t>((static_cast<double>(bits) + 2 * kPadUnits) * unit) +
              2 * filter_.size());
  ring.copy(first, raw_);
  if (kind_ == SignalKind::kIq) discriminate();
  to_tones();
  tone_ring_.reset(first);
  tone_ring_.push(filtered_);
  fit_ = fit;
  FrameFit inner = fit;
  inner.carrier_hz = 0;
  tones_.load(tone_ring_, inner, bits);
}

void AfskAudioDemod::discriminate() {
  for (std::size_t i = raw_.size(); i-- > 1;)
    raw_[i] = {std::arg(times_conj(raw_[i], raw_[i - 1])), 0};
  if (!raw_.empty()) raw_[0] = {};
}

// The middle of the tones to 0 Hz, and all else away.
void AfskAudioDemod::to_tones() {
  double mean = 0;
  for (const Sample s : raw_) mean += static_cast<double>(s.real());
  mean /= static_cast<double>(std::max<std::size_t>(raw_.size(), 1));
  for (Sample& s : raw_) s = {s.real() - static_cast<float>(mean), 0};
  mixed_.resize(raw_.size());
  mix_down(raw_, mixed_, 0, middle_hz_ / rate_hz_, 0);
  filtered_.assign(raw_.size(), {});
  const std::size_t reach = filter_.size() - 1;
  for (std::size_t n = reach; n + reach < mixed_.size(); ++n) {
    Sample sum = mixed_[n] * filter_[0];
    for (std::size_t i = 1; i <= reach; ++i) sum += (mixed_[n - i] + mixed_[n + i]) * filter_[i];
    filtered_[n] = sum;
  }
}

void AfskAudioDemod::take_fit() {
  const double carrier_hz = fit_.carrier_hz;
  fit_ = tones_.fit();
  fit_.carrier_hz = carrier_hz;
}

// The mark is the lower tone: all bits are the complement of FskDemod's.
void AfskAudioDemod::refine_on_known(std::string_view known_bits, bool inverted) {
  tones_.refine_on_known(known_bits, !inverted);
  take_fit();
}

void AfskAudioDemod::detect(int block, std::span<float> llr) {
  tones_.detect(block, llr);
  for (float& x : llr) x = -x;
}

// FskDemod's own way would also adapt the deviation: these tones are fixed.
void AfskAudioDemod::detect_best(std::span<float> llr) {
  detect(3, llr);
  refine_on_decisions(llr);
  detect(5, llr);
}

void AfskAudioDemod::refine_on_decisions(std::span<const float> llr) {
  flipped_.assign(llr.begin(), llr.end());
  for (float& x : flipped_) x = -x;
  tones_.refine_on_decisions(flipped_);
  take_fit();
}

}  // namespace omnisonde::dsp
