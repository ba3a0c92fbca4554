// What the gateway tells the outside about itself: plain snapshots, filled by the pipeline and
// shown by the web page, the API and /metrics. No logic and no locks here; a snapshot is a value
// that one thread makes and hands over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "decoders/physics/derived.hpp"
#include "decoders/telemetry.hpp"
#include "gateway/band_map.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde {

/// A carrier that was no sonde and is left alone for a while, longer each time.
struct SpurStatus {
  double frequency_hz = 0;
  double pause_s = 0;  ///< in all, this time
  double left_s = 0;   ///< until it is looked at again; 0: at any moment
};

/// How often a receiver has begun to leave something out because the machine could not keep up.
struct ShedCounts {
  std::uint64_t deep_decoding = 0, search = 0, spectrum = 0;
};

/// One receiver as it is now.
struct DeviceStatus {
  std::string name;    ///< the NAME of [sdr:NAME]; key of its spectrum
  std::string driver;  ///< for people: "rtlsdr 00000001"
  bool healthy = true;
  std::string state;  ///< plain words: "receiving", "reopening in 8 s: no samples for 2 s"
  double sample_rate_hz = 0;
  double centre_hz = 0;
  std::optional<double> gain_db;     ///< absent while the tuner's own AGC is on
  std::string gain_mode;             ///< "agc", "auto", "fixed"
  std::uint64_t overloads = 0;       ///< how often clipping has lowered the gain (auto)
  std::optional<double> dc_dbfs;     ///< its DC offset, which is removed
  std::uint64_t images = 0;          ///< slots given up as a stronger sonde's image
  std::optional<double> noise_dbfs;  ///< noise in the whole window
  double frequency_error_ppm = 0;    ///< the correction in use
  bool frequency_error_auto = false;
  std::uint64_t frequency_error_sondes = 0;  ///< that it was learnt from
  bool bias_tee = false;
  /// Since start: `driver` + `queue` + `away`, the samples lost in the driver, for want of
  /// computing power, and while the device was gone.
  std::uint64_t lost_samples = 0;
  std::uint64_t lost_driver = 0, lost_queue = 0, lost_away = 0;
  std::uint64_t lost_retune = 0;  ///< thrown away on purpose when the window moved
  std::uint64_t retunes = 0;      ///< moves of the window
  std::uint64_t overflows = 0;    ///< how often the driver reported a loss
  std::uint64_t reopened = 0;     ///< how often the device was gone and came back
  std::uint64_t clipped_samples = 0;
  std::vector<SpurStatus> spurs;  ///< lowest frequency first
  ShedCounts shed;
  std::optional<double> clipping_pct;  ///< share of samples at full scale in the last second
};

/// Averaged power of one receiver's window, lowest frequency first.
struct SpectrumStatus {
  std::string device;         ///< DeviceStatus::name
  std::uint64_t version = 0;  ///< counts up with each new average; equal means nothing new
  double centre_hz = 0;
  double span_hz = 0;
  std::vector<float> power_db;  ///< at most about 1200 points, dB below full scale
};

enum class TrackState : std::uint8_t {
  kProbing,    ///< a carrier is looked at; no sonde proven yet
  kTracking,   ///< frames arrive
  kHolding,    ///< silent for a few frames; frequency is kept
  kEncrypted,  ///< frames arrive, content is encrypted and is never uploaded
  kNoFix,      ///< frames arrive without a position
  kLost,       ///< the receiver has let go; kept on the page for the history
};

struct PathPoint {
  UtcMillis time;
  GeoPosition position;
};

