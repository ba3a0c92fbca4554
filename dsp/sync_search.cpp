#include "dsp/sync_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"
#include "dsp/sample_ring.hpp"

namespace omnisonde::dsp {
namespace {

float power(Sample s) { return s.real() * s.real() + s.imag() * s.imag(); }

float magnitude(Sample s) { return std::sqrt(power(s)); }

// The product of samples so far apart holds most of the tone: the carrier swings by 1.5 rad.
std::size_t product_lag(const ModemParams& modem, double rate_hz) {
  if (modem.modulation != Modulation::kAfsk) return 0;
  const double lag = 1.5 / (2 * std::numbers::pi) * rate_hz / std::max(modem.deviation_hz, 1.0);
  return static_cast<std::size_t>(std::max(1L, std::lround(lag)));
}

std::vector<float> line_symbols(std::string_view bits, LineCode code) {
  std::vector<float> out;
  for (const char bit : bits) {
    const float level = bit == '1' ? 1.0F : -1.0F;
    if (code == LineCode::kManchester) out.push_back(-level);
    out.push_back(level);
  }
  return out;
}

}  // namespace

SyncSearch::SyncSearch(const ModemParams& modem, std::string_view sync_bits, bool accept_inverted,
                       double rate_hz, SignalKind kind, std::shared_ptr<SearchBuffers> buffers)
    : rate_hz_(rate_hz),
      symbol_samples_(rate_hz / modem.symbol_rate_hz),
      deviation_hz_(modem.deviation_hz),
      accept_inverted_(accept_inverted),
      kind_(kind),
      modulation_(modem.modulation),
      mark_hz_(modem.mark_hz),
      space_hz_(modem.space_hz),
      lag_(product_lag(modem, rate_hz)),
      // A fifth of a symbol is close enough to find the pattern; a sample is the finest step.
      phases_(std::clamp(static_cast<int>(symbol_samples_ / 2), 1, 5)),
      pattern_(line_symbols(sync_bits, modem.line_code)),
      buffers_(buffers ? std::move(buffers) : std::make_shared<SearchBuffers>()) {
  pattern_samples_ = symbol_samples_ * static_cast<double>(pattern_.size());
  if (buffers_->level.size() < static_cast<std::size_t>(phases_))
    buffers_->level.resize(static_cast<std::size_t>(phases_));
  const std::size_t n = std::min<std::size_t>(pattern_.size(), 64);
  for (std::size_t i = pattern_.size() - n; i < pattern_.size(); ++i)
    pattern_signs_ = pattern_signs_ << 1 | (pattern_[i] > 0 ? 1U : 0U);
  sign_mask_ = n == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

void SyncSearch::tone_sums(std::span<const Sample> x, double hz,
                           std::vector<Sample>& prefix) const {
  prefix.resize(x.size() + 1);
  const std::span<Sample> mixed(prefix.data() + 1, x.size());
  mix_down(x, mixed, 0, hz / rate_hz_, 0);
  prefix[0] = {};
  Sample sum{};
  for (Sample& s : mixed) {
    sum += s;
    s = sum;
  }
}

void SyncSearch::audio_sums(std::span<const Sample> x) {
  std::vector<float>& sums = buffers_->audio;
  sums.resize(x.size() + 1);
  float sum = 0;
  sums[0] = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i].real();
    sums[i + 1] = sum;
  }
}

// Tones of the product (of audio: as it is), either side of 0 Hz, without what is constant.
void SyncSearch::afsk_sums(std::span<const Sample> x) {
  const bool audio = kind_ == SignalKind::kFmAudio;
  buffers_->product.assign(x.size(), {});
  Sample mean{};
  const std::size_t from = audio ? 0 : std::min(lag_, x.size());
  for (std::size_t i = from; i < x.size(); ++i) {
    buffers_->product[i] = audio ? Sample(x[i].real()) : times_conj(x[i], x[i - lag_]);
    mean += buffers_->product[i];
  }
  mean /= static_cast<float>(std::max<std::size_t>(x.size() - from, 1));
  for (std::size_t i = from; i < x.size(); ++i) buffers_->product[i] -= mean;
  tone_sums(buffers_->product, space_hz_, buffers_->low);
  tone_sums(buffers_->product, mark_hz_, buffers_->high);
  if (audio) return;
  tone_sums(buffers_->product, -space_hz_, buffers_->low_mirror);
  tone_sums(buffers_->product, -mark_hz_, buffers_->high_mirror);
}

float SyncSearch::symbol_level(std::size_t from, std::size_t to) const {
  const SearchBuffers& b = *buffers_;
  if (modulation_ == Modulation::kFsk && kind_ == SignalKind::kFmAudio)
    return (b.audio[to] - b.audio[from]) / static_cast<float>(to - from);
  if (modulation_ == Modulation::kAfsk && kind_ == SignalKind::kIq) {
    return std::sqrt(power(b.high[to] - b.high[from]) +
                     power(b.high_mirror[to] - b.high_mirror[from])) -
           std::sqrt(power(b.low[to] - b.low[from]) + power(b.low_mirror[to] - b.low_mirror[from]));
  }
  return magnitude(b.high[to] - b.high[from]) - magnitude(b.low[to] - b.low[from]);
}

// A carrier offset is a constant in discriminator audio; the mean over a pattern's length removes
// it.
void SyncSearch::remove_mean(std::vector<float>& level) const {
  std::vector<float>& raw = buffers_->raw_level;
  raw = level;
  const std::size_t n = pattern_.size();
  double sum = 0;
  for (std::size_t k = 0; k < raw.size(); ++k) {
    sum += static_cast<double>(raw[k]);
    if (k >= n) sum -= static_cast<double>(raw[k - n]);
    const std::size_t middle = k + 1 >= n ? k + 1 - n / 2 : k;
    level[std::min(middle, k)] = raw[std::min(middle, k)] -
                                 static_cast<float>(sum / static_cast<double>(std::min(k + 1, n)));
  }
}

