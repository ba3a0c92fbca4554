// The operator's settings as one value that never changes after it was loaded. Every field is one
// row of the table in config_keys.cpp, where its unit, default, range and help text stand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"

namespace omnisonde {

struct StationConfig {
  std::string callsign;                               ///< empty while not set
  std::optional<double> latitude_deg, longitude_deg;  ///< both or none
  double altitude_m = 0;                              ///< above mean sea level
  std::string antenna;
  std::string contact_email;
};

/// One [sdr:NAME].
struct SdrConfig {
  std::string name;    ///< NAME
  std::string driver;  ///< SoapySDR's driver key
  std::string serial;  ///< exact; empty means the first one found
  std::string soapy_args;
  std::optional<double> gain_db;      ///< nothing means the tuner's own control, or ours:
  bool gain_auto = false;             ///< from clipping and the noise floor
  double frequency_error_ppm = 0;     ///< where learning begins, if it is learnt
  bool frequency_error_auto = false;  ///< learnt from RS41s
  bool bias_tee = false;
  std::string antenna;
  double sample_rate_hz = 2'400'000;
  std::optional<double> center_mhz;  ///< nothing means auto
};

struct BandConfig {
  double min_mhz = 0, max_mhz = 0;
  double window_dwell_s = 0;
  double excursion_s = 0;
};

struct FixedFrequency {
  double mhz = 0;
  std::string type;  ///< as in [decode] types
};

struct FrequenciesConfig {
  std::vector<double> only_mhz, never_mhz, always_mhz;
  std::vector<FixedFrequency> fixed_mhz;
  double guard_khz = 0;  ///< to each side of a never_mhz
};

/// What to do with sondes whose content is encrypted (never uploaded).
enum class EncryptedMode : std::uint8_t { kIgnore, kList, kLog };

struct DecodeConfig {
  std::vector<std::string> types;  ///< empty means all
  int max_tracks = 0;
  double track_timeout_s = 0;
  EncryptedMode encrypted = EncryptedMode::kList;
  std::string gps_ephemeris;  ///< file, "fetch" or an address; empty: none
};

struct DetectConfig {
  double min_excess_db = 0;  ///< over the noise floor
};

enum class PublishPosition : std::uint8_t { kExact, kCoarse, kNo };

struct SondehubConfig {
  bool enabled = false;  ///< when not set: whether there is a callsign
  std::string url;
  double batch_interval_s = 0;
  double backfill_horizon_h = 0;
  PublishPosition publish_position = PublishPosition::kExact;
  std::vector<std::string> upload_types;  ///< empty means all
  bool dry_run = false;
  bool mobile = false;
  std::string ca_file;  ///< empty: the system's authorities
};

/// One [mqtt:NAME].
struct MqttConfig {
  std::string name;  ///< NAME
  std::string url;
  std::string user;
  std::string password_file, token_file;  ///< first line of the file; never shown anywhere
  std::string ca_file;
  std::string root;
  int qos = 0;
  double keep_alive_s = 0;
  bool mirror = false;          ///< also SondeHub's own topics
  bool home_assistant = false;  ///< discovery messages
};

struct StorageConfig {
  std::string path;
  int max_mb = 0;
  double keep_h = 0;
};

struct WebConfig {
  bool enabled = true;
  std::string address;  ///< IPv4 or IPv6 (without brackets)
  std::uint16_t port = 0;
  double live_history_min = 0;
};

enum class LogLevelConfig : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct LogConfig {
  LogLevelConfig level = LogLevelConfig::kInfo;
};

struct FilterConfig {
  double max_altitude_m = 0;
  double max_range_km = 0;
  double max_clock_difference_h = 0;
  double max_speed_m_s = 0;
};

struct Config {
  StationConfig station;
  std::vector<SdrConfig> sdr;
  BandConfig band;
  FrequenciesConfig frequencies;
  DecodeConfig decode;
  DetectConfig detect;
  SondehubConfig sondehub;
  std::vector<MqttConfig> mqtt;
  StorageConfig storage;
  WebConfig web;
  LogConfig log;
  FilterConfig filter;
  uploader::FeedsConfig feeds;  ///< its `station` and its secrets stay empty: see feeds_config
  std::vector<std::string> warnings;  ///< lines for the log: legal, but worth a look
};

/// Exit status for a broken configuration (EX_CONFIG of sysexits.h); the systemd unit does not
/// restart on it.
constexpr int kExitConfig = 78;

/// One thing that is wrong (or, with `fatal` false, worth a look).
struct ConfigProblem {
  std::string source;  ///< file name, or "--set"
  int line = 0;        ///< 0 when the problem has no line of its own
  std::string where;   ///< "[section] key", "[section]" or empty
  std::string what;    ///< what is wrong, with the nearest valid name where there is one
  std::string remedy;  ///< may be empty
  bool fatal = true;

  /// "FILE:LINE: [section] key: what is wrong (remedy)".
  [[nodiscard]] std::string text() const;
};

struct ConfigRequest {
  std::string path;                    ///< file to read; empty: defaults and overrides only
  std::vector<std::string> overrides;  ///< "section.key=value", the last one wins
  /// Names for [decode] types and others; empty: any name is taken.
  std::vector<std::string> sonde_types;
  bool for_run = false;  ///< also ask for what the daemon cannot do without (an [sdr:NAME])
};

/// @returns all problems, those of the file in the order of its lines; empty when all is well.
/// A file that cannot be read is a problem too.
[[nodiscard]] std::vector<ConfigProblem> check_config(const ConfigRequest& request);

/// @returns the settings, or an Error whose `what` holds one line per fatal problem.
[[nodiscard]] Expected<Config> load_config(const ConfigRequest& request);
[[nodiscard]] Expected<Config> load_config(const std::string& path,
                                           const std::vector<std::string>& overrides = {});

/// The reference of all keys as Markdown (the tables of docs/configuration.md).
[[nodiscard]] std::string config_reference();

/// @returns whether `hz` is a rate the channelizer takes: whole kHz, and an FFT of hz / 200 points
/// that has no prime factor above 5 (house rule: 200 Hz bins, 4 ms blocks at every rate).
[[nodiscard]] bool is_supported_sample_rate(double hz);

}  // namespace omnisonde
