#include "uploader/feeds/aprs_packet.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "uploader/feeds/names.hpp"
#include "uploader/feeds/template.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

struct Angle {
  std::string text;  // "5207.41N"
  char fine = '!';   // the third and fourth decimal of the minutes in base 91
};

// Degrees and minutes; hundredths are cut off, since what is cut stands in `fine`.
Angle angle(double deg, int degree_digits, char positive, char negative) {
  const auto units = static_cast<std::int64_t>(std::llround(std::abs(deg) * 600'000));
  const auto minutes = static_cast<int>(units % 600'000);
  char text[32];
  std::snprintf(text, sizeof text, "%0*d%02d.%02d%c", degree_digits,
                static_cast<int>(units / 600'000), minutes / 10'000, minutes % 10'000 / 100,
                deg > 0 ? positive : negative);
  // 00..99 is squeezed into 0..90.
  return {text, static_cast<char>(33 + std::lround(minutes % 100 / 1.10))};
}

Angle latitude(const GeoPosition& p) { return angle(p.latitude_deg, 2, 'N', 'S'); }
Angle longitude(const GeoPosition& p) { return angle(p.longitude_deg, 3, 'E', 'W'); }

std::string datum(const Angle& lat, const Angle& lon) {
  return std::string("!w") + lat.fine + lon.fine + "!";
}

// Course in degrees and speed in knots; 000/000 where not known.
std::string course_speed(const Telemetry& t) {
  constexpr double kKnotsPerMps = 1.944;
  char text[32] = "000/000";
  if (t.heading_deg && t.velocity_h_mps) {
    const int course = std::clamp(static_cast<int>(*t.heading_deg), 0, 360);
    const double knots = static_cast<double>(*t.velocity_h_mps) * kKnotsPerMps;
    std::snprintf(text, sizeof text, "%03d/%03d", course,
                  std::clamp(static_cast<int>(knots), 0, 999));
  }
  return text;
}

}  // namespace

std::string aprs_login(const std::string& callsign, const std::string& passcode) {
  return "user " + callsign + " pass " + passcode + " vers " + software_name() + " " +
         software_version() + "\r\n";
}

std::string aprs_line(const std::string& callsign, const std::string& path,
                      const std::string& body) {
  std::string text = body;
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return callsign + ">" + kAprsDestination + "," + (path.empty() ? "" : path + ",") + "TCPIP,qAR," +
         callsign + ":" + text + "\r\n";
}

std::optional<std::string> aprs_object(const Telemetry& t, const std::string& comment) {
  const auto name = aprs_object_name(t);
  if (!name || !t.position || !t.datetime) return std::nullopt;
  constexpr double kMetresPerFoot = 0.3048;
  const Angle lat = latitude(*t.position), lon = longitude(*t.position);
  const CivilTime c = to_civil(*t.datetime);
  char time[48], feet[32];
  std::snprintf(time, sizeof time, "%02d%02d%02dh", c.hour, c.minute, c.second);
  std::snprintf(feet, sizeof feet, "/A=%06d",
                static_cast<int>(t.position->altitude_m / kMetresPerFoot));
  return ";" + *name + "*" + time + lat.text + "/" + lon.text + "O" + course_speed(t) + feet + " " +
         fill(comment, comment_tokens(t), Escape::kNone) + " " + datum(lat, lon);
}

std::string aprs_beacon(const GeoPosition& at, const std::string& symbol,
                        const std::string& comment) {
  const Angle lat = latitude(at), lon = longitude(at);
  return "!" + lat.text + symbol.at(0) + lon.text + symbol.at(1) +
         fill(comment, {{"version", software_version()}}, Escape::kNone) + " " + datum(lat, lon);
}

}  // namespace omnisonde::uploader
