#include "gateway/config.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>

#include "gateway/config_feeds.hpp"
#include "gateway/config_keys.hpp"
#include "gateway/config_values.hpp"
#include "gateway/ini_file.hpp"

namespace omnisonde {
namespace {

/// Where a setting was written: "sdr:roof" + "gain_db" -> file and line.
struct Origin {
  std::string source;
  int line = 0;
};

bool is_label(std::string_view name) {
  return !name.empty() && name.size() <= 32 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

/// Collects settings and problems of one configuration; used once.
class Loader {
 public:
  explicit Loader(const ConfigRequest& request) : request_(request) {
    for (const KeySpec& key : config_keys()) {
      if (!is_named_section(key.section)) apply_default(key, 0);
    }
  }

  void load() {
    if (!request_.path.empty() && !load_file()) return;  // what else is missing follows from that
    for (const std::string& text : request_.overrides) load_override(text);
    check_station();
    check_band();
    check_sdrs();
    check_outputs();
    check_feeds();
    sort_problems();
  }

  Config config;
  std::vector<ConfigProblem> problems;

 private:
  /// The file's problems by line, those of the whole file after them, overrides last.
  void sort_problems() {
    const auto rank = [&](const ConfigProblem& p) {
      return std::pair(p.source == request_.path ? 0 : 1,
                       p.line > 0 ? p.line : std::numeric_limits<int>::max());
    };
    std::stable_sort(
        problems.begin(), problems.end(),
        [&](const ConfigProblem& a, const ConfigProblem& b) { return rank(a) < rank(b); });
  }

  /// @returns whether the file could be read.
  bool load_file() {
    std::ifstream in(request_.path);
    if (!in) {
      problems.push_back({request_.path, 0, "", "cannot read the file",
                          "check the path and that the service's user may read it", true});
      return false;
    }
    const IniFile file = parse_ini(in);
    for (const IniProblem& p : file.problems) {
      problems.push_back({request_.path, p.line, "", p.what, "", true});
    }
    for (const IniSection& s : file.sections) {
      (void)open_section(s.name, {request_.path, s.line});
    }
    for (const IniEntry& e : file.entries) take(e, {request_.path, e.line});
    return true;
  }

  void load_override(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::size_t dot = text.rfind('.', equals);
    if (equals == std::string::npos || dot == std::string::npos) {
      problems.push_back({"--set", 0, "", "`" + text + "` is not section.key=value",
                          "for example sdr:roof.gain_db=40", true});
      return;
    }
    IniEntry entry{text.substr(0, dot), text.substr(dot + 1, equals - dot - 1),
                   text.substr(equals + 1), 0, 0};
    const Origin origin{"--set", 0};
    if (open_section(entry.section, origin)) take(entry, origin);
  }

  /// @returns whether the section exists; makes room for [sdr:NAME] and [mqtt:NAME].
  bool open_section(const std::string& written, const Origin& origin) {
    const std::string_view full = written;
    const std::size_t colon = full.find(':');
    const std::string_view kind = full.substr(0, colon);
    std::vector<std::string_view> names;
    for (const SectionSpec& s : config_sections()) {
      names.push_back(s.name);
      if (s.name != kind) continue;
      if (s.named != (colon != std::string_view::npos)) {
        report(origin, "[" + written + "]", s.named ? "the section needs a name" : "takes no name",
               "write [" + std::string(kind) + (s.named ? ":NAME]" : "]"));
        return false;
      }
      return !s.named || open_named(std::string(kind), std::string(full.substr(colon + 1)), origin);
    }
    const std::string_view near = nearest_name(kind, names);
    report(origin, "[" + written + "]",
           "unknown section" + (near.empty() ? "" : ", did you mean [" + std::string(near) + "]?"),
           near.empty() ? "sections are in docs/configuration.md" : "");
    return false;
  }

  bool open_named(const std::string& kind, const std::string& name, const Origin& origin) {
    if (!is_label(name)) {
      report(origin, "[" + kind + ":" + name + "]", "not a valid name",
             "1 to 32 letters, digits, - and _");
      return false;
    }
    if (index_of(kind, name)) return true;
    std::size_t index = 0;
    if (kind == "sdr") {
      index = config.sdr.size();
      config.sdr.emplace_back().name = name;
    } else if (kind == "webhook") {
      index = config.feeds.webhooks.size();
      config.feeds.webhooks.emplace_back().name = name;
    } else {
      index = config.mqtt.size();
      config.mqtt.emplace_back().name = name;
    }
    origins_.insert_or_assign({kind + ":" + name, ""}, origin);
    for (const KeySpec& key : config_keys()) {
      if (key.section == kind) apply_default(key, index);
    }
    return true;
  }

  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view kind,
                                                    std::string_view name) const {
    const auto find_in = [&](const auto& list) -> std::optional<std::size_t> {
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i].name == name) return i;
      }
      return std::nullopt;
    };
    if (kind == "sdr") return find_in(config.sdr);
    if (kind == "mqtt") return find_in(config.mqtt);
    if (kind == "webhook") return find_in(config.feeds.webhooks);
    return 0;
  }

  /// Checks one setting and puts it into `config`.
  void take(const IniEntry& entry, const Origin& origin) {
    const std::string where = "[" + entry.section + "] " + entry.key;
    if (entry.section.empty()) {
      report(origin, entry.key, "stands before the first [section]", "move it into one");
      return;
    }
    const std::size_t colon = entry.section.find(':');
    const std::string kind = entry.section.substr(0, colon);
    const std::string name = colon == std::string::npos ? "" : entry.section.substr(colon + 1);
    const auto index = index_of(kind, name);
    const auto sections = config_sections();
    const bool known_kind = std::any_of(sections.begin(), sections.end(),
                                        [&](const SectionSpec& s) { return s.name == kind; });
    if (!known_kind || !index) return;  // the section itself was reported
    const KeySpec* key = find_key(kind, entry.key);
    if (key == nullptr) {
      report_unknown_key(kind, entry, where, origin);
      return;
    }
    const bool list = key->kind == KeyKind::kTypes || key->kind == KeyKind::kNumbers ||
                      key->kind == KeyKind::kFixed;
    if (entry.continued_line > 0 && !list) {
      report({origin.source, entry.continued_line}, where,
             "an indented line continues the value above, but only lists may be continued",
             "begin keys and sections at the start of the line");
      return;
    }
    const auto value = parse_value(*key, entry.value, request_.sonde_types);
    if (!value) {
      report(origin, where, value.error().what, value.error().remedy);
      return;
    }
    key->set(config, *index, *value);
    origins_.insert_or_assign({entry.section, entry.key}, origin);
  }

  void report_unknown_key(const std::string& kind, const IniEntry& entry, const std::string& where,
                          const Origin& origin) {
    std::vector<std::string_view> here;
    std::string elsewhere;
    for (const KeySpec& k : config_keys()) {
      if (k.section == kind) here.push_back(k.key);
      if (k.section != kind && k.key == entry.key && elsewhere.empty()) elsewhere = k.section;
    }
    const std::string_view near = nearest_name(entry.key, here);
    if (!elsewhere.empty()) {
      const bool named = is_named_section(elsewhere);
      report(origin, where,
             "unknown key here, it belongs into [" + elsewhere + (named ? ":NAME]" : "]"), "");
    } else if (!near.empty()) {
      report(origin, where, "unknown key, did you mean " + std::string(near) + "?", "");
    } else {
      std::string all;
      for (const std::string_view k : here) all += (all.empty() ? "" : ", ") + std::string(k);
      report(origin, where, "unknown key", "keys here: " + all);
    }
  }

  void apply_default(const KeySpec& key, std::size_t index) {
    if (key.default_value.empty()) return;
    if (const auto value = parse_value(key, key.default_value, {})) key.set(config, index, *value);
  }

  void check_station() {
    const StationConfig& s = config.station;
    if (s.latitude_deg.has_value() != s.longitude_deg.has_value()) {
      const bool lat = s.latitude_deg.has_value();
      report_key("station", lat ? "latitude_deg" : "longitude_deg",
                 std::string(lat ? "longitude_deg" : "latitude_deg") + " is missing",
                 "set both or none");
    } else if (s.latitude_deg && *s.latitude_deg == 0 && *s.longitude_deg == 0) {
      report_key("station", "latitude_deg", "0, 0 is in the Gulf of Guinea",
                 "set the real position, or delete both lines");
    } else if (!s.latitude_deg && request_.for_run) {
      warn(
          "[station] latitude_deg, longitude_deg: not set, so distances are unknown and the "
          "station is not on the map");
    }
  }

  void check_band() {
    const BandConfig& b = config.band;
    if (b.min_mhz >= b.max_mhz) {
      const bool max_given = origins_.contains({"band", "max_mhz"});
      report_key(
          "band", max_given ? "max_mhz" : "min_mhz",
          "min_mhz " + number_text(b.min_mhz) + " is not below max_mhz " + number_text(b.max_mhz),
          "swap or correct them");
      return;
    }
    const auto inside = [&](std::string_view key, const std::vector<double>& list) {
      for (const double mhz : list) {
        if (mhz >= b.min_mhz && mhz <= b.max_mhz) continue;
        report_key("frequencies", key,
                   number_text(mhz) + " lies outside [band] " + number_text(b.min_mhz) + " to " +
                       number_text(b.max_mhz) + ", it would never be received",
                   "widen [band] or delete it");
      }
    };
    inside("only_mhz", config.frequencies.only_mhz);
    inside("always_mhz", config.frequencies.always_mhz);
  }

  void check_sdrs() {
    for (std::size_t i = 0; i < config.sdr.size(); ++i) {
      const SdrConfig& sdr = config.sdr[i];
      const std::string section = "sdr:" + sdr.name;
      if (sdr.driver.empty() && sdr.soapy_args.find("driver=") == std::string::npos) {
        report_key(section, "", "driver is missing", "for example driver = rtlsdr");
      }
      for (std::size_t j = 0; j < i; ++j) {
        const SdrConfig& other = config.sdr[j];
        if (other.driver != sdr.driver || other.serial != sdr.serial ||
            other.soapy_args != sdr.soapy_args) {
          continue;
        }
        report_key(section, "serial", "means the same receiver as [sdr:" + other.name + "]",
                   "give each its serial, `omnisonde devices` lists them");
      }
    }
    if (config.sdr.empty() && request_.for_run) {
      problems.push_back({request_.path.empty() ? "configuration" : request_.path, 0, "",
                          "no receiver is named",
                          "add a section [sdr:NAME] with driver = rtlsdr or another; `omnisonde "
                          "devices` lists what is plugged in",
                          true});
    }
  }

  void check_outputs() {
    const std::string& call = config.station.callsign;
    const bool placeholder = call.empty() || call == "N0CALL" || call == "CHANGEME";
    if (!origins_.contains({"sondehub", "enabled"})) {
      config.sondehub.enabled = !placeholder;
      if (placeholder && request_.for_run) {
        warn("[station] callsign: not set, so nothing is uploaded to SondeHub");
      }
    } else if (config.sondehub.enabled && placeholder) {
      report_key("sondehub", "enabled", "uploads need a [station] callsign",
                 "set it, or enabled = no");
    }
    for (const MqttConfig& m : config.mqtt) {
      const std::string section = "mqtt:" + m.name;
      if (m.url.empty()) {
        report_key(section, "", "url is missing", "for example url = mqtt://192.168.1.5");
      }
      if (placeholder) {
        report_key(section, "", "MQTT topics need a [station] callsign", "set it");
      }
      if (!m.token_file.empty() && (!m.user.empty() || !m.password_file.empty())) {
        report_key(section, "token_file", "is used instead of user and password_file",
                   "delete one of them");
      }
    }
  }

  void check_feeds() {
    for (const FeedProblem& p : feed_problems(config)) {
      report_key(p.section, p.key, p.fault.what, p.fault.remedy);
    }
  }

  /// A problem of a key (or, with an empty key, of a section) that was read before.
  void report_key(const std::string& section, std::string_view key, std::string what,
                  std::string remedy) {
    auto found = origins_.find({section, std::string(key)});
    if (found == origins_.end()) found = origins_.find({section, ""});
    const Origin origin = found == origins_.end() ? Origin{request_.path, 0} : found->second;
    report(origin, "[" + section + "]" + (key.empty() ? "" : " " + std::string(key)),
           std::move(what), std::move(remedy));
  }

  void report(const Origin& origin, std::string where, std::string what, std::string remedy) {
    problems.push_back(
        {origin.source, origin.line, std::move(where), std::move(what), std::move(remedy), true});
  }

  void warn(std::string line) {
    problems.push_back({request_.path, 0, "", line, "", false});
    config.warnings.push_back(std::move(line));
  }

  const ConfigRequest& request_;
  std::map<std::pair<std::string, std::string>, Origin> origins_;
};

}  // namespace

