#include "gateway/config_keys.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace omnisonde {
namespace {

using K = KeyKind;
using V = const KeyValue&;
using I = std::size_t;

constexpr double kNone = 0;

constexpr std::array kSections = {
    SectionSpec{"station", false,
                "Who hears. The callsign and the position are what a new user must set."},
    SectionSpec{"sdr", true,
                "One section per receiver, `[sdr:NAME]` with a name of your choice. "
                "`omnisonde devices` lists what is plugged in."},
    SectionSpec{"band", false, "Where sondes are looked for."},
    SectionSpec{"frequencies", false, "Exceptions from the search."},
    SectionSpec{"decode", false, "Which sondes are decoded."},
    SectionSpec{"detect", false, "How carriers are found."},
    SectionSpec{"filter", false,
                "What is taken for a fault and not uploaded. It still shows on the page, with "
                "the reason."},
    SectionSpec{"sondehub", false, "Upload to sondehub.org."},
    SectionSpec{"mqtt", true,
                "One section per MQTT broker, `[mqtt:NAME]`; over plain TCP or WebSocket, with "
                "or without TLS."},
    SectionSpec{"storage", false, "The queue on disk that keeps records until they are delivered."},
    SectionSpec{
        "web", false,
        "The status page. It shows; from this machine alone the list of spurs can be cleared."},
    SectionSpec{"log", false, "What is written to the journal."},
};

std::optional<double> number_or_nothing(V v) {
  return v.is_word ? std::nullopt : std::optional<double>(v.number);
}

void set_listen(Config& c, I, V v) {
  c.web.enabled = !v.is_word;
  c.web.address = v.text;
  c.web.port = static_cast<std::uint16_t>(v.number);
}

void set_gain(Config& c, I i, V v) {
  c.sdr[i].gain_db = number_or_nothing(v);
  c.sdr[i].gain_auto = v.is_word && v.text == "auto";
}

void set_frequency_error(Config& c, I i, V v) {
  c.sdr[i].frequency_error_auto = v.is_word;
  c.sdr[i].frequency_error_ppm = v.is_word ? 0 : v.number;
}

// clang-format off
constexpr KeySpec kKeys[] = {
    {"station", "callsign", K::kText, "", kNone, kNone, "", "",
     "Public name of the station, used for all uploads. Nothing is uploaded to SondeHub while it is empty, N0CALL or CHANGEME.",
     [](Config& c, I, V v) { c.station.callsign = v.text; }},
    {"station", "latitude_deg", K::kNumber, "deg", -90, 90, "", "",
     "North is positive. Needed for distances and for the station's place on the map.",
     [](Config& c, I, V v) { c.station.latitude_deg = v.number; }},
    {"station", "longitude_deg", K::kNumber, "deg", -180, 180, "", "",
     "East is positive.",
     [](Config& c, I, V v) { c.station.longitude_deg = v.number; }},
    {"station", "altitude_m", K::kNumber, "m", -500, 9000, "", "0",
     "Height of the antenna above sea level.",
     [](Config& c, I, V v) { c.station.altitude_m = v.number; }},
    {"station", "antenna", K::kText, "", kNone, kNone, "", "",
     "Shown on the map, for example `quarter wave with filtered preamp`.",
     [](Config& c, I, V v) { c.station.antenna = v.text; }},
    {"station", "contact_email", K::kText, "", kNone, kNone, "", "",
     "Seen by SondeHub's administrators only.",
     [](Config& c, I, V v) { c.station.contact_email = v.text; }},

    {"sdr", "driver", K::kText, "", kNone, kNone, "", "",
     "SoapySDR's name of the kind of receiver: `rtlsdr`, `airspy`, `sdrplay`, `hackrf`, ...",
     [](Config& c, I i, V v) { c.sdr[i].driver = v.text; }},
    {"sdr", "serial", K::kText, "", kNone, kNone, "", "",
     "Serial of the receiver, compared letter by letter. Empty: the first one found.",
     [](Config& c, I i, V v) { c.sdr[i].serial = v.text; }},
    {"sdr", "soapy_args", K::kText, "", kNone, kNone, "", "",
     "Further arguments for SoapySDR, `key=value` separated by commas, for example `remote=tcp://host`.",
     [](Config& c, I i, V v) { c.sdr[i].soapy_args = v.text; }},
    {"sdr", "gain_db", K::kNumberOr, "dB", 0, 100, "agc|auto", "agc",
     "Overall gain. `agc`: the tuner's own control. `auto`: ours, lowered within a second when samples clip, else set so that the antenna's noise covers the converter's.",
     set_gain},
    {"sdr", "frequency_error_ppm", K::kNumberOr, "ppm", -200, 200, "auto", "0",
     "Error of the receiver's crystal; positive when it runs fast. `auto`: learnt from RS41s, which tell the frequency that they were set to, and kept in `[storage] path`.",
     set_frequency_error},
    {"sdr", "bias_tee", K::kYesNo, "", kNone, kNone, "", "no",
     "Feeds a preamplifier through the antenna cable.",
     [](Config& c, I i, V v) { c.sdr[i].bias_tee = v.number > 0; }},
    {"sdr", "antenna", K::kText, "", kNone, kNone, "", "",
     "Name of the receiver's antenna socket, for receivers with several.",
     [](Config& c, I i, V v) { c.sdr[i].antenna = v.text; }},
    {"sdr", "sample_rate_hz", K::kSampleRate, "Hz", 200'000, 20'000'000, "", "2400000",
     "Width of the window that is received at once. Whole kHz, and divided by 200 only the prime factors 2, 3 and 5: 1024000, 2048000, 2400000, 2560000, 3000000, 3200000, 6000000, 10000000, ...",
     [](Config& c, I i, V v) { c.sdr[i].sample_rate_hz = v.number; }},
    {"sdr", "center_mhz", K::kNumberOr, "MHz", 1, 6000, "auto", "auto",
     "Middle of the window. `auto`: placed within `[band]`, and moved when the band is wider.",
     [](Config& c, I i, V v) { c.sdr[i].center_mhz = number_or_nothing(v); }},

    {"band", "min_mhz", K::kNumber, "MHz", 1, 6000, "", "400.05",
     "Lowest frequency searched.",
     [](Config& c, I, V v) { c.band.min_mhz = v.number; }},
    {"band", "max_mhz", K::kNumber, "MHz", 1, 6000, "", "406",
     "Highest frequency searched. Europe: 400.05 to 406.",
     [](Config& c, I, V v) { c.band.max_mhz = v.number; }},
    {"band", "window_dwell_s", K::kNumber, "s", 2, 3600, "", "20",
     "How long a receiver stays at one part of a band that is wider than its window.",
     [](Config& c, I, V v) { c.band.window_dwell_s = v.number; }},
    {"band", "excursion_s", K::kNumber, "s", 0, 60, "", "0",
     "How long at a time sondes may be left to look at parts of the band that cannot be seen while they are held; about once in three dwells. 0: a sonde is never left.",
     [](Config& c, I, V v) { c.band.excursion_s = v.number; }},

    {"frequencies", "only_mhz", K::kNumbers, "MHz", 1, 6000, "", "",
     "Look at these frequencies and nowhere else, for example `402.3, 403.01`.",
     [](Config& c, I, V v) { c.frequencies.only_mhz = v.numbers; }},
    {"frequencies", "never_mhz", K::kNumbers, "MHz", 1, 6000, "", "",
     "Leave these frequencies out, `guard_khz` to each side.",
     [](Config& c, I, V v) { c.frequencies.never_mhz = v.numbers; }},
    {"frequencies", "always_mhz", K::kNumbers, "MHz", 1, 6000, "", "",
     "Keep these frequencies inside the received window.",
     [](Config& c, I, V v) { c.frequencies.always_mhz = v.numbers; }},
    {"frequencies", "fixed_mhz", K::kFixed, "MHz", 1, 6000, "", "",
     "A decoder that never lets go, as frequency:type, for example `401.5:RS41`.",
     [](Config& c, I, V v) { c.frequencies.fixed_mhz = v.fixed; }},
    {"frequencies", "guard_khz", K::kNumber, "kHz", 0, 500, "", "5",
     "How far around each `never_mhz` nothing is looked at.",
     [](Config& c, I, V v) { c.frequencies.guard_khz = v.number; }},

    {"decode", "types", K::kTypes, "", kNone, kNone, "", "",
     "Only these types of sonde, for example `RS41, DFM`. Empty: all.",
     [](Config& c, I, V v) { c.decode.types = v.words; }},
    {"decode", "max_tracks", K::kInteger, "", 1, 256, "", "32",
     "Most sondes and candidates worked on at once; their memory is taken at the start.",
     [](Config& c, I, V v) { c.decode.max_tracks = static_cast<int>(v.number); }},
    {"decode", "track_timeout_s", K::kNumber, "s", 10, 86400, "", "600",
     "A sonde that was silent for so long counts as lost.",
     [](Config& c, I, V v) { c.decode.track_timeout_s = v.number; }},
    {"decode", "encrypted", K::kWord, "", kNone, kNone, "ignore|list|log", "list",
     "Encrypted sondes (never uploaded): not shown, shown on the page, or also written to the log.",
     [](Config& c, I, V v) { c.decode.encrypted = static_cast<EncryptedMode>(static_cast<int>(v.number)); }},
    {"decode", "gps_ephemeris", K::kText, "", kNone, kNone, "", "",
     "GPS orbits, without which an RS92 has no position. A file: RINEX navigation (broadcast ephemeris, good for 4 h) or a SEM or YUMA almanac (7 days, to about 1 km); it is read again whenever it changes. `fetch`: the day's broadcast ephemeris from the German BKG's public server, at most every two hours, and only while an RS92 is heard. Or an address of your own (`%Y` year, `%j` day of the year), fetched likewise.",
     [](Config& c, I, V v) { c.decode.gps_ephemeris = v.text; }},

    {"detect", "min_excess_db", K::kNumber, "dB", 0.5, 40, "", "0.8",
     "How far the power in a sonde's bandwidth must stand above the noise floor, averaged over a second, for a carrier to be looked at. 0.8 finds what is too weak to decode; less looks at noise.",
     [](Config& c, I, V v) { c.detect.min_excess_db = v.number; }},

    {"filter", "max_altitude_m", K::kNumber, "m", 1000, 100'000, "", "50000",
     "Higher is taken for a fault. SondeHub takes nothing above 50000.",
     [](Config& c, I, V v) { c.filter.max_altitude_m = v.number; }},
    {"filter", "max_range_km", K::kNumber, "km", 10, 2000, "", "1000",
     "Further away is taken for a fault. SondeHub takes nothing beyond 1000.",
     [](Config& c, I, V v) { c.filter.max_range_km = v.number; }},
    {"filter", "max_clock_difference_h", K::kNumber, "h", 0.1, 48, "", "3",
     "Largest difference between the sonde's clock and ours; checked only while ours is synchronised.",
     [](Config& c, I, V v) { c.filter.max_clock_difference_h = v.number; }},
    {"filter", "max_speed_m_s", K::kNumber, "m/s", 50, 2000, "", "300",
     "Faster from one frame to the next is taken for a fault.",
     [](Config& c, I, V v) { c.filter.max_speed_m_s = v.number; }},

    {"sondehub", "enabled", K::kYesNo, "", kNone, kNone, "", "",
     "Default: yes as soon as `[station] callsign` is set.",
     [](Config& c, I, V v) { c.sondehub.enabled = v.number > 0; }},
    {"sondehub", "url", K::kUrl, "", kNone, kNone, "https|http", "https://api.v2.sondehub.org",
     "Address of the hub.",
     [](Config& c, I, V v) { c.sondehub.url = v.text; }},
    {"sondehub", "batch_interval_s", K::kNumber, "s", 0, 300, "", "15",
     "Time between two uploads. Below 10 s only for a hub of your own; 0: each record at once.",
     [](Config& c, I, V v) { c.sondehub.batch_interval_s = v.number; }},
    {"sondehub", "backfill_horizon_h", K::kNumber, "h", 0, 47, "", "24",
     "After an outage, records up to this age are delivered later. 0: none.",
     [](Config& c, I, V v) { c.sondehub.backfill_horizon_h = v.number; }},
    {"sondehub", "publish_position", K::kWord, "", kNone, kNone, "exact|coarse|no", "exact",
     "The station's position at the hub: as it is, rounded to 0.01 deg (about 1 km), or not at all.",
     [](Config& c, I, V v) { c.sondehub.publish_position = static_cast<PublishPosition>(static_cast<int>(v.number)); }},
    {"sondehub", "upload_types", K::kTypes, "", kNone, kNone, "", "",
     "Upload only these types. Empty: all that are decoded.",
     [](Config& c, I, V v) { c.sondehub.upload_types = v.words; }},
    {"sondehub", "dry_run", K::kYesNo, "", kNone, kNone, "", "no",
     "Records are sent for checking only; the hub stores nothing.",
     [](Config& c, I, V v) { c.sondehub.dry_run = v.number > 0; }},
    {"sondehub", "mobile", K::kYesNo, "", kNone, kNone, "", "no",
     "Marks the station as moving.",
     [](Config& c, I, V v) { c.sondehub.mobile = v.number > 0; }},
    {"sondehub", "ca_file", K::kText, "", kNone, kNone, "", "",
     "PEM file with the certificate authority of a hub of your own. Empty: the system's authorities.",
     [](Config& c, I, V v) { c.sondehub.ca_file = v.text; }},

    {"mqtt", "url", K::kUrl, "", kNone, kNone, "mqtt|mqtts|ws|wss", "",
     "Address of the broker, for example `wss://broker.example:443/mqtt` or `mqtt://192.168.1.5`. Required.",
     [](Config& c, I i, V v) { c.mqtt[i].url = v.text; }},
    {"mqtt", "user", K::kText, "", kNone, kNone, "", "",
     "User name, with `password_file`.",
     [](Config& c, I i, V v) { c.mqtt[i].user = v.text; }},
    {"mqtt", "password_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is the password; it is never shown.",
     [](Config& c, I i, V v) { c.mqtt[i].password_file = v.text; }},
    {"mqtt", "token_file", K::kText, "", kNone, kNone, "", "",
     "File whose first line is a token, used instead of user and password.",
     [](Config& c, I i, V v) { c.mqtt[i].token_file = v.text; }},
    {"mqtt", "ca_file", K::kText, "", kNone, kNone, "", "",
     "PEM file with the broker's certificate authority. Empty: the system's authorities.",
     [](Config& c, I i, V v) { c.mqtt[i].ca_file = v.text; }},
    {"mqtt", "root", K::kRequired, "", kNone, kNone, "", "gateway",
     "First part of all topics: ROOT/CALLSIGN/telemetry/SERIAL.",
     [](Config& c, I i, V v) { c.mqtt[i].root = v.text; }},
    {"mqtt", "qos", K::kInteger, "", 0, 1, "", "1",
     "Quality of service; where the broker refuses 1 the gateway falls back to 0.",
     [](Config& c, I i, V v) { c.mqtt[i].qos = static_cast<int>(v.number); }},
    {"mqtt", "keep_alive_s", K::kNumber, "s", 5, 600, "", "20",
     "A broker that is silent for longer is connected to anew.",
     [](Config& c, I i, V v) { c.mqtt[i].keep_alive_s = v.number; }},
    {"mqtt", "mirror", K::kYesNo, "", kNone, kNone, "", "no",
     "Publishes also under the topics of SondeHub's own broker (`sondes/<serial>`, `sondes-new/<serial>`, `batch`, `listener/<callsign>`), so that its readers work with this one. For a broker of your own.",
     [](Config& c, I i, V v) { c.mqtt[i].mirror = v.number > 0; }},
    {"mqtt", "home_assistant", K::kYesNo, "", kNone, kNone, "", "no",
     "Tells Home Assistant (under `homeassistant/`) of the station and of each sonde, which then are on its map.",
     [](Config& c, I i, V v) { c.mqtt[i].home_assistant = v.number > 0; }},

    {"storage", "path", K::kRequired, "", kNone, kNone, "", "/var/lib/omnisonde",
     "Folder for the queue; the gateway must be able to write there.",
     [](Config& c, I, V v) { c.storage.path = v.text; }},
    {"storage", "max_mb", K::kInteger, "MB", 10, 1'000'000, "", "500",
     "Largest size of the queue; then the oldest records go.",
     [](Config& c, I, V v) { c.storage.max_mb = static_cast<int>(v.number); }},
    {"storage", "keep_h", K::kNumber, "h", 1, 47, "", "47",
     "Records that could not be delivered are given up at this age. SondeHub takes nothing older than 48 h.",
     [](Config& c, I, V v) { c.storage.keep_h = v.number; }},

    {"web", "listen", K::kListen, "", kNone, kNone, "off", "0.0.0.0:8073",
     "address:port of the page, IPv6 in brackets (`[::]:8073`). `0.0.0.0`: all of the local network, `127.0.0.1`: this machine only, `off`: no page.",
     set_listen},
    {"web", "live_history_min", K::kNumber, "min", 1, 1440, "", "120",
     "How long a lost sonde and its path stay on the page.",
     [](Config& c, I, V v) { c.web.live_history_min = v.number; }},

    {"log", "level", K::kWord, "", kNone, kNone, "debug|info|warning|error", "info",
     "Least important lines that are written.",
     [](Config& c, I, V v) { c.log.level = static_cast<LogLevelConfig>(static_cast<int>(v.number)); }},
};
// clang-format on

template <typename Row>
std::vector<Row> joined(std::span<const Row> a, std::span<const Row> b) {
  std::vector<Row> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

/// Optimal string alignment: insert, delete, replace, swap of neighbours cost 1 each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({row[j - 1] + 1, above[j] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::span<const KeySpec> config_keys() {
  static const std::vector<KeySpec> all = joined<KeySpec>(kKeys, feed_keys());
  return all;
}

std::span<const SectionSpec> config_sections() {
  static const std::vector<SectionSpec> all = joined<SectionSpec>(kSections, feed_sections());
  return all;
}

bool is_named_section(std::string_view kind) {
  const auto all = config_sections();
  return std::any_of(all.begin(), all.end(),
                     [&](const SectionSpec& s) { return s.named && s.name == kind; });
}

const KeySpec* find_key(std::string_view section, std::string_view key) {
  const auto all = config_keys();
  const auto row = std::find_if(all.begin(), all.end(), [&](const KeySpec& k) {
    return k.section == section && k.key == key;
  });
  return row == all.end() ? nullptr : &*row;
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t best_cost = name.size() / 3 + 2;  // from here on two names have nothing in common
  for (const std::string_view candidate : names) {
    std::size_t cost = edit_distance(name, candidate);
    // A key without its unit ("gain" for gain_db) is far by letters and near by meaning.
    if (name.size() >= 3 && candidate.starts_with(name)) cost = std::min<std::size_t>(cost, 1);
    if (cost < best_cost) {
      best = candidate;
      best_cost = cost;
    }
  }
  return best;
}

std::vector<std::string_view> split_list(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.find_first_not_of(" \t") == std::string_view::npos) return parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    const std::size_t first = part.find_first_not_of(" \t");
    part = first == std::string_view::npos
               ? std::string_view{}
               : part.substr(first, part.find_last_not_of(" \t") - first + 1);
    parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

}  // namespace omnisonde
