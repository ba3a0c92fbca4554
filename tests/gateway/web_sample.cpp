#include "tests/gateway/web_sample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace omnisonde::test {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kEarthRadius_m = 6'371'000;
constexpr GeoPosition kStation{48.1374, 11.5755, 540};

struct Flight {
  const char *type, *subtype, *manufacturer, *serial;
  double frequency_mhz, snr_db;
  double latitude_deg, longitude_deg;  ///< of the launch
  double age_s;                        ///< since launch, at the start of the demo
  double climb_mps, wind_mps, wind_to_deg, burst_m;
  TrackState state;
  const char* hold_reason;
};

constexpr Flight kFlights[] = {
    {"RS41", "RS41-SGP", "Vaisala", "W2450311", 402.7003, 24.1, 48.244, 11.553, 4100, 5.2, 14, 80,
     36000, TrackState::kTracking, ""},
    {"RS41", "RS41-SG", "Vaisala", "V3041187", 403.0102, 17.8, 47.67, 9.18, 3300, 5.0, 17, 75,
     34000, TrackState::kTracking, ""},
    {"DFM", "DFM17", "Graw", "23041775", 402.2998, 13.4, 48.78, 9.19, 5900, 5.4, 16, 95, 31000,
     TrackState::kTracking, ""},
    {"RS41", "RS41-SGP", "Vaisala", "W2450977", 403.4999, 9.2, 49.43, 11.9, 2400, 4.6, 13, 110,
     33000, TrackState::kTracking, ""},
    {"DFM", "DFM09", "Graw", "19017642", 402.8701, 5.1, 47.26, 11.35, 1700, 4.9, 12, 60, 30000,
     TrackState::kHolding, ""},
    {"RS41", "RS41-SGM", "Vaisala", "R1220564", 401.9003, 11.6, 0, 0, 1200, 0, 0, 0, 0,
     TrackState::kEncrypted, "the sonde's content is encrypted"},
    {"DFM", "", "Graw", "", 403.2400, 6.4, 0, 0, 40, 0, 0, 0, 0, TrackState::kNoFix,
     "no position yet"},
};

double altitude_at(const Flight& f, double t_s) {
  const double up_s = f.burst_m / f.climb_mps;
  if (t_s <= up_s) return 500 + f.climb_mps * t_s;
  // Falls faster in thin air: about 60 m/s at 30 km, 6 m/s near the ground.
  double altitude = 500 + f.burst_m;
  for (double s = up_s; s < t_s && altitude > 600; s += 5)
    altitude -= 5 * 6 * std::exp(altitude / 14000);
  return std::max(altitude, 600.0);
}

GeoPosition place_at(const Flight& f, double t_s) {
  const double drift_m = f.wind_mps * t_s * (0.55 + 0.45 * std::min(1.0, t_s / 4000));
  const double turn = f.wind_to_deg + 22 * std::sin(t_s / 1500);
  const double north = drift_m * std::cos(turn * kDegree);
  const double east = drift_m * std::sin(turn * kDegree);
  return {f.latitude_deg + north / kEarthRadius_m / kDegree,
          f.longitude_deg + east / kEarthRadius_m / kDegree / std::cos(f.latitude_deg * kDegree),
          altitude_at(f, t_s)};
}

void add_geometry(TrackStatus& t) {
  const GeoPosition& p = *t.last.position;
  const double north = (p.latitude_deg - kStation.latitude_deg) * kDegree * kEarthRadius_m;
  const double east = (p.longitude_deg - kStation.longitude_deg) * kDegree * kEarthRadius_m *
                      std::cos(kStation.latitude_deg * kDegree);
  const double ground = std::hypot(north, east);
  t.distance_m = ground;
  t.bearing_deg = std::fmod(std::atan2(east, north) / kDegree + 360, 360);
  const double drop = ground * ground / (2 * kEarthRadius_m);
  t.elevation_deg = std::atan2(p.altitude_m - kStation.altitude_m - drop, ground) / kDegree;
}

