#include "gateway/ini_file.hpp"

#include <ini.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace omnisonde {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// inih copies section and key names into buffers of 50 and cuts what does not fit without a word.
// Source: MAX_SECTION and MAX_NAME in its ini.c.
constexpr std::size_t kMaxName = 49;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string out = "`";
  out += text.substr(0, kShown);
  out += text.size() > kShown ? "...`" : "`";
  return out;
}

/// Feeds lines to inih and takes its entries back; the line number is shared by both halves.
class Reading {
 public:
  explicit Reading(std::istream& in) : in_(in) {}

  IniFile run() {
    ini_parse_stream(&Reading::next_line, this, &Reading::take_entry, this);
    judge_previous_line();
    std::stable_sort(file_.problems.begin(), file_.problems.end(),
                     [](const IniProblem& a, const IniProblem& b) { return a.line < b.line; });
    return std::move(file_);
  }

 private:
  static char* next_line(char* buffer, int size, void* self) {
    return static_cast<Reading*>(self)->read(buffer, static_cast<std::size_t>(size));
  }

  static int take_entry(void* self, const char* section, const char* key, const char* value) {
    static_cast<Reading*>(self)->add(section, key, value);
    return 1;
  }

  char* read(char* buffer, std::size_t size) {
    judge_previous_line();
    std::string text;
    if (!std::getline(in_, text)) return nullptr;
    ++line_;
    if (line_ == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    if (!fits(text, size)) text.clear();
    // An indented line continues a list, unless it reads as a line of its own.
    continues_ = has_key_ && !text.empty() && (text[0] == ' ' || text[0] == '\t') &&
                 text.find('=') == std::string::npos && !trim(text).starts_with('[');
    if (!continues_) text = std::string(trim(text));  // blanks in front would tell inih otherwise
    pending_ = std::string(trim(text));
    note_section();
    std::memcpy(buffer, text.c_str(), text.size() + 1);
    return buffer;
  }

  bool fits(const std::string& text, std::size_t size) {
    const auto limit = std::min(size, static_cast<std::size_t>(std::max(ini_max_line, 2))) - 1;
    if (text.find('\0') != std::string::npos) {
      problem("the line holds a zero byte: this is no text file");
      return false;
    }
    if (text.size() < limit) return true;
    const std::string_view body = trim(text);
    if (body.empty() || body[0] == '#' || body[0] == ';') return false;  // a long comment is fine
    problem("the line has " + std::to_string(text.size()) + " characters, at most " +
            std::to_string(limit - 1) +
            " are read (continue a list on the next line, indented by blanks)");
    return false;
  }

  void note_section() {
    if (pending_.empty() || pending_[0] == '#' || pending_[0] == ';') {
      pending_.clear();
    } else if (pending_[0] == '[' && !continues_) {
      const std::size_t end = pending_.find(']');
      if (end == std::string::npos) {
        problem(quoted(pending_) + ": the closing ] is missing");
      } else {
        open_section(std::string(trim(std::string_view(pending_).substr(1, end - 1))));
      }
      pending_.clear();
      has_key_ = false;
    }
  }

  void open_section(const std::string& name) {
    section_ = name;
    if (name.size() > kMaxName) problem("[" + name + "]: a section name has at most 49 characters");
    for (const IniSection& s : file_.sections) {
      if (s.name != name) continue;
      problem("[" + name + "]: section given twice, first in line " + std::to_string(s.line) +
              " (join the two)");
      return;
    }
    file_.sections.push_back({name, line_});
  }

  void add(const char* /*section*/, const char* key, const char* value) {
    pending_.clear();
    if (continues_) {
      // inih repeats the key for a continued line.
      IniEntry& entry = file_.entries.back();
      if (entry.continued_line == 0) entry.continued_line = line_;
      const std::string_view more = trim(value);
      if (more.empty()) return;
      entry.value += entry.value.empty() || entry.value.ends_with(',') ? " " : ", ";
      entry.value += more;
      return;
    }
    has_key_ = true;
    if (std::strlen(key) >= kMaxName) problem(quoted(key) + ": key names have at most 48 letters");
    for (const IniEntry& e : file_.entries) {
      if (e.section != section_ || e.key != key) continue;
      problem("[" + section_ + "] " + e.key + ": given twice, first in line " +
              std::to_string(e.line) + " (keep one)");
      return;
    }
    file_.entries.push_back({section_, key, std::string(trim(value)), line_, 0});
  }

  /// inih reports only the first bad line: what was fed and neither taken nor blank is bad.
  void judge_previous_line() {
    if (pending_.empty()) return;
    problem(quoted(pending_) + ": neither a [section], key = value nor a comment");
    pending_.clear();
  }

  void problem(std::string what) { file_.problems.push_back({line_, std::move(what)}); }

  std::istream& in_;
  IniFile file_;
  std::string section_;
  std::string pending_;  ///< text of the line that inih has now; empty once it is accounted for
  int line_ = 0;
  bool continues_ = false;  ///< the line is a further part of the key above
  bool has_key_ = false;    ///< a key of this section exists that a line may continue
};

}  // namespace

IniFile parse_ini(std::istream& in) { return Reading(in).run(); }

}  // namespace omnisonde