std::string ConfigProblem::text() const {
  std::string out = source;
  if (line > 0) out += ":" + std::to_string(line);
  if (!out.empty()) out += ": ";
  if (!where.empty()) out += where + ": ";
  out += what;
  if (!remedy.empty()) out += " (" + remedy + ")";
  return out;
}

std::vector<ConfigProblem> check_config(const ConfigRequest& request) {
  Loader loader(request);
  loader.load();
  return std::move(loader.problems);
}

Expected<Config> load_config(const ConfigRequest& request) {
  Loader loader(request);
  loader.load();
  std::string lines;
  for (const ConfigProblem& p : loader.problems) {
    if (!p.fatal) continue;
    if (!lines.empty()) lines += '\n';
    lines += p.text();
  }
  if (!lines.empty()) return Error{std::move(lines), ""};
  return std::move(loader.config);
}

Expected<Config> load_config(const std::string& path, const std::vector<std::string>& overrides) {
  ConfigRequest request;
  request.path = path;
  request.overrides = overrides;
  return load_config(request);
}

bool is_supported_sample_rate(double hz) {
  if (!(hz >= 1000) || hz > 1e9 || std::fmod(hz, 1000.0) != 0) return false;
  auto points = static_cast<long long>(hz) / 200;
  for (const long long factor : {2, 3, 5}) {
    while (points % factor == 0) points /= factor;
  }
  return points == 1;
}

}  // namespace omnisonde
