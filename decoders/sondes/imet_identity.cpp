#include "decoders/sondes/imet_identity.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "decoders/fec/sha256.hpp"

namespace omnisonde::imet {
namespace {

constexpr std::size_t kAgreeing = 5;        // records, four pairs, that decide
constexpr std::int64_t kDecidingMs = 4000;  // in less, a jitter could hide what tells models apart
constexpr std::size_t kRemembered = 8;
constexpr std::int64_t kJitterMs = 1000;  // of the reported second
constexpr std::int64_t kForgetMs = 300'000;

UtcMillis power_on(Model model, UtcMillis time, std::uint16_t number) {
  return {time.ms - 1000 * std::int64_t{model == Model::kImet1 ? number / 2 : number}};
}

}  // namespace

std::string public_id(UtcMillis on, double frequency_hz) {
  const CivilTime t = to_civil(on);
  std::array<char, 80> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ%.3f MHzSONDE", t.year, t.month,
      t.day, t.hour, t.minute, t.second, std::round(frequency_hz / 1e5) / 10);
  const auto digest =
      fec::sha256({text.data(), static_cast<std::size_t>(std::clamp(length, 0, 79))});
  std::string id;
  for (std::size_t i = digest.size() - 4; i < digest.size(); ++i) {
    id += "0123456789ABCDEF"[digest[i] >> 4U];
    id += "0123456789ABCDEF"[digest[i] & 0xFU];
  }
  return id;
}

// A model is right when the power-on that it gives stays where it is while the number moves.
std::optional<Identity::Known> Identity::judge(double frequency_hz) const {
  if (recent_.size() < kAgreeing) return std::nullopt;
  const auto last = recent_.end() - static_cast<std::ptrdiff_t>(kAgreeing);
  for (const Model model : {Model::kImet1, Model::kImet4}) {
    std::vector<std::int64_t> on;
    bool moves = true;
    for (auto it = last; it != recent_.end(); ++it) {
      on.push_back(power_on(model, it->time, it->number).ms);
      if (it != last) moves = moves && it->number > (it - 1)->number && it->time > (it - 1)->time;
    }
    std::ranges::sort(on);
    const auto spread = on.back() - on.front();
    // Of an iMet-1 the numbers run twice as fast as the time, so that only one of the two can fit.
    const auto elapsed = (recent_.end() - 1)->time.ms - last->time.ms;
    if (!moves || spread > kJitterMs || elapsed < kDecidingMs) continue;
    const UtcMillis middle{on[on.size() / 2]};
    return Known{model, middle, public_id(middle, frequency_hz)};
  }
  return std::nullopt;
}

void Identity::add(UtcMillis time, std::uint16_t number, double frequency_hz) {
  if (known_) {
    const std::int64_t off = power_on(known_->model, time, number).ms - known_->power_on.ms;
    fits_ = std::abs(off) <= kJitterMs;
    if (fits_) {
      recent_.clear();
      return;
    }
  }
  if (!recent_.empty() &&
      (time <= recent_.back().time || time.ms - recent_.back().time.ms > kForgetMs))
    recent_.clear();
  fits_ = false;
  if (recent_.empty()) ++stranger_epoch_;
  recent_.push_back({time, number});
  if (recent_.size() > kRemembered) recent_.erase(recent_.begin());
  if (std::optional<Known> found = judge(frequency_hz)) {
    known_ = std::move(found);
    known_epoch_ = stranger_epoch_;
    fits_ = true;
    recent_.clear();
  }
}

}  // namespace omnisonde::imet
