#include "simulator/sondes/gps_constellation.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "decoders/geo/ephemeris.hpp"

namespace omnisonde::sim {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kGravity = 3.986005e14;
constexpr double kSecondsPerWeek = 604'800;
constexpr geo::GpsSeconds kEpoch_s = 2'400 * kSecondsPerWeek;  // where the elements below hold
constexpr int kSatellites = 32, kMissing = 31, kUnhealthy = 29;
constexpr double kInterval_s = 7200;

/// The same fraction for the same satellite and purpose, scattered over 0..1.
double scatter(int prn, int purpose) {
  const double x = prn * 0.754877666 + purpose * 0.569840296;
  return x - std::floor(x);
}

double wrapped(double angle_rad) { return std::remainder(angle_rad, 2 * kPi); }

geo::OrbitElements elements_at(int prn, geo::GpsSeconds toe_s) {
  geo::OrbitElements el;
  const int plane = prn % 6, place = prn / 6;
  el.prn = prn;
  el.healthy = prn != kUnhealthy;
  el.toe_s = el.toc_s = toe_s;
  el.sqrt_a = 5153.6 + 0.2 * (scatter(prn, 1) - 0.5);
  el.eccentricity = 0.002 + 0.012 * scatter(prn, 2);
  el.i0_rad = (54.5 + 2 * scatter(prn, 3)) * kPi / 180;
  el.omega_rad = wrapped(2 * kPi * scatter(prn, 4));
  el.omega_dot_radps = -8.1e-9;
  el.delta_n_radps = 4.5e-9 + 1e-9 * scatter(prn, 5);
  const double since_s = toe_s - kEpoch_s;
  const double motion = std::sqrt(kGravity / std::pow(el.sqrt_a, 6)) + el.delta_n_radps;
  const double along = plane * 0.7 + place * 2 * kPi / 6 + 0.5 * scatter(prn, 6);
  el.m0_rad = wrapped(along - el.omega_rad + motion * since_s);
  // The node is told against Greenwich at the week's beginning.
  const double week = std::floor(toe_s / kSecondsPerWeek);
  const double greenwich = geo::kEarthRotation_radps * (week * kSecondsPerWeek - kEpoch_s);
  el.omega0_rad = wrapped(plane * kPi / 3 + el.omega_dot_radps * since_s - greenwich);
  el.idot_radps = 0;
  el.cuc_rad = 2e-6 * (scatter(prn, 7) - 0.5);
  el.cus_rad = 8e-6 * scatter(prn, 8);
  el.crc_m = 150 + 150 * scatter(prn, 9);
  el.crs_m = 100 * (scatter(prn, 10) - 0.5);
  el.cic_rad = 2e-7 * (scatter(prn, 11) - 0.5);
  el.cis_rad = 2e-7 * (scatter(prn, 12) - 0.5);
  el.af1 = 1e-11 * (scatter(prn, 14) - 0.5);
  el.af0_s = 8e-4 * (scatter(prn, 13) - 0.5) + el.af1 * std::fmod(since_s, 1e6);
  el.tgd_s = -1e-8 * scatter(prn, 15);
  return el;
}

void put_row(std::string& out, const std::array<double, 4>& values) {
  out += "   ";
  for (const double value : values) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%19.12E", value);
    std::string field(text.data());
    field[field.find('E')] = 'D';
    out += field;
  }
  out += '\n';
}

void put_record(std::string& out, const geo::OrbitElements& el) {
  const CivilTime t =
      to_civil({geo::kGpsEpoch_ms + static_cast<std::int64_t>(std::llround(el.toc_s * 1000))});
  std::array<char, 40> head{};
  std::snprintf(head.data(), head.size(), "%2d %02d %2d %2d %2d %2d%5.1f", el.prn, t.year % 100,
                t.month, t.day, t.hour, t.minute, static_cast<double>(t.second));
  std::string clock;
  put_row(clock, {0, el.af0_s, el.af1, 0});
  out += std::string(head.data()) + clock.substr(22);
  const double week = std::floor(el.toe_s / kSecondsPerWeek);
  put_row(out, {83, el.crs_m, el.delta_n_radps, el.m0_rad});
  put_row(out, {el.cuc_rad, el.eccentricity, el.cus_rad, el.sqrt_a});
  put_row(out, {el.toe_s - week * kSecondsPerWeek, el.cic_rad, el.omega0_rad, el.cis_rad});
  put_row(out, {el.i0_rad, el.crc_m, el.omega_rad, el.omega_dot_radps});
  put_row(out, {el.idot_radps, 1, week, 0});
  put_row(out, {2, el.healthy ? 0.0 : 63.0, el.tgd_s, 83});
  put_row(out, {el.toe_s - week * kSecondsPerWeek - 3600, 4, 0, 0});
}

}  // namespace

std::string gps_rinex(UtcMillis about) {
  std::string out =
      "     2.11           N: GPS NAV DATA                         RINEX VERSION / TYPE\n"
      "omnisonde           simulated                               PGM / RUN BY / DATE \n"
      "These satellites do not exist.                              COMMENT             \n"
      "                                                            END OF HEADER       \n";
  const geo::GpsSeconds now_s = geo::to_gps_seconds(geo::gps_time(about));
  const double middle_s = std::floor(now_s / kInterval_s) * kInterval_s;
  for (int step = -6; step <= 18; ++step) {
    for (int prn = 1; prn <= kSatellites; ++prn) {
      if (prn != kMissing) put_record(out, elements_at(prn, middle_s + step * kInterval_s));
    }
  }
  return out;
}

}  // namespace omnisonde::sim