/// One sonde as the page shows it.
struct TrackStatus {
  std::string id;  ///< key for the page, unique and stable over the track's life
  TrackState state = TrackState::kProbing;
  std::string device;  ///< DeviceStatus::name of the receiver that hears it best
  Telemetry last;      ///< newest frame; `last.rx` holds frequency, SNR and effort
  std::uint64_t frames_good = 0;
  std::uint64_t frames_bad = 0;         ///< frames whose checks failed
  UtcMillis first_heard, last_heard;    ///< our clock
  std::optional<double> distance_m;     ///< from the station, along the ground
  std::optional<double> bearing_deg;    ///< from the station, true north
  std::optional<double> elevation_deg;  ///< above the station's horizon
  physics::Derived derived;             ///< what follows from `last`, never uploaded
  std::string hold_reason;      ///< why its frames are not uploaded, plain words; may be empty
  std::vector<PathPoint> path;  ///< oldest first, thinned to at most about 600 points
};

struct RejectCount {
  std::string reason;  ///< plain words: "more than 48 h old"
  std::uint64_t count = 0;
  std::string key{};  ///< stable name for machines: "too_old"
};

/// One record that was refused for good, with the other end's words.
struct RefusedStatus {
  UtcMillis at;  ///< of the refusal
  std::string serial, words;
  std::uint32_t frame = 0;
};

/// How long records took to be delivered. counts[i] took at most bounds_s[i], the last longer.
struct LatencyStatus {
  std::vector<double> bounds_s;
  std::vector<std::uint64_t> counts;
  double sum_s = 0;
};

/// One way out: SondeHub or an MQTT broker.
struct OutputStatus {
  std::string name;  ///< "SondeHub", "MQTT home"
  bool enabled = true;
  bool healthy = true;
  std::string state;            ///< plain words: "delivering", "waiting 40 s: connection refused"
  std::uint64_t queued = 0;     ///< waiting now
  std::uint64_t delivered = 0;  ///< since start
  std::vector<RejectCount> rejected;
  std::optional<UtcMillis> last_success;
  std::string last_error;                     ///< without secrets; may be empty
  std::vector<RefusedStatus> refused_last{};  ///< newest first, a few
  LatencyStatus latency;
};

/// A counter that only rises. Its metric is omnisonde_<stage>_<name>_total.
struct StageCounter {
  std::string stage;  ///< "rx", "detector", "decode", ... lower case, digits, _
  std::string name;   ///< "lost_samples", "frames_good", ... lower case, digits, _
  std::string help;   ///< one sentence for people
  std::uint64_t value = 0;
};

/// Whether a stage of the pipeline does its work; /health is the sum of these.
struct StageHealth {
  std::string stage;
  bool ok = true;
  std::string reason;  ///< when !ok: what is broken and the likely remedy
};

struct LogLine {
  std::uint64_t id = 0;  ///< rises by one
  UtcMillis time;
  std::string level;  ///< "info", "warning", "error"
  std::string text;
};

struct StationStatus {
  std::string callsign;
  std::string antenna;
  std::optional<GeoPosition> position;
};

/// What of the band is being watched now, and since when the rest is not.
struct BandStatus {
  double wanted_hz = 0, watched_hz = 0;
  std::vector<BandStretch> stretches;  ///< lowest frequency first
  std::vector<double> missed_hz;       ///< sondes expected where nobody looks
};

/// All of it, without the spectra (they change much more often).
struct GatewayStatus {
  std::string version;
  UtcMillis now;  ///< the gateway's clock
  double uptime_s = 0;
  bool clock_synchronised = true;
  StationStatus station;
  double band_min_hz = 0, band_max_hz = 0;  ///< what should be watched; 0, 0 when there is no band
  BandStatus band;
  std::vector<DeviceStatus> devices;
  std::vector<TrackStatus> tracks;
  std::uint64_t candidates = 0;  ///< carriers seen and not (yet) taken for a sonde
  std::uint64_t probing = 0;     ///< slots that look at one now
  std::vector<OutputStatus> outputs;
  std::vector<RejectCount> held;  ///< records not uploaded, by reason, whatever the output
  std::vector<StageCounter> counters;
  std::vector<StageHealth> health;
  std::vector<LogLine> log;  ///< the newest 100 or so, oldest first
};

}  // namespace omnisonde
