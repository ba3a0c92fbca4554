#include "gateway/config_values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace omnisonde {
namespace {

/// Units of the same dimension, for "that looks like Hz" and "40dB".
struct Unit {
  std::string_view name;
  char dimension;
  double factor;
};
constexpr std::array kUnits = {
    Unit{"Hz", 'f', 1},         Unit{"kHz", 'f', 1e3}, Unit{"MHz", 'f', 1e6},
    Unit{"GHz", 'f', 1e9},      Unit{"m", 'l', 1},     Unit{"km", 'l', 1e3},
    Unit{"ft", 'l', 0.3048},    Unit{"s", 't', 1},     Unit{"ms", 't', 1e-3},
    Unit{"min", 't', 60},       Unit{"h", 't', 3600},  Unit{"m/s", 'v', 1},
    Unit{"km/h", 'v', 1 / 3.6}, Unit{"MB", 'b', 1},    Unit{"GB", 'b', 1e3},
    Unit{"kB", 'b', 1e-3},
};

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

const Unit* find_unit(std::string_view name) {
  for (const Unit& u : kUnits) {
    if (u.name == name) return &u;
  }
  for (const Unit& u : kUnits) {
    if (same_letters(u.name, name)) return &u;
  }
  return nullptr;
}

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string range_words(const KeySpec& key) {
  std::string out = number_text(key.min) + " to " + number_text(key.max);
  if (!key.unit.empty()) out += " " + std::string(key.unit);
  return out;
}

std::string words_of(const KeySpec& key) {
  std::string out;
  for (const std::string_view w : split_list(key.words, '|')) {
    if (!out.empty()) out += ", ";
    out += w;
  }
  return out;
}

/// How the value would be written in the key's unit, if it was meant in `meant`.
std::optional<double> converted(double value, const Unit* meant, const KeySpec& key) {
  const Unit* own = find_unit(key.unit);
  if (meant == nullptr || own == nullptr || meant == own || meant->dimension != own->dimension) {
    return std::nullopt;
  }
  const double out = value * meant->factor / own->factor;
  if (out < key.min || out > key.max) return std::nullopt;
  return out;
}

Error out_of_range(const KeySpec& key, std::string_view text, double value) {
  const std::string what = quoted(text) + " is outside " + range_words(key);
  for (const Unit& u : kUnits) {
    if (const auto better = converted(value, &u, key)) {
      return {what + ", it looks like " + std::string(u.name),
              "in " + std::string(key.unit) + " it is " + number_text(*better)};
    }
  }
  return {what, ""};
}

Error bad_number(const KeySpec& key, std::string_view text, double value, std::string_view rest) {
  if (rest.size() > 1 && rest[0] == ',' && std::isdigit(static_cast<unsigned char>(rest[1]))) {
    std::string better(text);
    std::replace(better.begin(), better.end(), ',', '.');
    return {quoted(text) + " is not one number", "write a decimal point: " + better};
  }
  if (rest.find_first_of("#;") != std::string_view::npos) {
    return {quoted(text) + " is not a number", "a comment after a value begins with ` ;`"};
  }
  if (rest.empty() || rest.size() == text.size()) {
    std::string wanted = "a number in " + range_words(key);
    if (!key.words.empty()) wanted += ", or " + words_of(key);
    return {quoted(text) + " is not a number", "write " + wanted};
  }
  const std::size_t letters = rest.find_first_not_of(' ');
  std::string unit(rest.substr(letters == std::string_view::npos ? 0 : letters));
  if (key.unit == "Hz" && unit.size() == 1) unit += "Hz";  // 2.4M
  const auto better = converted(value, find_unit(unit), key);
  const std::string plain = number_text(better.value_or(value));
  if (key.unit.empty()) return {quoted(text) + " is not a plain number", "write " + plain};
  return {quoted(text) + ": the value holds a unit",
          "the unit of this key is always " + std::string(key.unit) + ", write " + plain};
}

Expected<double> parse_number(const KeySpec& key, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string_view rest(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  if (code != std::errc() || !rest.empty() || !std::isfinite(value)) {
    return bad_number(key, text, value, rest);
  }
  if (value < key.min || value > key.max) return out_of_range(key, text, value);
  if (key.kind == KeyKind::kInteger && value != std::floor(value)) {
    return Error{quoted(text) + " is not a whole number", ""};
  }
  return value;
}

Expected<double> parse_sample_rate(const KeySpec& key, std::string_view text) {
  auto value = parse_number(key, text);
  if (!value || is_supported_sample_rate(*value)) return value;
  // The usual rates of receivers among those that the channelizer takes.
  constexpr std::array kUsual = {250e3,   300e3, 900e3,  960e3, 1.024e6, 1.2e6, 1.28e6,
                                 1.536e6, 1.8e6, 1.92e6, 2e6,   2.048e6, 2.4e6, 2.5e6,
                                 2.56e6,  3e6,   3.2e6,  4e6,   5e6,     6e6,   8e6,
                                 10e6,    12e6,  16e6,   20e6};
  const auto* const above = std::upper_bound(kUsual.begin(), kUsual.end(), *value);
  std::string near;
  if (above != kUsual.begin()) near = number_text(*(above - 1));
  if (above != kUsual.end()) near += (near.empty() ? "" : " or ") + number_text(*above);
  return Error{quoted(text) +
                   " Hz is not supported: it must be whole kHz and, divided by 200, "
                   "have only the prime factors 2, 3 and 5",
               "the nearest usual rates are " + near};
}

Expected<std::size_t> parse_word(const KeySpec& key, std::string_view text) {
  const auto words = split_list(key.words, '|');
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return i;
  }
  const std::string_view near = nearest_name(text, words);
  std::string what = quoted(text) + " is not known";
  if (!near.empty()) what += ", did you mean " + std::string(near) + "?";
  return Error{what, "one of: " + words_of(key)};
}

Expected<KeyValue> parse_yes_no(std::string_view text) {
  KeyValue out;
  if (text == "yes" || text == "no") {
    out.number = text == "yes" ? 1 : 0;
    return out;
  }
  for (const std::string_view word : {"true", "on", "1", "y"}) {
    if (same_letters(text, word)) return Error{quoted(text) + " is not yes or no", "write yes"};
  }
  for (const std::string_view word : {"false", "off", "0", "n"}) {
    if (same_letters(text, word)) return Error{quoted(text) + " is not yes or no", "write no"};
  }
  return Error{quoted(text) + " is not yes or no", ""};
}

/// @returns the type's name as the registry spells it.
Expected<std::string> parse_type(std::string_view text, std::span<const std::string> known) {
  if (text.empty()) return Error{"a type is missing between two commas", ""};
  if (known.empty()) return std::string(text);
  std::vector<std::string_view> names(known.begin(), known.end());
  for (const std::string_view name : names) {
    if (same_letters(name, text)) return std::string(name);
  }
  const std::string_view near = nearest_name(text, names);
  std::string what = quoted(text) + " is no sonde type";
  if (!near.empty()) what += ", did you mean " + std::string(near) + "?";
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return Error{what, "types: " + all};
}

Expected<KeyValue> parse_list(const KeySpec& key, std::string_view text,
                              std::span<const std::string> types) {
  KeyValue out;
  if (text.find_first_of("[]\"'") != std::string_view::npos) {
    return Error{quoted(text) + " is not a plain list", "separate by commas, without brackets"};
  }
  for (const std::string_view part : split_list(text, ',')) {
    const std::size_t colon = part.find(':');
    const bool has_type = key.kind == KeyKind::kFixed;
    if (has_type && colon == std::string_view::npos) {
      return Error{quoted(part) + " has no type", "write frequency:type, for example 401.5:RS41"};
    }
    if (key.kind != KeyKind::kTypes) {
      auto number = parse_number(key, has_type ? part.substr(0, colon) : part);
      if (!number) return number.error();
      out.numbers.push_back(*number);
    }
    if (key.kind != KeyKind::kNumbers) {
      auto type = parse_type(has_type ? part.substr(colon + 1) : part, types);
      if (!type) return type.error();
      out.words.push_back(*type);
    }
    if (has_type) out.fixed.push_back({out.numbers.back(), out.words.back()});
  }
  return out;
}

Expected<KeyValue> parse_url(const KeySpec& key, std::string_view text) {
  const std::size_t mark = text.find("://");
  const auto schemes = split_list(key.words, '|');
  const std::string_view scheme = text.substr(0, mark == std::string_view::npos ? 0 : mark);
  if (std::find(schemes.begin(), schemes.end(), scheme) == schemes.end()) {
    return Error{quoted(text) + " does not begin with one of: " + words_of(key),
                 "for example " + std::string(schemes.front()) + "://host"};
  }
  const std::string_view rest = text.substr(mark + 3);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (host.empty() || host.starts_with(':') || text.find(' ') != std::string_view::npos) {
    return Error{quoted(text) + " names no host", ""};
  }
  if (host.find('@') != std::string_view::npos) {
    // The text itself stays out of the message: it may hold a password.
    return Error{"the address holds a user or password", "use user, password_file or token_file"};
  }
  KeyValue out;
  out.text = text;
  return out;
}

Expected<KeyValue> parse_listen(std::string_view text) {
  KeyValue out;
  if (text == "off") {
    out.is_word = true;
    return out;
  }
  const std::size_t colon = text.rfind(':');
  const Error bad{quoted(text) + " is not address:port",
                  "for example 0.0.0.0:8073, 127.0.0.1:8073 or [::]:8073; or off"};
  if (colon == std::string_view::npos || colon == 0) return bad;
  std::string host(text.substr(0, colon));
  const std::string_view port = text.substr(colon + 1);
  int number = -1;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc() || end != port.data() + port.size()) return bad;
  if (number < 1 || number > 65535) return Error{quoted(text) + ": ports are 1 to 65535", ""};
  std::array<unsigned char, 16> address{};
  if (host == "localhost") host = "127.0.0.1";
  const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (v6) host = host.substr(1, host.size() - 2);
  if (inet_pton(v6 ? AF_INET6 : AF_INET, host.c_str(), address.data()) != 1) return bad;
  out.text = host;
  out.number = number;
  return out;
}

