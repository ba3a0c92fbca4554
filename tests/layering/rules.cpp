#include "tests/layering/rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <vector>

namespace omnisonde::layering {
namespace {

using Names = std::initializer_list<std::string_view>;

template <typename Range>
bool is_in(const Range& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool contains(Names names, std::string_view name) { return is_in(names, name); }

// A place is a room ("dsp"), or a file ("dsp/fft.cpp") where only that may.
bool in_places(const std::vector<std::string_view>& places, std::string_view room,
               std::string_view path) {
  return is_in(places, room) || is_in(places, path);
}

// gateway/base is a room of its own: the one that all others may enter.
std::string_view room_of(std::string_view path) {
  if (path.starts_with("gateway/base/")) return "base";
  return path.substr(0, path.find('/'));
}

// Whether a file of room `from` may include `path` of ours.
bool arrow_allowed(std::string_view from, std::string_view path) {
  const std::string_view to = room_of(path);
  if (to == "tests" || to == "simulator") return from == "tests" || from == to;
  if (to == from) return true;
  if (to == "base") {
    return path != "gateway/base/system_clock.hpp" || !contains({"dsp", "decoders"}, from);
  }
  if (from == "gateway") return contains({"dsp", "decoders", "uploader"}, to);
  if (from == "simulator" || from == "tests") return true;
  if (from == "decoders") return contains({"dsp/modem_params.hpp", "dsp/soft_bits.hpp"}, path);
  if (from == "uploader") return path == "decoders/telemetry.hpp";
  return false;
}

// Third parties and the only places that may include them, so that swapping one touches one room.
struct ThirdParty {
  std::string_view prefix;
  std::vector<std::string_view> places;  // owned: an initializer_list's array would not live on
};
const std::vector<ThirdParty> kThirdParties{
    ThirdParty{"SoapySDR/",
               {"gateway/source_soapy.cpp", "gateway/source_soapy_find.cpp",
                "gateway/source_soapy_find.hpp", "simulator", "tests"}},
    ThirdParty{"fftw3.h", {"dsp/fft.cpp"}},
    ThirdParty{"liquid/", {"dsp", "tests"}},
    ThirdParty{"nlohmann/", {"uploader", "gateway", "simulator", "tests"}},
    ThirdParty{"curl/", {"uploader", "tests"}},
    ThirdParty{"mqtt/", {"uploader", "tests"}},
    ThirdParty{"sqlite3.h", {"uploader", "tests"}},
    ThirdParty{"zlib.h", {"uploader", "tests"}},
    ThirdParty{"boost/", {"gateway", "uploader", "tests"}},
    ThirdParty{"spdlog/", {"gateway"}},
    ThirdParty{"CLI/", {"gateway", "simulator", "tests"}},
    ThirdParty{"ini.h", {"gateway", "simulator"}},
    ThirdParty{"systemd/", {"gateway"}},
    ThirdParty{"openssl/", {"tests"}},
    ThirdParty{"gtest/", {"tests"}},
    ThirdParty{"gmock/", {"tests"}},
    ThirdParty{"benchmark/", {"tests"}},
};

// Standard headers that give a room what it must not know.
bool std_header_allowed(std::string_view room, std::string_view header) {
  if (room != "dsp" && room != "decoders") return true;
  if (contains({"fstream", "filesystem", "iostream", "chrono", "ctime", "random"}, header)) {
    return false;  // files and the clock on the wall are handed in
  }
  return room != "decoders" ||
         !contains({"thread", "mutex", "shared_mutex", "condition_variable", "future"}, header);
}

std::string angle_fault(std::string_view room, std::string_view path, std::string_view header) {
  for (const auto& party : kThirdParties) {
    if (!header.starts_with(party.prefix)) continue;
    return in_places(party.places, room, path) ? "" : "this third party is not for here";
  }
  const bool plain = header.find_first_of("./") == std::string_view::npos;
  if (plain)
    return std_header_allowed(room, header) ? "" : "files, clocks and threads stay outside";
  // What is left is the operating system's.
  if (contains({"base", "dsp", "decoders"}, room)) return "only the standard library is for here";
  const bool posix = header.starts_with("sys/") || header.starts_with("netinet/") ||
                     header.starts_with("arpa/") ||
                     contains({"dlfcn.h", "fcntl.h", "netdb.h", "poll.h", "pthread.h", "pwd.h",
                               "sched.h", "signal.h", "spawn.h", "unistd.h"},
                              header);
  return posix ? "" : "unknown third party: name its room in tests/layering/rules.cpp";
}

std::string quote_fault(std::string_view room, std::string_view header) {
  if (!contains({"base", "decoders", "dsp", "gateway", "simulator", "tests", "uploader"},
                room_of(header))) {
    return "write includes of ours from the top: \"dsp/fft.hpp\"";
  }
  return arrow_allowed(room, header) ? "" : "this arrow is not in the picture";
}

template <typename Function>
void for_each_line(std::string_view text, Function function) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    function(number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view trimmed(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? "" : line.substr(start);
}

// The header named by an #include line, with its opening < or "; empty for other lines.
std::string_view included(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return "";
  line = trimmed(line.substr(1));
  if (!line.starts_with("include")) return "";
  line = trimmed(line.substr(7));
  const std::size_t end = line.find_first_of(">\"", 1);
  return end == std::string_view::npos ? "" : line.substr(0, end);
}

std::string place(std::string_view path, std::size_t line) {
  return std::string(path) + ":" + std::to_string(line) + ": ";
}

}  // namespace

std::vector<std::string> include_faults(std::string_view path, std::string_view text) {
  std::vector<std::string> faults;
  for_each_line(text, [&](std::size_t number, std::string_view line) {
    const std::string_view header = included(line);
    if (header.empty()) return;
    const std::string fault = header.front() == '<'
                                  ? angle_fault(room_of(path), path, header.substr(1))
                                  : quote_fault(room_of(path), header.substr(1));
    if (!fault.empty()) {
      faults.push_back(place(path, number) + std::string(header.substr(1)) + ": " + fault);
    }
  });
  return faults;
}

std::vector<std::string> length_faults(std::string_view path, std::string_view text) {
  constexpr std::ptrdiff_t kMaxLines = 400;
  const auto lines = std::count(text.begin(), text.end(), '\n');
  if (room_of(path) == "tests" || lines <= kMaxLines) return {};
  return {std::string(path) + " has " + std::to_string(lines) + " lines, more than 400"};
}

std::vector<std::string> path_faults(std::string_view path, std::string_view text) {
  static const std::array<std::string, 4> kRoots{
      "/" + std::string("home/"), "/" + std::string("root/"), "/" + std::string("Users/"),
      "/" + std::string("work/")};
  std::vector<std::string> faults;
  for_each_line(text, [&](std::size_t number, std::string_view line) {
    for (const auto& root : kRoots) {
      for (auto at = line.find(root); at != std::string_view::npos; at = line.find(root, at + 1)) {
        // Within a longer path or an address it is somebody else's.
        const char before = at == 0 ? ' ' : line[at - 1];
        if (std::isalnum(static_cast<unsigned char>(before)) != 0) continue;
        if (std::string_view("._-/})").find(before) != std::string_view::npos) continue;
        faults.push_back(place(path, number) + "path of one machine: " + root);
      }
    }
  });
  return faults;
}

bool allowed_at_top(std::string_view name) {
  return contains({".ci", ".clang-format", ".clang-tidy", ".gitignore", "CMakeLists.txt",
                   "CMakePresets.json", "README.md", "cmake", "config", "decoders", "docs", "dsp",
                   "gateway", "scripts", "simulator", "systemd", "tests", "uploader",
                   // not tracked
                   ".git", "build", ".cache", ".ccache", "compile_commands.json"},
                  name);
}

}  // namespace omnisonde::layering
