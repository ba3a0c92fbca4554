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
    SectionSpec{"events", false, "When something counts as an event."},
    SectionSpec{"webhook", true,
                "One section per address that is called for each event, `[webhook:NAME]`."},
    SectionSpec{"email", false, "A mail for each event, by SMTP."},
    SectionSpec{"rotator", false, "Points an antenna rotator by Hamlib's rotctld."},
    SectionSpec{"gpsd", false, "Takes the station's position from gpsd."},
};

std::vector<std::string> list_of(V v, char separator = ',') {
  std::vector<std::string> out;
  for (const std::string_view part : split_list(v.text, separator)) {
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

    {"events", "near_km", K::kNumber, "km", 1, 1000, "", "30",
     "`landing_near`: the sonde, or the place where it will come down, is within this of the station.",
     [](Config& c, I, V v) { c.feeds.events.near_m = v.number * 1000; }},
    {"events", "below_m", K::kNumber, "m", 100, 10'000, "", "1000",
     "`landing_near` and `landed`: lower than this above the station.",
     [](Config& c, I, V v) { c.feeds.events.below_m = v.number; }},

    {"webhook", "url", K::kText, "", kNone, kNone, "", "",
     "Address, https:// or http://; may hold tokens such as `{serial}`.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].url = v.text; }},
    {"webhook", "url_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is the address, for one that holds a secret; never shown.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].url_file = v.text; }},
    {"webhook", "token_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is sent as `Authorization: Bearer`; never shown.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].token_file = v.text; }},
    {"webhook", "method", K::kWord, "", kNone, kNone, "POST|PUT|GET", "POST",
     "HTTP method.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].method = v.text; }},
    {"webhook", "format", K::kWord, "", kNone, kNone, "json|text|form", "json",
     "Content type of the body, and how values are escaped in it.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].format = static_cast<uploader::WebhookFormat>(static_cast<int>(v.number)); }},
    {"webhook", "body", K::kText, "", kNone, kNone, "", "",
     "Template with tokens, for example `{\"content\": \"{text}\"}`. Empty: the event as JSON, or with text and form its sentence.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].body = v.text; }},
    {"webhook", "headers", K::kText, "", kNone, kNone, "", "",
     "Further headers, separated by `|`: `Title: {event} | Tags: balloon`.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].headers = list_of(v, '|'); }},
    {"webhook", "events", K::kText, "", kNone, kNone, "", "",
     "Which events, separated by commas: first_heard, burst, landing_near, landed, encrypted, station_trouble. Empty: all.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].events = list_of(v); }},
    {"webhook", "ca_file", K::kText, "", kNone, kNone, "", "",
     "PEM file with the server's certificate authority. Empty: the system's authorities.",
     [](Config& c, I i, V v) { c.feeds.webhooks[i].ca_file = v.text; }},

    {"email", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Sends mails.",
     [](Config& c, I, V v) { c.feeds.email.enabled = v.number > 0; }},
    {"email", "smtp_host", K::kRequired, "", kNone, kNone, "", "localhost",
     "Mail server.",
     [](Config& c, I, V v) { c.feeds.email.host = v.text; }},
    {"email", "smtp_port", K::kInteger, "", 1, kMaxPort, "", "25",
     "Usual: 587 for starttls, 465 for tls, 25 for none.",
     [](Config& c, I, V v) { c.feeds.email.port = static_cast<int>(v.number); }},
    {"email", "smtp_security", K::kWord, "", kNone, kNone, "none|starttls|tls", "none",
     "Encryption. Certificates are always checked.",
     [](Config& c, I, V v) { c.feeds.email.security = static_cast<uploader::SmtpSecurity>(static_cast<int>(v.number)); }},
    {"email", "smtp_user", K::kText, "", kNone, kNone, "", "",
     "User name, with `smtp_password_file`. Empty: no login.",
     [](Config& c, I, V v) { c.feeds.email.user = v.text; }},
    {"email", "smtp_password_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is the password; it is never shown.",
     [](Config& c, I, V v) { c.feeds.email.password_file = v.text; }},
    {"email", "ca_file", K::kText, "", kNone, kNone, "", "",
     "PEM file with the server's certificate authority. Empty: the system's authorities.",
     [](Config& c, I, V v) { c.feeds.email.ca_file = v.text; }},
    {"email", "from", K::kText, "", kNone, kNone, "", "",
     "Sender's address.",
     [](Config& c, I, V v) { c.feeds.email.from = v.text; }},
    {"email", "to", K::kText, "", kNone, kNone, "", "",
     "Addresses, separated by commas.",
     [](Config& c, I, V v) { c.feeds.email.to = list_of(v); }},
    {"email", "subject", K::kRequired, "", kNone, kNone, "", "{event}: {type} {serial}",
     "Template of the subject.",
     [](Config& c, I, V v) { c.feeds.email.subject = v.text; }},
    {"email", "events", K::kText, "", kNone, kNone, "", "",
     "As in `[webhook:NAME]`.",
     [](Config& c, I, V v) { c.feeds.email.events = list_of(v); }},

    {"rotator", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "Steers the rotator. Needs the station's position.",
     [](Config& c, I, V v) { c.feeds.rotator.enabled = v.number > 0; }},
    {"rotator", "host", K::kRequired, "", kNone, kNone, "", "127.0.0.1",
     "Where rotctld runs.",
     [](Config& c, I, V v) { c.feeds.rotator.host = v.text; }},
    {"rotator", "port", K::kInteger, "", 1, kMaxPort, "", "4533",
     "Its port.",
     [](Config& c, I, V v) { c.feeds.rotator.port = static_cast<int>(v.number); }},
    {"rotator", "interval_s", K::kNumber, "s", 1, 3600, "", "30",
     "Time between two movements.",
     [](Config& c, I, V v) { c.feeds.rotator.interval_s = v.number; }},
    {"rotator", "deadband_deg", K::kNumber, "deg", 0, 90, "", "5",
     "Nothing moves for less.",
     [](Config& c, I, V v) { c.feeds.rotator.deadband_deg = v.number; }},
    {"rotator", "azimuth_only", K::kYesNo, "", kNone, kNone, "", "no",
     "The rotator has no elevation.",
     [](Config& c, I, V v) { c.feeds.rotator.azimuth_only = v.number > 0; }},
    {"rotator", "follow", K::kWord, "", kNone, kNone, "nearest|lowest|weakest|highest", "nearest",
     "Which sonde of several: nearest to the station, lowest or highest above ground, weakest signal.",
     [](Config& c, I, V v) { c.feeds.rotator.follow = static_cast<uploader::RotatorFollow>(static_cast<int>(v.number)); }},
    {"rotator", "serial", K::kText, "", kNone, kNone, "", "",
     "This sonde whenever it is heard.",
     [](Config& c, I, V v) { c.feeds.rotator.serial = v.text; }},
    {"rotator", "park", K::kYesNo, "", kNone, kNone, "", "no",
     "Goes to the park position when no sonde is heard.",
     [](Config& c, I, V v) { c.feeds.rotator.park = v.number > 0; }},
    {"rotator", "park_after_min", K::kNumber, "min", 1, 1440, "", "10",
     "After so long.",
     [](Config& c, I, V v) { c.feeds.rotator.park_after_s = v.number * 60; }},
    {"rotator", "park_azimuth_deg", K::kNumber, "deg", 0, 360, "", "0",
     "Park position.",
     [](Config& c, I, V v) { c.feeds.rotator.park_azimuth_deg = v.number; }},
    {"rotator", "park_elevation_deg", K::kNumber, "deg", 0, 90, "", "0",
     "Park position.",
     [](Config& c, I, V v) { c.feeds.rotator.park_elevation_deg = v.number; }},

    {"gpsd", "enabled", K::kYesNo, "", kNone, kNone, "", "no",
     "The position comes from gpsd; the one in `[station]` counts until then.",
     [](Config& c, I, V v) { c.feeds.gpsd.enabled = v.number > 0; }},
    {"gpsd", "host", K::kRequired, "", kNone, kNone, "", "localhost",
     "Where gpsd runs.",
     [](Config& c, I, V v) { c.feeds.gpsd.host = v.text; }},
    {"gpsd", "port", K::kInteger, "", 1, kMaxPort, "", "2947",
     "Its port.",
     [](Config& c, I, V v) { c.feeds.gpsd.port = static_cast<int>(v.number); }},
};
// clang-format on

}  // namespace

std::span<const KeySpec> feed_keys() { return kKeys; }

std::span<const SectionSpec> feed_sections() { return kSections; }

}  // namespace omnisonde
