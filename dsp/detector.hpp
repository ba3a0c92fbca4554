// Finds carriers that could be sondes in an averaged spectrum.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace omnisonde::dsp {

struct Candidate {
  double offset_hz = 0;  ///< from the stream's centre
  float excess_db = 0;   ///< power over the noise floor, in the shape of a narrow sonde
  /// Share of that power in the strongest 600 Hz: nearly all of a bare carrier's, less than half of
  /// any modulated one's.
  float line_share = 0;
  /// The lower of the two valleys either side over the hump itself: near 1 inside of something
  /// wide.
  float valley = 0;
};

/// Looks for humps of about 11 kHz (both tones of a narrow sonde under one window). A second look,
/// with the carriers of the first blanked out, finds what lay in their shadow: a sonde 10 kHz away
/// and 18 dB weaker is no peak beside such a hump.
/// One thread. Allocates: only while growing to the spectrum's size.
class Detector {
 public:
  /// @param power         power per 200 Hz bin, lowest frequency first
  /// @param floor         noise floor per bin, same size
  /// @param min_excess_db least hump over the floor
  /// @param out           strongest first; cleared before
  void find(std::span<const float> power, std::span<const float> floor, float min_excess_db,
            std::vector<Candidate>& out);

 private:
  struct Found {
    std::size_t bin;
    float hump;
    double centre_bin;
    float line_share = 0, valley = 0;
  };
  void smooth(std::size_t from, std::size_t to);
  void look(float least);
  void look_in_shadows(float least);
  [[nodiscard]] bool is_peak(std::size_t bin) const;
  [[nodiscard]] bool under_skirt(std::size_t bin) const;
  [[nodiscard]] bool shadowed(const Found& weak, std::size_t strong) const;
  [[nodiscard]] double centre_of(std::size_t bin) const;
  [[nodiscard]] float line_share(std::size_t bin) const;
  [[nodiscard]] float valley(std::size_t bin) const;

  std::vector<float> all_;           ///< power over floor
  std::vector<float> ratio_, hump_;  ///< the same, strong ones blanked in the second look
  std::vector<Found> found_;
};

}  // namespace omnisonde::dsp
