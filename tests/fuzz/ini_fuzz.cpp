// Any text as an INI file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "gateway/ini_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  const auto file = omnisonde::parse_ini(in);
  for (const auto& entry : file.entries) {
    if (entry.line < 1) std::abort();
  }
  return 0;
}