Expected<KeyValue> parse_text(const KeySpec& key, std::string_view text) {
  if (!is_clean_utf8(text)) {
    return Error{"the text is not valid UTF-8", "save the file as UTF-8, without tabs in values"};
  }
  if (key.kind == KeyKind::kRequired && text.empty()) return Error{"the value is missing", ""};
  KeyValue out;
  out.text = text;
  return out;
}

Expected<KeyValue> from_number(Expected<double> number) {
  if (!number) return number.error();
  KeyValue out;
  out.number = *number;
  return out;
}

Expected<KeyValue> from_word(const KeySpec& key, std::string_view text) {
  auto index = parse_word(key, text);
  if (!index) return index.error();
  KeyValue out;
  out.is_word = true;
  out.text = text;
  out.number = static_cast<double>(*index);
  return out;
}

bool is_word_of(const KeySpec& key, std::string_view text) {
  const auto words = split_list(key.words, '|');
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

std::string number_text(double value) {
  std::array<char, 40> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                    std::round(value * 1e6) / 1e6, std::chars_format::fixed);
  return {buffer.data(), result.ptr};
}

bool is_clean_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : 9;
    if (lead < 0x20 || lead == 0x7F || more == 9 || i + more >= text.size()) return false;
    for (std::size_t j = 1; j <= more; ++j) {
      if ((static_cast<unsigned char>(text[i + j]) & 0xC0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

Expected<KeyValue> parse_value(const KeySpec& key, std::string_view text,
                               std::span<const std::string> sonde_types) {
  switch (key.kind) {
    case KeyKind::kText:
    case KeyKind::kRequired:
      return parse_text(key, text);
    case KeyKind::kTypes:
    case KeyKind::kNumbers:
    case KeyKind::kFixed:
      return parse_list(key, text, sonde_types);
    default:
      break;
  }
  if (text.empty()) return Error{"the value is missing", "write one, or delete the line"};
  switch (key.kind) {
    case KeyKind::kNumber:
    case KeyKind::kInteger:
      return from_number(parse_number(key, text));
    case KeyKind::kSampleRate:
      return from_number(parse_sample_rate(key, text));
    case KeyKind::kNumberOr:
      return is_word_of(key, text) ? from_word(key, text) : from_number(parse_number(key, text));
    case KeyKind::kYesNo:
      return parse_yes_no(text);
    case KeyKind::kWord:
      return from_word(key, text);
    case KeyKind::kUrl:
      return parse_url(key, text);
    default:
      return parse_listen(text);
  }
}

}  // namespace omnisonde
