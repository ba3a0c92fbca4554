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
    SectionSpec{"csv", false, "A log of each sonde as CSV, as radiosonde_auto_rx writes them."},
    SectionSpec{"aprs", false,
                "Sondes as objects to an APRS-IS server that keeps them to itself; for licensed "
                "radio amateurs."},
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

    {"csv", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Writes the logs.",
     [](Config& c, I, V v) { c.feeds.csv.enabled = v.number > 0; }},
    {"csv", "folder", K::kRequired, "", kNone, kNone, "", "/var/lib/omnisonde/log",
     "Where they are written; made if missing.",
     [](Config& c, I, V v) { c.feeds.csv.folder = v.text; }},

    {"aprs", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Sends objects.",
     [](Config& c, I, V v) { c.feeds.aprs.enabled = v.number > 0; }},
    {"aprs", "host", K::kRequired, "", kNone, kNone, "", "radiosondy.info",
     "`radiosondy.info`, `wettersonde.net`, `localhost` or an address of your own network. Servers of the public APRS-IS are refused: it is a shared network that does not want weather balloons.",
     [](Config& c, I, V v) { c.feeds.aprs.host = v.text; }},
    {"aprs", "port", K::kInteger, "", 1, kMaxPort, "", "14580",
     "14580 or 14590 at the public sonde servers.",
     [](Config& c, I, V v) { c.feeds.aprs.port = static_cast<int>(v.number); }},
    {"aprs", "callsign", K::kText, "", kNone, kNone, "", "",
     "Amateur callsign that logs in, with or without `-SSID`. Empty: the one of `[station]`.",
     [](Config& c, I, V v) { c.feeds.aprs.callsign = v.text; }},
    {"aprs", "passcode_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is the callsign's APRS-IS passcode; it is never shown.",
     [](Config& c, I, V v) { c.feeds.aprs.passcode_file = v.text; }},
    {"aprs", "interval_s", K::kNumber, "s", 30, 3600, "", "30",
     "Time between two objects of one sonde.",
     [](Config& c, I, V v) { c.feeds.aprs.interval_s = v.number; }},
    {"aprs", "comment", K::kText, "", kNone, kNone, "", "Clb={climb} t={temperature} h={humidity} p={pressure} {frequency} Type={type} ser={serial} Radiosonde",
     "Text of an object; also `{battery}`. The default is what the servers' readers understand.",
     [](Config& c, I, V v) { c.feeds.aprs.comment = v.text; }},
    {"aprs", "path", K::kText, "", kNone, kNone, "", "SONDEGATE",
     "Word in the path by which the servers know sonde receivers.",
     [](Config& c, I, V v) { c.feeds.aprs.path = v.text; }},
    {"aprs", "beacon", K::kYesNo, "", kNone, kNone, "", "no",
     "Sends the station's own position too.",
     [](Config& c, I, V v) { c.feeds.aprs.beacon = v.number > 0; }},
    {"aprs", "beacon_interval_min", K::kNumber, "min", 10, 1440, "", "30",
     "Time between two beacons.",
     [](Config& c, I, V v) { c.feeds.aprs.beacon_interval_s = v.number * 60; }},
    {"aprs", "beacon_symbol", K::kRequired, "", kNone, kNone, "", "/`",
     "Symbol table and code, two characters. The default, a dish antenna, puts the station on radiosondy.info's list.",
     [](Config& c, I, V v) { c.feeds.aprs.beacon_symbol = v.text; }},
    {"aprs", "beacon_comment", K::kText, "", kNone, kNone, "", "omnisonde {version}",
     "Text of the beacon.",
     [](Config& c, I, V v) { c.feeds.aprs.beacon_comment = v.text; }},
};
// clang-format on

}  // namespace

std::span<const KeySpec> feed_keys() { return kKeys; }

std::span<const SectionSpec> feed_sections() { return kSections; }

}  // namespace omnisonde