void add_measurements(Telemetry& t, const Flight& f, double age_s) {
  t.position = place_at(f, age_s);
  const double alt = t.position->altitude_m;
  t.velocity_v_mps =
      static_cast<float>((altitude_at(f, age_s + 5) - altitude_at(f, age_s - 5)) / 10);
  t.velocity_h_mps = static_cast<float>(f.wind_mps * (0.8 + 0.2 * std::sin(age_s / 300)));
  t.heading_deg = static_cast<float>(f.wind_to_deg);
  t.temperature_c = static_cast<float>(std::max(-58.0, 8 - alt * 0.0065) + (alt > 20000 ? 8 : 0));
  t.humidity_pct = static_cast<float>(std::max(1.0, 74 * std::exp(-alt / 5000)));
  if (t.subtype == "RS41-SGP") {
    t.pressure_hpa = static_cast<float>(1013.25 * std::exp(-alt / 7100));
  }
  t.battery_v = 2.7F;
  t.satellites = 10;
}

TrackStatus track_of(const Flight& f, double elapsed_s, UtcMillis now, bool with_paths) {
  TrackStatus t;
  t.id = std::string(f.type) + "-" + (*f.serial != 0 ? f.serial : "new");
  t.state = f.state;
  t.device = "roof";
  t.last.type = f.type;
  t.last.subtype = f.subtype;
  t.last.manufacturer = f.manufacturer;
  t.last.serial = f.serial;
  t.last.encrypted = f.state == TrackState::kEncrypted;
  t.hold_reason = f.hold_reason;
  const double age_s = f.age_s + elapsed_s;
  t.last.rx.frequency_hz = f.frequency_mhz * 1e6 + 60 * std::sin(elapsed_s / 40);
  t.last.rx.snr_db = static_cast<float>(f.snr_db + std::sin(elapsed_s * 1.7 + f.frequency_mhz));
  t.last.frame_number = static_cast<std::uint32_t>(age_s + 600);
  const bool silent = f.state == TrackState::kHolding;
  t.last_heard = {now.ms - (silent ? 14'000 : 400)};
  t.first_heard = {now.ms - static_cast<std::int64_t>(age_s * 1000)};
  t.last.datetime = t.last_heard;
  t.frames_good = static_cast<std::uint64_t>(age_s * (f.snr_db > 8 ? 0.995 : 0.8));
  t.frames_bad = static_cast<std::uint64_t>(age_s) - t.frames_good;
  if (f.latitude_deg != 0) {
    add_measurements(t.last, f, age_s);
    add_geometry(t);
    for (double s = 0; with_paths && s < age_s; s += std::max(10.0, age_s / 400)) {
      t.path.push_back({{now.ms - static_cast<std::int64_t>((age_s - s) * 1000)}, place_at(f, s)});
    }
  }
  return t;
}

void add_outputs(GatewayStatus& s, double elapsed_s) {
  OutputStatus hub;
  hub.name = "SondeHub";
  hub.state = "delivering";
  hub.queued = 30 + static_cast<std::uint64_t>(elapsed_s) % 15 * 5;
  hub.delivered = 17'204 + static_cast<std::uint64_t>(elapsed_s) * 5;
  hub.rejected = {{"altitude jumps from one frame to the next", 3},
                  {"fewer than 11 frames of a DFM in one batch", 22}};
  hub.last_success =
      UtcMillis{s.now.ms - static_cast<std::int64_t>(std::fmod(elapsed_s, 15) * 1000)};
  OutputStatus mqtt;
  mqtt.name = "MQTT home";
  mqtt.healthy = false;
  mqtt.state = "waits 40 s before the next attempt";
  mqtt.queued = 1284 + static_cast<std::uint64_t>(elapsed_s) * 5;
  mqtt.delivered = 15'920;
  mqtt.last_success = UtcMillis{s.now.ms - 312'000};
  mqtt.last_error = "192.168.1.5:1883: connection refused (is the broker running?)";
  s.outputs = {hub, mqtt};
}

}  // namespace

GatewayStatus sample_status(double elapsed_s, bool with_paths) {
  GatewayStatus s;
  s.version = "0.1.0";
  s.now = {1'792'412'400'000 + static_cast<std::int64_t>(elapsed_s * 1000)};
  s.uptime_s = 93'600 + elapsed_s;
  s.station = {"DL0MUC-9", "quarter wave with filtered preamp", kStation};
  s.band_min_hz = 400.05e6;
  s.band_max_hz = 406e6;
  DeviceStatus& roof = s.devices.emplace_back();
  roof.name = "roof";
  roof.driver = "rtlsdr 00000001";
  roof.state = "receiving";
  roof.sample_rate_hz = 2.4e6;
  roof.centre_hz = 402.7e6;
  roof.gain_db = 38.6;
  roof.gain_mode = "auto";
  roof.noise_dbfs = -31.2;
  roof.frequency_error_ppm = 1.2;
  roof.frequency_error_auto = true;
  roof.frequency_error_sondes = 4;
  roof.spurs = {{401.6e6, 40, 12}, {403.2e6, 600, 431}};
  roof.lost_retune = 720'000;
  roof.retunes = 3;
  roof.clipping_pct = 0.01;
  s.band = {5.95e6,
            2.04e6,
            {{400.05e6, 401.68e6, 14},
             {401.68e6, 403.72e6, 0},
             {403.72e6, 404e6, 14},
             {404e6, 406e6, 61}},
            {405.3e6}};
  for (const Flight& f : kFlights) s.tracks.push_back(track_of(f, elapsed_s, s.now, with_paths));
  s.candidates = 3;
  s.probing = 1;
  add_outputs(s, elapsed_s);
  s.counters = {{"rx", "lost_samples", "Samples lost before the channelizer.", 0},
                {"decode", "frames_good", "Frames whose checks passed.", 21'904},
                {"decode", "frames_bad", "Frames whose checks failed.", 311}};
  s.health = {{"receiver", true, ""}, {"decoder", true, ""}, {"uploads", true, ""}};
  const char* const lines[] = {
      "omnisonde 0.1.0 started",
      "receiver roof: rtlsdr 00000001 opened at 402.700 MHz, 2.40 MS/s",
      "track RS41 W2450311 402.700 MHz snr=24.1dB found",
      "track DFM 23041775 402.300 MHz snr=13.4dB found",
      "track RS41 R1220564 401.900 MHz is encrypted: listed, not uploaded",
      "MQTT home: 192.168.1.5:1883 connection refused, next attempt in 40 s",
      "track DFM 19017642 402.870 MHz silent, frequency is kept"};
  std::uint64_t id = 0;
  for (const char* text : lines) {
    ++id;
    s.log.push_back({id,
                     {s.now.ms - static_cast<std::int64_t>(8 - id) * 190'000},
                     id == 6 ? "warning" : "info",
                     text});
  }
  return s;
}

SpectrumStatus sample_spectrum(const GatewayStatus& status, std::uint64_t version) {
  SpectrumStatus s{"roof", version, 402.7e6, 2.4e6, {}};
  std::minstd_rand random(static_cast<unsigned>(version + 1));
  std::normal_distribution<double> noise(0, 0.5);
  constexpr std::size_t kPoints = 1200;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double offset_hz = (static_cast<double>(i) / kPoints - 0.5) * s.span_hz;
    const double edge = std::pow(std::abs(offset_hz) / 1.2e6, 12);
    double power = std::pow(10, (-82 - 9 * edge + noise(random)) / 10);
    for (const TrackStatus& t : status.tracks) {
      if (t.state == TrackState::kHolding) continue;
      const double away = (s.centre_hz + offset_hz - t.last.rx.frequency_hz) / 3600;
      const double level_db =
          static_cast<double>(t.last.rx.snr_db.value_or(0)) - 78 + noise(random) * 2;
      power += std::pow(10, level_db / 10) * std::exp(-away * away);
    }
    power += std::pow(10, -6.9) * std::exp(-std::pow((offset_hz + 3'000) / 1500, 2)) * 0.6;
    s.power_db.push_back(static_cast<float>(10 * std::log10(power)));
  }
  return s;
}

}  // namespace omnisonde::test
