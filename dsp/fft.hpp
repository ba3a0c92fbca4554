// Forward and inverse complex FFT of any size. Only fft.cpp includes FFTW, so a swap touches one
// file.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

namespace omnisonde::dsp {

using Sample = std::complex<float>;  // full scale = 1.0

enum class FftDirection { kForward, kInverse };

/// One planned transform with its own aligned input and output buffers. Unnormalised: inverse after
/// forward multiplies by the size. Creating plans is serialised inside; running one is not, so one
/// object belongs to one thread at a time.
class Fft {
 public:
  /// @param size  number of points, > 0; products of 2, 3, 5 (and one 7) are fast.
  Fft(std::size_t size, FftDirection direction);
  ~Fft();
  Fft(Fft&&) noexcept;
  Fft& operator=(Fft&&) noexcept;

  [[nodiscard]] std::span<Sample> input() noexcept;
  [[nodiscard]] std::span<const Sample> output() const noexcept;
  [[nodiscard]] std::span<Sample> output() noexcept;

  /// Transforms input() into output(); input() is kept. Allocates: never.
  void run() noexcept;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace omnisonde::dsp
