// Finds a known run of line symbols in a stretch of samples, at any of several carrier offsets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dsp/fft.hpp"
#include "dsp/modem_params.hpp"
#include "dsp/search_buffers.hpp"

namespace omnisonde::dsp {

/// What the samples are: complex baseband, or FM-discriminator audio in the real part.
enum class SignalKind : std::uint8_t { kIq, kFmAudio };

/// Noncoherent: tone against tone per symbol, then correlation with the pattern. That is all a
/// search needs (its loss against coherent search is made up by the pattern's length) and it bears
/// a carrier error of an eighth of the symbol rate. AFSK is looked for in the product of samples a
/// little apart, whose tones do not depend on the carrier. One thread. Allocates: only while
/// growing to the longest stretch seen.
class SyncSearch {
 public:
  /// @param sync_bits  '0'/'1' data bits; the line code of `modem` turns them into symbols
  /// @param buffers    shared with other searches of the same thread; null: its own
  SyncSearch(const ModemParams& modem, std::string_view sync_bits, bool accept_inverted,
             double rate_hz, SignalKind kind = SignalKind::kIq,
             std::shared_ptr<SearchBuffers> buffers = nullptr);

  /// Samples that the pattern covers.
  [[nodiscard]] double pattern_samples() const noexcept { return pattern_samples_; }

  /// Searches x for patterns that start in [0, x.size() - pattern_samples()).
  /// @param first      absolute index of x[0]
  /// @param offsets_hz carriers to try
  /// @param threshold  lowest score
  /// @param hits       appended in order of time; one per place (the best within a symbol or two)
  void search(std::span<const Sample> x, std::int64_t first, std::span<const double> offsets_hz,
              float threshold, std::vector<SyncHit>& hits);

 private:
  void tone_sums(std::span<const Sample> x, double hz, std::vector<Sample>& prefix) const;
  void audio_sums(std::span<const Sample> x);
  void afsk_sums(std::span<const Sample> x);
  [[nodiscard]] float symbol_level(std::size_t from, std::size_t to) const;
  void remove_mean(std::vector<float>& level) const;
  void symbol_levels(std::size_t samples);
  [[nodiscard]] bool signs_agree(std::uint64_t signs, float least) const;
  [[nodiscard]] float score_at(const float* level, double energy) const;
  void correlate(std::int64_t first, double offset_hz, float threshold);
  void keep_best(std::vector<SyncHit>& hits);

  double rate_hz_, symbol_samples_, deviation_hz_, pattern_samples_;
  bool accept_inverted_;
  SignalKind kind_;
  Modulation modulation_;
  double mark_hz_, space_hz_;
  std::size_t lag_;  ///< AFSK: samples apart
  int phases_;
  std::vector<float> pattern_;                       ///< +1 / -1 per line symbol
  std::uint64_t pattern_signs_ = 0, sign_mask_ = 0;  ///< of its last 64 symbols
  std::shared_ptr<SearchBuffers> buffers_;
};

}  // namespace omnisonde::dsp
