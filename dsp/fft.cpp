#include "dsp/fft.hpp"

#include <fftw3.h>

#include <algorithm>
#include <mutex>
#include <new>

#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

// FFTW's planner (and its clean-up) is the one part of it that is not thread-safe.
std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

fftwf_complex* as_fftw(Sample* p) { return reinterpret_cast<fftwf_complex*>(p); }

}  // namespace

struct Fft::Plan {
  std::size_t size = 0;
  Sample* in = nullptr;
  Sample* out = nullptr;
  fftwf_plan handle = nullptr;

  Plan(std::size_t n, FftDirection direction) : size(n) {
    const std::scoped_lock lock(planner_mutex());
    in = reinterpret_cast<Sample*>(fftwf_alloc_complex(n));
    out = reinterpret_cast<Sample*>(fftwf_alloc_complex(n));
    if (in == nullptr || out == nullptr) throw std::bad_alloc();
    handle = fftwf_plan_dft_1d(static_cast<int>(n), as_fftw(in), as_fftw(out),
                               direction == FftDirection::kForward ? FFTW_FORWARD : FFTW_BACKWARD,
                               FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    std::fill_n(in, n, Sample{});
    std::fill_n(out, n, Sample{});
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    const std::scoped_lock lock(planner_mutex());
    fftwf_destroy_plan(handle);
    fftwf_free(in);
    fftwf_free(out);
  }
};

Fft::Fft(std::size_t size, FftDirection direction)
    : plan_(std::make_unique<Plan>(size, direction)) {
  OMNI_ASSERT(size > 0);
}
Fft::~Fft() = default;
Fft::Fft(Fft&&) noexcept = default;
Fft& Fft::operator=(Fft&&) noexcept = default;

std::span<Sample> Fft::input() noexcept { return {plan_->in, plan_->size}; }
std::span<const Sample> Fft::output() const noexcept { return {plan_->out, plan_->size}; }
std::span<Sample> Fft::output() noexcept { return {plan_->out, plan_->size}; }
void Fft::run() noexcept { fftwf_execute(plan_->handle); }

}  // namespace omnisonde::dsp
