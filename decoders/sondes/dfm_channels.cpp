#include "decoders/sondes/dfm_channels.hpp"

#include <algorithm>
#include <cmath>

namespace omnisonde::dfm {
namespace {

// Serial and model words count from here on (they are voted on), measurements only when better.
constexpr double kMaxSerialDoubt = 1e-3;
constexpr double kMaxValueDoubt = 1e-4;
constexpr double kMaxLogOdds = 40;
constexpr double kCertainAlone = 20;     // one reception: 2e-9
constexpr double kCertainTogether = 12;  // several that agree: 6e-6
constexpr std::int64_t kFreshMs = 60'000;
// A full turn takes 12 s at most: a channel that exists is heard twice in this time.
constexpr std::int64_t kTwoTurnsMs = 30'000;

constexpr unsigned kCode06 = 6, kCodePs15 = 7, kCode06P = 8, kCodeA = 0xA, kCodeB = 0xB,
                   kCodeC = 0xC, kCodeD = 0xD;
// DFM-17s begin here. SondeHub turns a DFM09 above kLast09Serial into DFM17 and drops its
// temperature: between the two the serial does not tell.
constexpr std::uint32_t kFirst17Serial = 23'000'000;
constexpr std::uint32_t kLast09Serial = 22'033'000;
// Channel 6 is a reference resistor with a P probe (some 220 to 400) and the processor's
// temperature, far above this, otherwise.
constexpr double kMaxReference = 220e3;

std::optional<std::uint32_t> decimal(std::uint32_t digits) {
  std::uint32_t value = 0;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const std::uint32_t digit = digits >> static_cast<unsigned>(shift) & 0xFU;
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

bool zero_tail(std::uint32_t value) { return (value & 0xFFFFFU) == 0; }
bool announces_decimal(std::uint32_t value) { return value == 0xA00000U || value == 0xB00000U; }

}  // namespace

bool VotedValue::add(std::uint32_t value, double doubt) {
  const double weight = std::min(kMaxLogOdds, -std::log(std::max(doubt, 1e-30)));
  if (weight <= 0) return true;
  if (receptions_ == 0 || value == value_) {
    value_ = value;
    log_odds_ = std::min(kMaxLogOdds, log_odds_ + weight);
    ++receptions_;
    return true;
  }
  const bool was_certain = certain();
  log_odds_ -= weight;
  if (log_odds_ < 0) {
    value_ = value;
    log_odds_ = -log_odds_;
    receptions_ = 1;
  }
  return !was_certain || (certain() && weight < kCertainAlone);
}

bool VotedValue::certain() const {
  return log_odds_ >= kCertainAlone || (receptions_ >= 2 && log_odds_ >= kCertainTogether);
}

bool ConfChannels::add(const ConfWord& word) {
  bool consistent = true;
  if (word.doubt <= kMaxSerialDoubt) consistent = add_serial(word);
  if (word.doubt <= kMaxValueDoubt) {
    Channel& channel = channels_[word.channel];
    channel.value = word.value;
    channel.before_ms = channel.received_ms;
    channel.received_ms = word.received_ms;
    ++channel.receptions;
  }
  last_ = word;
  return consistent;
}

bool ConfChannels::higher_channel_heard(const ConfWord& word) const {
  for (std::size_t i = word.channel + 1U; i < channels_.size(); ++i) {
    const Channel& channel = channels_[i];
    if (channel.receptions >= 2 && word.received_ms - channel.before_ms <= kTwoTurnsMs) return true;
  }
  return false;
}

bool ConfChannels::add_serial(const ConfWord& word) {
  if (word.channel < kCode06 || higher_channel_heard(word)) return true;
  const Channel& below = channels_[word.channel - 1U];
  if (below.receptions == 0 || word.received_ms - below.received_ms > kTwoTurnsMs) return true;
  const std::uint32_t top = word.value >> 20U;

  if (word.channel == kCode06 || word.channel == kCode06P) {
    const std::optional<std::uint32_t> number = decimal(word.value);
    if (!announces_decimal(below.value) || !number) return true;
    return code_.add(word.channel, word.doubt) && decimal_.add(*number, word.doubt);
  }
  if (!zero_tail(below.value)) return true;
  if (word.channel == kCodePs15) {
    // Only a PS-15 sends 6 and 7 in consecutive frames.
    const bool follows =
        last_.channel == kCodePs15 - 1 && word.received_ms - last_.received_ms < 300;
    return top == 0 && follows ? add_half(word) : true;
  }
  return word.channel > kCode06P && top == 0xC ? add_half(word) : true;
}

bool ConfChannels::add_half(const ConfWord& word) {
  const std::uint32_t which = word.value & 0xFU;
  if (which > 1) return true;
  const std::uint32_t half = word.value >> 4U & 0xFFFFU;
  VotedValue& vote = which == 0 ? high_ : low_;
  return code_.add(word.channel, word.doubt) && vote.add(half, word.doubt);
}

std::optional<unsigned> ConfChannels::code() const {
  if (!code_.certain()) return std::nullopt;
  return code_.value();
}

std::string ConfChannels::serial() const {
  const auto number = code();
  if (!number) return {};
  std::uint32_t value = 0;
  if (*number == kCode06 || *number == kCode06P) {
    if (decimal_.certain()) value = decimal_.value();
  } else if (high_.certain() && low_.certain()) {
    value = high_.value() << 16U | low_.value();
  }
  return value == 0 ? std::string{} : std::to_string(value);  // 0: not programmed
}

std::string_view ConfChannels::model(bool inverted) const {
  const auto number = code();
  if (!number) return {};
  switch (*number) {
    case kCode06:
      return "DFM06";
    case kCode06P:
      return "DFM06P";
    case kCodePs15:
      return "PS-15";
    case kCodeA: {
      if (!high_.certain() || !low_.certain()) return {};
      const std::uint32_t serial = high_.value() << 16U | low_.value();
      if (serial >= kFirst17Serial) return "DFM17";
      if (serial <= kLast09Serial) return "DFM09";
      return inverted ? "DFM17" : std::string_view{};
    }
    case kCodeB:
      return "DFM17";
    case kCodeC: {
      const Channel& reference = channels_[6];
      if (reference.receptions == 0) return {};
      const double value =
          std::ldexp(reference.value & 0xFFFFFU, -static_cast<int>(reference.value >> 20U));
      return value < kMaxReference ? "DFM09P" : "DFM17";
    }
    case kCodeD:
      return "DFM17P";
    default:
      return {};
  }
}

const ConfChannels::Channel* ConfChannels::fresh(std::size_t channel, std::int64_t now_ms) const {
  const Channel& c = channels_[channel];
  return c.receptions > 0 && now_ms - c.received_ms <= kFreshMs ? &c : nullptr;
}

std::optional<double> ConfChannels::measured(std::size_t channel, std::int64_t now_ms) const {
  const Channel* c = fresh(channel, now_ms);
  if (c == nullptr || zero_tail(c->value)) return std::nullopt;
  return std::ldexp(c->value & 0xFFFFFU, -static_cast<int>(c->value >> 20U));
}

std::optional<float> ConfChannels::temperature_c(bool inverted, std::int64_t now_ms) const {
  const std::string_view name = model(inverted);
  if (name.empty() || name == "PS-15") return std::nullopt;
  const bool p_probe = name.back() == 'P';
  const auto f = measured(p_probe ? 1 : 0, now_ms);
  const auto series = measured(p_probe ? 5 : 3, now_ms);
  const auto reference = measured(p_probe ? 6 : 4, now_ms);
  if (!f || !series || !reference) return std::nullopt;
  const double reference_ohm = name.starts_with("DFM17") ? 332e3 : 220e3;
  const double ohm = (*f - *series) * reference_ohm / *reference;
  if (ohm <= 0) return std::nullopt;
  // NTC of 5 kOhm at 25 C; the beta of 3260 K is a fit for -55..+40 C.
  const double kelvin = 1.0 / (1.0 / 298.15 + std::log(ohm / 5000.0) / 3260.0);
  const double celsius = kelvin - 273.15;
  if (!(celsius > -120 && celsius < 80)) return std::nullopt;
  return static_cast<float>(celsius);
}

std::optional<unsigned> ConfChannels::processor_word(std::size_t offset, bool inverted,
                                                     std::int64_t now_ms) const {
  const auto number = code();
  const std::string_view name = model(inverted);
  if (!number || *number < kCodeA || name.empty()) return std::nullopt;
  const Channel* c = fresh((name.back() == 'P' ? 7 : 5) + offset, now_ms);
  if (c == nullptr) return std::nullopt;
  return c->value >> 4U & 0xFFFFU;
}

std::optional<float> ConfChannels::battery_v(bool inverted, std::int64_t now_ms) const {
  const auto millivolts = processor_word(0, inverted, now_ms);
  if (!millivolts || *millivolts == 0) return std::nullopt;
  return static_cast<float>(*millivolts) * 0.001F;
}

std::optional<float> ConfChannels::processor_c(bool inverted, std::int64_t now_ms) const {
  const auto centikelvin = processor_word(1, inverted, now_ms);
  if (!centikelvin || *centikelvin == 0) return std::nullopt;
  return static_cast<float>(*centikelvin * 0.01 - 273.15);
}

std::optional<unsigned> ConfChannels::uptime_s(bool inverted, std::int64_t now_ms) const {
  if (!model(inverted).starts_with("DFM17")) return std::nullopt;
  return processor_word(2, inverted, now_ms);
}

}  // namespace omnisonde::dfm
