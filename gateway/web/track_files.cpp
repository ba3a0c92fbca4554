#include "gateway/web/track_files.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace omnisonde::web {
namespace {

using Json = nlohmann::ordered_json;

// Text from the air: the five characters of XML are written out, controls left out.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F) out += c;
    }
  }
  return out;
}

std::string name_of(const TrackStatus& t) { return t.last.serial.empty() ? t.id : t.last.serial; }

std::string type_of(const TrackStatus& t) {
  return t.last.subtype.empty() ? t.last.type : t.last.subtype;
}

std::string about(const TrackStatus& t) {
  char text[128];
  std::snprintf(text, sizeof text, " on %.3f MHz, %.0f m", t.last.rx.frequency_hz / 1e6,
                t.last.position->altitude_m);
  return type_of(t) + text + (t.last.datetime ? ", " + to_iso8601(*t.last.datetime) : "");
}

// "13.40000,52.50000,1000.0"
std::string kml_point(const GeoPosition& p) {
  char text[96];
  std::snprintf(text, sizeof text, "%.5f,%.5f,%.1f", p.longitude_deg, p.latitude_deg, p.altitude_m);
  return text;
}

Json geojson_point(const GeoPosition& p) {
  const auto rounded = [](double v, double scale) { return std::round(v * scale) / scale; };
  return {rounded(p.longitude_deg, 1e5), rounded(p.latitude_deg, 1e5), rounded(p.altitude_m, 10)};
}

Json properties(const TrackStatus& t) {
  Json p = {{"serial", name_of(t)}, {"type", type_of(t)}};
  p["frequency_mhz"] = std::round(t.last.rx.frequency_hz / 1e3) / 1e3;
  if (t.last.datetime) p["datetime"] = to_iso8601(*t.last.datetime);
  return p;
}

}  // namespace

std::string tracks_kml(const std::vector<TrackStatus>& tracks) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n<name>omnisonde</name>\n";
  for (const TrackStatus& t : tracks) {
    if (!t.last.position) continue;
    out += "<Placemark>\n<name>" + xml(name_of(t)) + "</name>\n<description>" + xml(about(t)) +
           "</description>\n<Point><altitudeMode>absolute</altitudeMode><coordinates>" +
           kml_point(*t.last.position) + "</coordinates></Point>\n</Placemark>\n";
    if (t.path.size() < 2) continue;
    out += "<Placemark>\n<name>" + xml(name_of(t)) +
           " path</name>\n<LineString><altitudeMode>absolute</altitudeMode><coordinates>\n";
    for (const PathPoint& p : t.path) out += kml_point(p.position) + "\n";
    out += "</coordinates></LineString>\n</Placemark>\n";
  }
  return out + "</Document>\n</kml>\n";
}

std::string tracks_gpx(const std::vector<TrackStatus>& tracks) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<gpx version=\"1.1\" creator=\"omnisonde\" "
      "xmlns=\"http://www.topografix.com/GPX/1/1\">\n";
  for (const TrackStatus& t : tracks) {
    if (t.path.empty()) continue;
    out +=
        "<trk><name>" + xml(name_of(t)) + "</name><type>" + xml(type_of(t)) + "</type><trkseg>\n";
    for (const PathPoint& p : t.path) {
      char text[128];
      std::snprintf(text, sizeof text, "<trkpt lat=\"%.5f\" lon=\"%.5f\"><ele>%.1f</ele><time>",
                    p.position.latitude_deg, p.position.longitude_deg, p.position.altitude_m);
      out += text + to_iso8601(p.time) + "</time></trkpt>\n";
    }
    out += "</trkseg></trk>\n";
  }
  return out + "</gpx>\n";
}

std::string tracks_geojson(const std::vector<TrackStatus>& tracks) {
  Json features = Json::array();
  for (const TrackStatus& t : tracks) {
    if (!t.last.position) continue;
    const auto add = [&](const char* kind, Json coordinates) {
      features.push_back({{"type", "Feature"},
                          {"geometry", {{"type", kind}, {"coordinates", std::move(coordinates)}}},
                          {"properties", properties(t)}});
    };
    add("Point", geojson_point(*t.last.position));
    if (t.path.size() < 2) continue;
    Json line = Json::array();
    for (const PathPoint& p : t.path) line.push_back(geojson_point(p.position));
    add("LineString", std::move(line));
  }
  const Json all = {{"type", "FeatureCollection"}, {"features", std::move(features)}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace omnisonde::web
