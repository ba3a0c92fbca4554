#include <cmath>
#include <cstdio>

#include "uploader/feeds/csv_feed.hpp"
#include "uploader/feeds/names.hpp"

namespace omnisonde::uploader {
namespace {

constexpr std::size_t kLongestLine = 299;

// One decimal, or what stands for "not known".
std::string one(const std::optional<float>& value, const char* missing) {
  const bool known = value && std::isfinite(*value);
  return known ? fixed(static_cast<double>(*value), 1) : missing;
}

std::string timer(const std::optional<int>& seconds) {
  constexpr int kDay_s = 86'400, kUnset = 65'535;
  if (!seconds || *seconds < 0 || *seconds == kUnset) return {};
  return time_of_day(UtcMillis{std::int64_t{*seconds % kDay_s} * 1000});
}

}  // namespace

const char* csv_header() {
  return "timestamp,serial,frame,lat,lon,alt,vel_v,vel_h,heading,temp,humidity,pressure,type,"
         "freq_mhz,snr,f_error_hz,sats,batt_v,burst_timer,aux_data\n";
}

std::string csv_line(const Telemetry& t) {
  const double tuned = tuned_mhz(t);
  const auto error_hz = static_cast<long long>(t.rx.frequency_hz - tuned * 1e6);
  std::string line = to_iso8601(*t.datetime) + "," + autorx_id(t) + "," +
                     std::to_string(*t.frame_number) + "," + fixed(t.position->latitude_deg, 5) +
                     "," + fixed(t.position->longitude_deg, 5) + "," +
                     fixed(t.position->altitude_m, 1);
  line += "," + one(t.velocity_v_mps, "-9999.0") + "," + one(t.velocity_h_mps, "-9999.0") + "," +
          one(t.heading_deg, "-9999.0");
  line += "," + one(t.temperature_c, "-273.0") + "," + one(t.humidity_pct, "-1.0") + "," +
          one(t.pressure_hpa, "-1.0");
  line += "," + (t.subtype.empty() ? autorx_type(t) : t.subtype) + "," + fixed(tuned, 3) + "," +
          one(t.rx.snr_db, "-99.0") + "," + std::to_string(error_hz) + "," +
          std::to_string(t.satellites.value_or(-1)) + "," + one(t.battery_v, "-1") + "," +
          timer(t.burst_timer_s) + ",";
  if (line.size() + t.xdata.size() < kLongestLine) line += t.xdata;
  return line + "\n";
}

std::string csv_file_name(const Telemetry& t, UtcMillis opened) {
  const CivilTime c = to_civil(opened);
  char time[96];
  std::snprintf(time, sizeof time, "%04d%02d%02d-%02d%02d%02d", c.year, c.month, c.day, c.hour,
                c.minute, c.second);
  return std::string(time) + "_" + autorx_id(t) + "_" + autorx_type(t) +
         (t.xdata.empty() ? "" : "-XDATA") + "_" +
         std::to_string(std::llround(tuned_mhz(t) * 1e3)) + "_sonde.log";
}

}  // namespace omnisonde::uploader
