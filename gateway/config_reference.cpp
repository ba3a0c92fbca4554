// The reference of all keys, made from the table that also checks them.
#include "gateway/config_keys.hpp"
#include "gateway/config_values.hpp"

namespace omnisonde {
namespace {

std::string words(std::string_view list, std::string_view joint) {
  std::string out;
  for (const std::string_view word : split_list(list, '|')) {
    out += (out.empty() ? "" : std::string(joint)) + "`" + std::string(word) + "`";
  }
  return out;
}

std::string range_column(const KeySpec& key) {
  std::string numbers = number_text(key.min) + " to " + number_text(key.max);
  switch (key.kind) {
    case KeyKind::kText:
      return "text";
    case KeyKind::kRequired:
      return "text, not empty";
    case KeyKind::kNumber:
      return numbers;
    case KeyKind::kInteger:
      return numbers + ", whole";
    case KeyKind::kNumberOr:
      return numbers + ", " + words(key.words, ", ");
    case KeyKind::kYesNo:
      return "`yes`, `no`";
    case KeyKind::kWord:
      return words(key.words, ", ");
    case KeyKind::kTypes:
      return "list of types";
    case KeyKind::kNumbers:
      return "list, each " + numbers;
    case KeyKind::kFixed:
      return "list of frequency:type";
    case KeyKind::kSampleRate:
      return numbers;
    case KeyKind::kUrl:
      return "address, " + words(key.words, ", ");
    case KeyKind::kListen:
      return "address:port, " + words(key.words, ", ");
  }
  return {};
}

}  // namespace

std::string config_reference() {
  std::string out;
  for (const SectionSpec& section : config_sections()) {
    out += "## [" + std::string(section.name) + (section.named ? ":NAME]\n\n" : "]\n\n");
    out += std::string(section.help) + "\n\n";
    out += "| key | unit | default | values | meaning |\n|---|---|---|---|---|\n";
    for (const KeySpec& key : config_keys()) {
      if (key.section != section.name) continue;
      const std::string fallback =
          key.default_value.empty() ? "" : "`" + std::string(key.default_value) + "`";
      out += "| `" + std::string(key.key) + "` | " + std::string(key.unit) + " | " + fallback +
             " | " + range_column(key) + " | " + std::string(key.help) + " |\n";
    }
    out += "\n";
  }
  return out;
}

}  // namespace omnisonde
