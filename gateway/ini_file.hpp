// Reads an INI file into entries that know their line. Meaning (keys, units, ranges) is not known
// here; see config_keys.hpp.
#pragma once

#include <istream>
#include <string>
#include <vector>

namespace omnisonde {

struct IniEntry {
  std::string section;  ///< as written between the brackets; empty before the first section
  std::string key;
  std::string value;  ///< blanks around it and a comment after " ;" are gone
  int line = 0;       ///< counted from 1
  /// First indented line that continues this value (0: none). Its text is appended after ", ".
  int continued_line = 0;
};

struct IniSection {
  std::string name;
  int line = 0;
};

struct IniProblem {
  int line = 0;
  std::string what;
};

struct IniFile {
  std::vector<IniSection> sections;
  std::vector<IniEntry> entries;
  std::vector<IniProblem> problems;  ///< in the order of lines
};

/// Parses all of `in`. Faults are collected, never fatal: a line that is no section, key = value or
/// comment, a line that is too long for the parser, a section or key given twice.
[[nodiscard]] IniFile parse_ini(std::istream& in);

}  // namespace omnisonde
