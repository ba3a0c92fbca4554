#include "gateway/run_plan.hpp"

#include <algorithm>
#include <fstream>

#include "gateway/slice_class.hpp"
#include "gateway/type_list.hpp"

namespace omnisonde {
namespace {

constexpr double kOnlyReach_hz = 5'000;

std::vector<FrequencyRange> around(const std::vector<double>& mhz, double reach_hz) {
  std::vector<FrequencyRange> ranges;
  ranges.reserve(mhz.size());
  for (const double f : mhz) ranges.push_back({f * 1e6 - reach_hz, f * 1e6 + reach_hz});
  return ranges;
}

Expected<std::vector<FixedChannel>> fixed_channels(const std::vector<FixedFrequency>& fixed) {
  std::vector<FixedChannel> channels;
  for (const FixedFrequency& f : fixed) {
    const auto types = select_types(std::vector{f.type});
    if (!types) return types.error();
    channels.push_back({f.mhz * 1e6, types->front()});
  }
  return channels;
}

std::vector<FrequencyRange> searched(const Config& config) {
  if (!config.frequencies.only_mhz.empty())
    return around(config.frequencies.only_mhz, kOnlyReach_hz);
  return {{config.band.min_mhz * 1e6, config.band.max_mhz * 1e6}};
}

// A frequency that no receiver is fast enough for would stay silent for ever.
Expected<void> fixed_fit(const std::vector<FixedChannel>& fixed,
                         const std::vector<SdrConfig>& sdr) {
  for (const FixedChannel& channel : fixed) {
    if (channel.type == nullptr || sdr.empty()) continue;
    double fastest_hz = 0;
    for (const SdrConfig& one : sdr) fastest_hz = std::max(fastest_hz, one.sample_rate_hz);
    const auto fits = fits_stream(*channel.type, fastest_hz);
    if (!fits)
      return Error{"[frequencies] fixed_mhz: " + fits.error().what,
                   fits.error().remedy + " ([sdr:NAME] sample_rate_hz)"};
  }
  return {};
}

}  // namespace

Expected<std::string> first_line(const std::string& path, const char* key) {
  if (path.empty()) return std::string{};
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    return Error{std::string(key) + " = " + path + ": cannot read a secret from it",
                 "the file's first line must hold it, readable by the service's user"};
  }
  return line;
}

Expected<std::vector<LivePlan>> live_plans(const Config& config) {
  const auto types = select_types(config.decode.types);
  if (!types) return types.error();
  const auto fixed = fixed_channels(config.frequencies.fixed_mhz);
  if (!fixed) return fixed.error();
  if (const auto fit = fixed_fit(*fixed, config.sdr); !fit) return fit.error();
  std::vector<LivePlan> plans;
  for (const SdrConfig& sdr : config.sdr) {
    LivePlan plan;
    plan.name = sdr.name;
    plan.device = {.driver = sdr.driver,
                   .serial = sdr.serial,
                   .args = sdr.soapy_args,
                   .sample_rate_hz = sdr.sample_rate_hz,
                   .gain_db = sdr.gain_db,
                   .frequency_error_ppm = sdr.frequency_error_ppm,
                   .bias_tee = sdr.bias_tee,
                   .antenna = sdr.antenna};
    plan.gain_auto = sdr.gain_auto;
    plan.frequency_error_auto = sdr.frequency_error_auto;
    if (!config.storage.path.empty())
      plan.crystal_path = config.storage.path + "/receiver-" + sdr.name + ".ppm";
    if (sdr.center_mhz) plan.fixed_centre_hz = *sdr.center_mhz * 1e6;
    plan.band.types = *types;
    plan.band.fixed = *fixed;
    plan.band.allowed = searched(config);
    plan.band.forbidden = around(config.frequencies.never_mhz, config.frequencies.guard_khz * 1e3);
    // A candidate takes a slot for each width until its type is known.
    plan.band.max_slots = 3 * static_cast<std::size_t>(config.decode.max_tracks);
    plan.band.fixed_always_full = false;
    plan.band.min_excess_db = config.detect.min_excess_db;
    plans.push_back(std::move(plan));
  }
  return plans;
}

PlannerRules planner_rules(const Config& config) {
  PlannerRules rules{.wanted = searched(config),
                     .dwell_s = config.band.window_dwell_s,
                     .hold_s = config.decode.track_timeout_s,
                     .excursion_s = config.band.excursion_s};
  for (const double mhz : config.frequencies.always_mhz) rules.always_hz.push_back(mhz * 1e6);
  for (const FixedFrequency& f : config.frequencies.fixed_mhz)
    rules.always_hz.push_back(f.mhz * 1e6);
  return rules;
}

Expected<uploader::Config> uploader_config(const Config& config) {
  uploader::Config out;
  out.station.callsign = config.station.callsign;
  if (config.station.latitude_deg && config.station.longitude_deg) {
    out.station.position = GeoPosition{*config.station.latitude_deg, *config.station.longitude_deg,
                                       config.station.altitude_m};
  }
  out.station.publish_position =
      static_cast<uploader::PublishPosition>(config.sondehub.publish_position);
  out.station.antenna = config.station.antenna;
  out.station.contact_email = config.station.contact_email;
  out.station.mobile = config.sondehub.mobile;
  out.storage.path = config.storage.path;
  out.storage.max_mb = config.storage.max_mb;
  out.storage.keep_h = config.storage.keep_h;
  out.sondehub.enabled = config.sondehub.enabled;
  out.sondehub.url = config.sondehub.url;
  out.sondehub.ca_file = config.sondehub.ca_file;
  out.sondehub.batch_interval_s = config.sondehub.batch_interval_s;
  out.sondehub.backfill_horizon_h = config.sondehub.backfill_horizon_h;
  out.sondehub.upload_types = config.sondehub.upload_types;
  out.sondehub.dry_run = config.sondehub.dry_run;
  for (const MqttConfig& mqtt : config.mqtt) {
    const auto password = first_line(mqtt.password_file, "[mqtt] password_file");
    if (!password) return password.error();
    const auto token = first_line(mqtt.token_file, "[mqtt] token_file");
    if (!token) return token.error();
    uploader::MqttConfig m;
    m.name = mqtt.name;
    m.uri = mqtt.url;
    m.user = mqtt.user;
    m.password = *password;
    m.token = *token;
    m.ca_file = mqtt.ca_file;
    m.root = mqtt.root;
    m.qos = mqtt.qos;
    m.keep_alive_s = mqtt.keep_alive_s;
    m.mirror = mqtt.mirror;
    m.home_assistant = mqtt.home_assistant;
    out.mqtt.push_back(std::move(m));
  }
  return out;
}

}  // namespace omnisonde
