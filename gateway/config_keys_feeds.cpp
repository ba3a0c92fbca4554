// The rows of the feeds: outputs beside the hub and the brokers.
#include <array>

#include "gateway/config_keys.hpp"

namespace omnisonde {
namespace {

using K = KeyKind;
using V = const KeyValue&;
using I = std::size_t;

constexpr double kNone = 0;
constexpr double kMaxPort = 65535;

constexpr std::array kSections = {
    SectionSpec{
        "chasemapper", false,
        "Horus \"payload summary\" by UDP, for ChaseMapper and others: every sonde, each at "
        "its interval."},
    SectionSpec{"ozimux", false, "OziMux/OziPlotter lines by UDP."},
};

std::vector<std::string> list_of(V v) {
  std::vector<std::string> out;
  for (const std::string_view part : split_list(v.text, ',')) {
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

std::uint16_t port_of(V v) { return static_cast<std::uint16_t>(v.number); }

// clang-format off
constexpr KeySpec kKeys[] = {
    {"chasemapper", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Sends payload summaries.",
     [](Config& c, I, V v) { c.feeds.chasemapper.enabled = v.number > 0; }},
    {"chasemapper", "host", K::kText, "", kNone, kNone, "", "broadcast",
     "`broadcast` (the local network), `localhost` or numeric addresses, separated by commas.",
     [](Config& c, I, V v) { c.feeds.chasemapper.hosts = list_of(v); }},
    {"chasemapper", "port", K::kInteger, "", 1, kMaxPort, "", "55673",
     "UDP port.",
     [](Config& c, I, V v) { c.feeds.chasemapper.port = port_of(v); }},
    {"chasemapper", "interval_s", K::kNumber, "s", 0.2, 3600, "", "5",
     "Time between two datagrams of one sonde.",
     [](Config& c, I, V v) { c.feeds.chasemapper.interval_s = v.number; }},

    {"ozimux", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Sends OziMux lines. They name no sonde: of use with one sonde at a time.",
     [](Config& c, I, V v) { c.feeds.ozimux.enabled = v.number > 0; }},
    {"ozimux", "host", K::kText, "", kNone, kNone, "", "broadcast",
     "As in `[chasemapper]`.",
     [](Config& c, I, V v) { c.feeds.ozimux.hosts = list_of(v); }},
    {"ozimux", "port", K::kInteger, "", 1, kMaxPort, "", "8942",
     "UDP port.",
     [](Config& c, I, V v) { c.feeds.ozimux.port = port_of(v); }},
    {"ozimux", "interval_s", K::kNumber, "s", 0.2, 3600, "", "5",
     "Time between two lines of one sonde.",
     [](Config& c, I, V v) { c.feeds.ozimux.interval_s = v.number; }},
};
// clang-format on

}  // namespace

std::span<const KeySpec> feed_keys() { return kKeys; }

std::span<const SectionSpec> feed_sections() { return kSections; }

}  // namespace omnisonde
