#include "gateway/load_guard.hpp"

namespace omnisonde {
namespace {

constexpr double kBlock_s = 0.004;
constexpr unsigned kNextStep = 50;     // blocks (200 ms) that a step has to take effect
constexpr unsigned kBackAfter = 2500;  // blocks (10 s) of calm
constexpr double kCalm = 0.7;          // share of the time that the thread may be busy
constexpr double kSmoothing = 1.0 / 125;

}  // namespace

void LoadGuard::after_block(std::size_t waiting, std::size_t room, double busy_s) noexcept {
  load_ += kSmoothing * (busy_s / kBlock_s - load_);
  ++blocks_at_level_;
  const Shed now = level_;
  const auto step = static_cast<std::uint8_t>(now);
  // A quarter of the queue is 64 ms: a scheduler's hiccup, if it does not last.
  if (waiting * 4 >= room && now != Shed::kSpectrum && blocks_at_level_ >= kNextStep) {
    ++began_[step];
    level_ = static_cast<Shed>(step + 1);
    blocks_at_level_ = 0;
  } else if (waiting * 8 >= room || load_ > kCalm) {
    if (blocks_at_level_ > kNextStep) blocks_at_level_ = kNextStep;  // calm starts anew
  } else if (now != Shed::kNothing && blocks_at_level_ >= kBackAfter) {
    level_ = static_cast<Shed>(step - 1);
    blocks_at_level_ = 0;
  }
}

}  // namespace omnisonde
