// The table of all keys: what each is, and where its value goes. Parsing, checks, suggestions and
// the reference in docs/configuration.md all follow from it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config.hpp"

namespace omnisonde {

enum class KeyKind : std::uint8_t {
  kText,        ///< any UTF-8 text, may be empty
  kRequired,    ///< text that may not be empty
  kNumber,      ///< in [min, max], in `unit`
  kInteger,     ///< the same, whole
  kNumberOr,    ///< a number or one of `words`
  kYesNo,       ///<
  kWord,        ///< one of `words`
  kTypes,       ///< list of sonde types
  kNumbers,     ///< list of numbers in [min, max]
  kFixed,       ///< list of number:type
  kSampleRate,  ///< a rate that the channelizer takes
  kUrl,         ///< scheme out of `words`, then ://host
  kListen       ///< address:port or one of `words`
};

/// A value after the checks of its kind; which members count depends on the kind.
struct KeyValue {
  std::string text;   ///< text, word, url
  double number = 0;  ///< numbers; index of the word for kWord; 1 or 0 for kYesNo
  bool is_word = false;
  std::vector<double> numbers;
  std::vector<std::string> words;
  std::vector<FixedFrequency> fixed;
};

/// Puts a value into its place. `index` counts the sections of that kind ([sdr:a] 0, [sdr:b] 1).
using KeySetter = void (*)(Config&, std::size_t index, const KeyValue&);

struct KeySpec {
  std::string_view section;  ///< "sdr" and "mqtt" stand for [sdr:NAME] and [mqtt:NAME]
  std::string_view key;
  KeyKind kind;
  std::string_view unit;           ///< "MHz"; empty where there is none
  double min, max;                 ///< of numbers
  std::string_view words;          ///< separated by '|'
  std::string_view default_value;  ///< as it would stand in the file; empty: not set
  std::string_view help;           ///< one or two sentences
  KeySetter set;
};

struct SectionSpec {
  std::string_view name;
  bool named;  ///< written [name:NAME], any number of times
  std::string_view help;
};

[[nodiscard]] std::span<const KeySpec> config_keys();
[[nodiscard]] std::span<const SectionSpec> config_sections();

/// The rows of the feeds (config_keys_feeds.cpp), part of the tables above.
[[nodiscard]] std::span<const KeySpec> feed_keys();
[[nodiscard]] std::span<const SectionSpec> feed_sections();

/// @returns whether the section is written [kind:NAME].
[[nodiscard]] bool is_named_section(std::string_view kind);

/// @returns the row, or null.
[[nodiscard]] const KeySpec* find_key(std::string_view section, std::string_view key);

/// @returns the nearest of `names` when it is near enough to be a slip of the pen, else empty.
[[nodiscard]] std::string_view nearest_name(std::string_view name,
                                            std::span<const std::string_view> names);

/// Splits at `separator` and trims the parts; empty text gives no parts.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text, char separator);

}  // namespace omnisonde