void SyncSearch::symbol_levels(std::size_t samples) {
  for (int phase = 0; phase < phases_; ++phase) {
    auto& level = buffers_->level[static_cast<std::size_t>(phase)];
    level.clear();
    const double offset = symbol_samples_ * phase / phases_;
    auto from = static_cast<std::size_t>(offset + 0.5);
    for (int k = 1;; ++k) {
      const auto to = static_cast<std::size_t>(offset + k * symbol_samples_ + 0.5);
      if (to > samples) break;
      level.push_back(symbol_level(from, to));
      from = to;
    }
    if (kind_ == SignalKind::kFmAudio && modulation_ == Modulation::kFsk) remove_mean(level);
  }
}

// The signs alone tell where a look at the levels is worth it: of a pattern of 64 symbols in noise
// one place in 400 remains. Where the levels reach the threshold, the signs of a signal at 3 dB
// Eb/N0 agree as well as the levels do.
bool SyncSearch::signs_agree(std::uint64_t signs, float least) const {
  const auto n = static_cast<int>(std::min<std::size_t>(pattern_.size(), 64));
  const int differ = std::popcount((signs ^ pattern_signs_) & sign_mask_);
  const auto agreement = static_cast<float>(n - 2 * differ) / static_cast<float>(n);
  return agreement >= least || (accept_inverted_ && -agreement >= least);
}

float SyncSearch::score_at(const float* level, double energy) const {
  const std::size_t n = pattern_.size();
  std::array<float, 4> part{};  // four sums, so that the loop vectorises
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) part[lane] += pattern_[i + lane] * level[i + lane];
  }
  for (; i < n; ++i) part[0] += pattern_[i] * level[i];
  const float dot = part[0] + part[1] + part[2] + part[3];
  return dot / static_cast<float>(std::sqrt(std::max(energy, 1e-30) * static_cast<double>(n)));
}

void SyncSearch::correlate(std::int64_t first, double offset_hz, float threshold) {
  constexpr float kSignShare = 0.6F;  // of the threshold
  const std::size_t n = pattern_.size();
  const std::size_t signs_from = n - std::min<std::size_t>(n, 64);  // the last 64 symbols
  for (int phase = 0; phase < phases_; ++phase) {
    const auto& level = buffers_->level[static_cast<std::size_t>(phase)];
    if (level.size() < n) continue;
    double energy = 0;
    std::uint64_t signs = 0;
    for (std::size_t i = 0; i < n; ++i) {
      energy += static_cast<double>(level[i] * level[i]);
      if (i >= signs_from) signs = signs << 1 | (level[i] > 0 ? 1U : 0U);
    }
    for (std::size_t k = 0; k + n <= level.size(); ++k) {
      if (signs_agree(signs, kSignShare * threshold)) {
        const float score = score_at(level.data() + k, energy);
        if (score > threshold || (accept_inverted_ && -score > threshold)) {
          const double start =
              symbol_samples_ * phase / phases_ + static_cast<double>(k) * symbol_samples_;
          buffers_->found.push_back(
              {static_cast<double>(first) + start, offset_hz, std::abs(score), score < 0});
        }
      }
      if (k + n < level.size()) {
        energy += static_cast<double>(level[k + n] * level[k + n] - level[k] * level[k]);
        signs = signs << 1 | (level[k + n] > 0 ? 1U : 0U);
      }
    }
  }
}

void SyncSearch::keep_best(std::vector<SyncHit>& hits) {
  std::ranges::sort(buffers_->found,
                    [](const SyncHit& a, const SyncHit& b) { return a.score > b.score; });
  const std::size_t before = hits.size();
  for (const SyncHit& hit : buffers_->found) {
    const bool near_better = std::any_of(
        hits.begin() + static_cast<std::ptrdiff_t>(before), hits.end(), [&](const SyncHit& other) {
          return std::abs(other.start - hit.start) < 1.5 * symbol_samples_;
        });
    if (!near_better) hits.push_back(hit);
  }
  std::sort(hits.begin() + static_cast<std::ptrdiff_t>(before), hits.end(),
            [](const SyncHit& a, const SyncHit& b) { return a.start < b.start; });
}

void SyncSearch::search(std::span<const Sample> x, std::int64_t first,
                        std::span<const double> offsets_hz, float threshold,
                        std::vector<SyncHit>& hits) {
  buffers_->found.clear();
  if (modulation_ == Modulation::kAfsk) {
    if (x.size() <= lag_) return;
    afsk_sums(x);
    symbol_levels(x.size());
    // Any carrier does; the middle one is the likeliest.
    correlate(first, offsets_hz.empty() ? 0 : offsets_hz[offsets_hz.size() / 2], threshold);
    keep_best(hits);
    return;
  }
  if (kind_ == SignalKind::kFmAudio) {
    audio_sums(x);
    symbol_levels(x.size());
    correlate(first, 0, threshold);
    keep_best(hits);
    return;
  }
  for (const double offset_hz : offsets_hz) {
    tone_sums(x, offset_hz - deviation_hz_, buffers_->low);
    tone_sums(x, offset_hz + deviation_hz_, buffers_->high);
    symbol_levels(x.size());
    correlate(first, offset_hz, threshold);
  }
  keep_best(hits);
}

}  // namespace omnisonde::dsp
