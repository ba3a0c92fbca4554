#include <gtest/gtest.h>

#include "gateway/web/api.hpp"
#include "gateway/web/track_files.hpp"

namespace omnisonde::web {
namespace {

TrackStatus flight() {
  TrackStatus t;
  t.id = "RS41-W1234567";
  t.last.type = "RS41";
  t.last.subtype = "RS41-<SGP>&";
  t.last.serial = "W1234567";
  t.last.datetime = from_civil({2026, 10, 20, 12, 1, 9, 0});
  t.last.position = GeoPosition{52.5, 13.4, 1005.25};
  t.last.rx.frequency_hz = 402'700'120;
  t.path = {{from_civil({2026, 10, 20, 12, 1, 8, 0}), {52.4999999, 13.399, 1000}},
            {from_civil({2026, 10, 20, 12, 1, 9, 0}), {52.5, 13.4, 1005.25}}};
  return t;
}

StatusProvider provider() {
  return {.status =
              [](bool with_paths) {
                GatewayStatus s;
                s.tracks = {flight()};
                if (!with_paths) s.tracks[0].path.clear();
                return s;
              },
          .spectra = [] { return std::vector<SpectrumStatus>{}; }};
}

TEST(TrackFiles, Kml) {
  EXPECT_EQ(tracks_kml({flight()}),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2">
<Document>
<name>omnisonde</name>
<Placemark>
<name>W1234567</name>
<description>RS41-&lt;SGP&gt;&amp; on 402.700 MHz, 1005 m, 2026-10-20T12:01:09.000Z</description>
<Point><altitudeMode>absolute</altitudeMode><coordinates>13.40000,52.50000,1005.2</coordinates></Point>
</Placemark>
<Placemark>
<name>W1234567 path</name>
<LineString><altitudeMode>absolute</altitudeMode><coordinates>
13.39900,52.50000,1000.0
13.40000,52.50000,1005.2
</coordinates></LineString>
</Placemark>
</Document>
</kml>
)");
}

TEST(TrackFiles, Gpx) {
  EXPECT_EQ(tracks_gpx({flight()}),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="omnisonde" xmlns="http://www.topografix.com/GPX/1/1">
<trk><name>W1234567</name><type>RS41-&lt;SGP&gt;&amp;</type><trkseg>
<trkpt lat="52.50000" lon="13.39900"><ele>1000.0</ele><time>2026-10-20T12:01:08.000Z</time></trkpt>
<trkpt lat="52.50000" lon="13.40000"><ele>1005.2</ele><time>2026-10-20T12:01:09.000Z</time></trkpt>
</trkseg></trk>
</gpx>
)");
}

TEST(TrackFiles, GeoJson) {
  EXPECT_EQ(
      tracks_geojson({flight()}),
      R"({"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point",)"
      R"("coordinates":[13.4,52.5,1005.3]},"properties":{"serial":"W1234567",)"
      R"("type":"RS41-<SGP>&","frequency_mhz":402.7,"datetime":"2026-10-20T12:01:09.000Z"}},)"
      R"({"type":"Feature","geometry":{"type":"LineString","coordinates":[[13.399,52.5,1000.0],)"
      R"([13.4,52.5,1005.3]]},"properties":{"serial":"W1234567","type":"RS41-<SGP>&",)"
      R"("frequency_mhz":402.7,"datetime":"2026-10-20T12:01:09.000Z"}}]})");
}

TEST(TrackFiles, WithoutAPositionThereIsNothingToDraw) {
  TrackStatus t = flight();
  t.last.position.reset();
  t.path.clear();
  EXPECT_EQ(tracks_kml({t}).find("Placemark"), std::string::npos);
  EXPECT_EQ(tracks_gpx({t}).find("trk"), std::string::npos);
  EXPECT_EQ(tracks_geojson({t}), R"({"type":"FeatureCollection","features":[]})");
}

TEST(TrackFiles, TheirAddresses) {
  const auto get = [](const char* target) { return answer(target, "", provider()); };
  EXPECT_EQ(get("/api/v1/tracks.kml").body, tracks_kml({flight()}));
  EXPECT_EQ(get("/rs_feed.kml").body, tracks_kml({flight()})) << "auto_rx's address";
  EXPECT_EQ(get("/api/v1/tracks.kml").content_type, "application/vnd.google-earth.kml+xml");
  EXPECT_EQ(get("/api/v1/tracks.gpx").body, tracks_gpx({flight()}));
  EXPECT_EQ(get("/api/v1/tracks.gpx").content_type, "application/gpx+xml");
  EXPECT_EQ(get("/api/v1/tracks.geojson").body, tracks_geojson({flight()}));
  EXPECT_EQ(get("/api/v1/tracks.geojson").content_type, "application/geo+json");
  EXPECT_EQ(get("/api/v1/tracks/W1234567.gpx").body, tracks_gpx({flight()})) << "one sonde";
  EXPECT_EQ(get("/api/v1/tracks/W7654321.gpx").status, 404U);
  EXPECT_EQ(get("/api/v1/tracks.pdf").status, 404U);
}

}  // namespace
}  // namespace omnisonde::web
