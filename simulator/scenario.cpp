#include "simulator/scenario.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "gateway/ini_file.hpp"
#include "simulator/scenario_keys.hpp"

namespace omnisonde::sim {
namespace {

constexpr std::string_view kSondePrefix = "sonde:";

/// Turns INI entries into a Scenario and keeps every complaint.
class Builder {
 public:
  explicit Builder(std::string name) { scenario_.name = std::move(name); }

  void take(const IniFile& file) {
    for (const IniProblem& problem : file.problems) complain(problem.line, problem.what);
    for (const IniSection& section : file.sections) {
      if (section.name.starts_with(kSondePrefix)) {
        sonde(section.name.substr(kSondePrefix.size()), section.line);
      } else if (section.name != "stream" && section.name != "station") {
        complain(section.line, "[" + section.name +
                                   "]: unknown section, known are [stream], [station] and "
                                   "[sonde:NAME]");
      }
    }
    for (const IniEntry& entry : file.entries) assign(entry);
  }

  void override_with(const std::string& setting) {
    const std::size_t equals = setting.find('=');
    const std::size_t dot = setting.rfind('.', equals);
    if (equals == std::string::npos || dot == std::string::npos) {
      complaints_.push_back("--set " + setting + ": not of the form section.key=value");
      return;
    }
    IniEntry entry;
    entry.section = setting.substr(0, dot);
    entry.key = setting.substr(dot + 1, equals - dot - 1);
    entry.value = setting.substr(equals + 1);
    if (entry.section.starts_with(kSondePrefix) &&
        find_sonde(entry.section.substr(kSondePrefix.size())) == nullptr) {
      complaints_.push_back("--set " + setting + ": the scenario has no [" + entry.section + "]");
      return;
    }
    assign(entry);
  }

  Expected<Scenario> finish() {
    std::set<std::string> serials;
    for (std::size_t i = 0; i < scenario_.sondes.size(); ++i) finish_sonde(i, serials);
    if (complaints_.empty()) return std::move(scenario_);
    std::string text;
    for (const std::string& line : complaints_) text += (text.empty() ? "" : "\n") + line;
    return Error{text, ""};
  }

 private:
  void complain(int line, const std::string& what) {
    const std::string where = line > 0 ? scenario_.name + ":" + std::to_string(line) : "--set";
    complaints_.push_back(where + ": " + what);
  }

  SondePlan* find_sonde(const std::string& name) {
    const auto at = std::ranges::find(scenario_.sondes, name, &SondePlan::name);
    return at == scenario_.sondes.end() ? nullptr : &*at;
  }

  void sonde(const std::string& name, int line) {
    if (name.empty()) complain(line, "[sonde:]: the name is missing, as in [sonde:A]");
    if (find_sonde(name) != nullptr) return;
    SondePlan plan;
    plan.name = name;
    scenario_.sondes.push_back(std::move(plan));
    places_.emplace_back();
    lines_.push_back(line);
  }

  void assign(const IniEntry& entry) {
    KeyVerdict verdict;
    if (entry.section == "stream") {
      verdict = set_stream_key(scenario_.stream, entry.key, entry.value);
    } else if (entry.section == "station") {
      verdict = set_station_key(station_, entry.key, entry.value);
    } else if (entry.section.starts_with(kSondePrefix)) {
      const std::string name = entry.section.substr(kSondePrefix.size());
      const auto index = static_cast<std::size_t>(find_sonde(name) - scenario_.sondes.data());
      SondePlan& plan = scenario_.sondes[index];
      if (entry.key == "type") plan.origin = scenario_.name + ":" + std::to_string(entry.line);
      verdict = set_sonde_key(plan, places_[index], entry.key, entry.value);
    } else if (entry.line > 0) {
      if (entry.section.empty()) complain(entry.line, entry.key + ": stands before any [section]");
      return;  // an unknown section was named once already
    } else {
      verdict = "unknown section";
    }
    if (verdict) complain(entry.line, "[" + entry.section + "] " + entry.key + ": " + *verdict);
  }

  void finish_sonde(std::size_t i, std::set<std::string>& serials) {
    SondePlan& plan = scenario_.sondes[i];
    const auto missing = [&](const std::string& what) {
      complain(lines_[i], "[sonde:" + plan.name + "]: " + what);
    };
    if (plan.type.empty()) missing("`type` is missing");
    if (places_[i].frequency_missing) missing("`frequency_mhz` is missing");
    if (!serials.insert(plan.type + "/" + plan.identity.serial).second) {
      missing("another " + plan.type + " has the serial `" + plan.identity.serial +
              "` already (give each its own)");
    }
    if (plan.stop_s && *plan.stop_s <= plan.start_s) missing("`stop_s` lies before `start_s`");
    place_sonde(plan, places_[i], station_);
  }

  Scenario scenario_;
  StationPlace station_;
  std::vector<SondePlace> places_;  // parallel to scenario_.sondes
  std::vector<int> lines_;          // ditto: where the section begins
  std::vector<std::string> complaints_;
};

}  // namespace

double Scenario::noise_density() const {
  return std::pow(10.0, stream.noise_dbfs / 10) / stream.sample_rate_hz;
}

Expected<Scenario> parse_scenario(std::string_view text, const std::string& name,
                                  const std::vector<std::string>& overrides) {
  std::istringstream in{std::string(text)};
  Builder builder(name);
  builder.take(parse_ini(in));
  for (const std::string& setting : overrides) builder.override_with(setting);
  return builder.finish();
}

Expected<Scenario> load_scenario(const std::string& path,
                                 const std::vector<std::string>& overrides) {
  std::ifstream in(path);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || !text) {
    return Error{"cannot read scenario " + path, "check the path; examples: config/scenarios"};
  }
  return parse_scenario(text.str(), path, overrides);
}

}  // namespace omnisonde::sim
