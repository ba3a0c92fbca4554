// RS41: from soft bits to a whole frame. The ladder: signs only, then erasures and the headers that
// every frame has, then what the flight taught us (already added to the soft bits by then).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "decoders/sonde.hpp"
#include "decoders/sondes/rs41_frame.hpp"

namespace omnisonde::rs41 {

/// What of a flight the correction may use besides the soft bits.
struct FlightHint {
  const Layout* layout = nullptr;        ///< of the last good frame of this length; may be null
  std::span<const std::uint8_t> serial;  ///< 8 bytes, or empty while unknown
};

/// Corrects frames of one length at a time. Holds scratch memory only: no state between frames.
class FrameCorrector {
 public:
  FrameCorrector();

  /// @param llr  8 * frame_bytes soft bits as on air.
  /// @returns    false when the checks that are left over cannot rule out an accident.
  bool run(std::span<const float> llr, std::size_t frame_bytes, Effort effort,
           const FlightHint& hint, Frame& out);

 private:
  struct Candidate {
    std::array<std::uint8_t, fec::ReedSolomon::kMaxLength> symbols;
    double evidence_bits;
  };
  struct Word {
    bool solid = false;  ///< best candidate is [0] and needs no other proof
    std::vector<Candidate> candidates;
  };

  void slice(std::span<const float> llr);
  void choose_headers(std::span<const float> llr, const FlightHint& hint);
  void know(std::span<const float> llr, std::size_t first, std::span<const std::uint8_t> bytes);
  void patch();
  void gather(std::size_t word, std::span<std::uint8_t> symbols) const;
  bool try_decode(std::size_t word, std::span<const std::uint8_t> erasures);
  void try_erasures(std::size_t word);
  bool settle(Frame& out);
  bool settle_by_checksums(Effort effort, const FlightHint& hint, Frame& out);
  void assemble(const Candidate& even, const Candidate& odd);
  void finish(Frame& out, bool vouched) const;

  std::size_t bytes_count_ = 0;
  std::array<std::uint8_t, kExtendedBytes> hard_{};   ///< as sliced
  std::array<std::uint8_t, kExtendedBytes> work_{};   ///< hard_, with known bytes put in
  std::array<float, kExtendedBytes> weakness_{};      ///< sum of the bits' error odds
  std::array<float, kExtendedBytes> reliability_{};   ///< smallest |llr|
  std::array<std::int16_t, kExtendedBytes> known_{};  ///< -1 where nothing is known
  std::array<std::uint8_t, kExtendedBytes> frame_{};  ///< the two words put together
  std::array<Word, 2> words_;
};

}  // namespace omnisonde::rs41
