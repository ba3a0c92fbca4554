#include "decoders/sondes/rs41_guess.hpp"

#include <algorithm>

#include "decoders/byte_reader.hpp"

namespace omnisonde::rs41 {
namespace {

// Guesses of the frame number that are less likely than the best by this much (natural logarithm)
// are out; the best must itself beat "none of them" by that.
constexpr double kLead = 8;
constexpr unsigned kLongestGap_frames = 120;
// One burst of interference must not decide alone: soft bits count up to this.
constexpr double kMost = 10;

// Number 2, row index 1, row 16, time of week 4.
constexpr std::size_t kRowAt = 3, kTowAt = 19, kGuessBytes = 23;

struct Guess {
  std::array<std::uint8_t, kGuessBytes> value{};
  std::array<std::uint8_t, kGuessBytes> mask{};
  void put(std::size_t at, std::span<const std::uint8_t> bytes) {
    std::ranges::copy(bytes, value.begin() + static_cast<std::ptrdiff_t>(at));
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), std::uint8_t{0xFF});
  }
};

std::size_t guess_position(std::size_t i, const Places& places) {
  if (i < 2) return places.status + i;
  return i < kTowAt ? places.status + 21 + i : places.gps_info + 2 + (i - kTowAt);
}

Guess make_guess(unsigned frames, const GuessInputs& in) {
  const auto number = static_cast<std::uint16_t>(ByteReader(in.status).u16_le(0) + frames);
  const bool encrypted = in.status[15] >= 3;  // then only the run-time row is ever sent
  const unsigned row = encrypted ? unsigned{kRuntimeRow} : subframe_of(number);
  Guess guess;
  guess.put(0, std::array{static_cast<std::uint8_t>(number & 0xFFU),
                          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(row)});
  if (row != kRuntimeRow && in.calibration.has_row(row)) guess.put(kRowAt, in.calibration.row(row));
  if (in.places.gps_info != 0 && in.gps_info) {
    const std::uint32_t tow_ms = ByteReader(*in.gps_info).u32_le(2) + 1000U * frames;
    for (std::size_t i = 0; i < 4; ++i) {
      guess.put(kTowAt + i, std::array{static_cast<std::uint8_t>(tow_ms >> (8 * i) & 0xFFU)});
    }
  }
  return guess;
}

/// Per bit of a guess: what a 0 and what a 1 there would gain.
using Gains = std::array<std::array<double, 2>, 8 * kGuessBytes>;

// Each guess says what number, row index, row and time the frame holds. ln P(signal | guess) minus
// ln P(signal | nothing known) adds up over the bits, so guesses that know more or less compare
// fairly.
Gains gains_of(std::span<const float> llr, const GuessInputs& in) {
  Gains gain{};
  const double scale = 3 / in.mean_llr;  // the demodulator's own scale is not trusted
  for (std::size_t i = 0; i < kGuessBytes; ++i) {
    const std::size_t at = guess_position(i, in.places);
    for (unsigned bit = 0; bit < 8; ++bit) {
      double value = std::clamp(static_cast<double>(llr[8 * at + bit]) * scale, -kMost, kMost);
      if (!std::isfinite(value)) value = 0;
      if ((kMask[at % kMask.size()] >> bit & 1U) != 0) value = -value;
      gain[8 * i + bit] = {std::log(2 / (1 + std::exp(value))),
                           std::log(2 / (1 + std::exp(-value)))};
    }
  }
  return gain;
}

double sum(const Gains& gain, const Guess& guess, std::size_t first, std::size_t last) {
  double total = 0;
  for (std::size_t bit = 8 * first; bit < 8 * last; ++bit) {
    if ((guess.mask[bit / 8] >> (bit % 8) & 1U) == 0) continue;
    total += gain[bit][guess.value[bit / 8] >> (bit % 8) & 1U];
  }
  return total;
}

/// Index 0 is not used.
using Scores = std::array<double, kLongestGap_frames + 1>;

Scores scores_of(const Gains& gain, const GuessInputs& in) {
  // Rows are alike (zeros, text): a row that is not known yet may be as fitting as any that is.
  double best_row = 0;
  for (std::size_t row = 0; row < kRuntimeRow; ++row) {
    if (!in.calibration.has_row(row)) continue;
    Guess guess;
    guess.put(kRowAt, in.calibration.row(row));
    best_row = std::max(best_row, sum(gain, guess, kRowAt, kTowAt));
  }
  Scores score{};
  for (unsigned frames = 1; frames <= kLongestGap_frames; ++frames) {
    const Guess guess = make_guess(frames, in);
    score[frames] = sum(gain, guess, 0, kRowAt) + sum(gain, guess, kTowAt, kGuessBytes) +
                    (guess.mask[kRowAt] != 0 ? sum(gain, guess, kRowAt, kTowAt) : best_row);
  }
  return score;
}

}  // namespace

FrameGuess guess_frame(std::span<const float> llr, const GuessInputs& in) {
  const Scores score = scores_of(gains_of(llr, in), in);
  const auto best = std::max_element(score.begin() + 1, score.end());
  FrameGuess out;
  if (*best < kLead + std::log(static_cast<double>(kLongestGap_frames))) return out;
  out.frames = static_cast<unsigned>(best - score.begin());
  Guess agreed = make_guess(out.frames, in);
  for (unsigned frames = 1; frames <= kLongestGap_frames; ++frames) {
    if (score[frames] < *best - kLead) continue;
    const Guess other = make_guess(frames, in);
    for (std::size_t i = 0; i < kGuessBytes; ++i) {
      agreed.mask[i] &=
          static_cast<std::uint8_t>(other.mask[i] & ~(agreed.value[i] ^ other.value[i]));
    }
    const unsigned apart = frames > out.frames ? frames - out.frames : out.frames - frames;
    out.spread = std::max(out.spread, apart);
  }
  for (std::size_t i = 0; i < kGuessBytes; ++i) {
    if (agreed.mask[i] == 0) continue;
    out.known.add(guess_position(i, in.places), agreed.value[i], agreed.mask[i]);
  }
  return out;
}

float mean_size(std::span<const float> llr) {
  double sum = 0;
  std::size_t count = 0;
  for (const float value : llr) {
    if (!std::isfinite(value) || value == 0) continue;
    sum += std::fabs(static_cast<double>(value));
    ++count;
  }
  return count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 1.0F;
}

}  // namespace omnisonde::rs41
