// The house rules that a machine can check, as functions of a path and a text, so that the test
// can show each of them failing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omnisonde::layering {

/// Judges the #include lines of one file against the rooms' picture (docs/CONTRIBUTING.md).
/// @param path  from the top of the repository: "dsp/fft.cpp"
/// @returns     one sentence per fault, none when all is well
[[nodiscard]] std::vector<std::string> include_faults(std::string_view path, std::string_view text);

/// Source files stay below 400 lines (tests may be longer).
[[nodiscard]] std::vector<std::string> length_faults(std::string_view path, std::string_view text);

/// Paths that exist on one machine only, such as home folders.
[[nodiscard]] std::vector<std::string> path_faults(std::string_view path, std::string_view text);

/// Whether a file or folder of this name belongs at the top of the repository.
[[nodiscard]] bool allowed_at_top(std::string_view name);

}  // namespace omnisonde::layering
