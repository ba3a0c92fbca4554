#include "gateway/web/api.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gateway/web/assets.hpp"
#include "gateway/web/metrics.hpp"
#include "gateway/web/status_json.hpp"
#include "gateway/web/track_files.hpp"

namespace omnisonde::web {
namespace {

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kTrackPrefix = "/api/v1/tracks/";

std::string_view content_type(std::string_view path) {
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  return "text/plain; charset=utf-8";
}

Answer json(unsigned status, std::string body) {
  return {status, kJson, std::move(body), {}, false};
}

Answer health(const StatusProvider& provider) {
  const GatewayStatus s = provider.status(false);
  const bool ok =
      std::all_of(s.health.begin(), s.health.end(), [](const StageHealth& h) { return h.ok; });
  return json(ok ? 200 : 503, health_document(s));
}

Answer track(std::string_view serial, const StatusProvider& provider) {
  const GatewayStatus s = provider.status(true);
  for (const TrackStatus& t : s.tracks) {
    if (!serial.empty() && (t.last.serial == serial || t.id == serial)) {
      return json(200, track_document(t));
    }
  }
  return json(404, error_document("no sonde of that serial is known now"));
}

// "KEY.kml": the part before the format, if it is one of ours.
std::optional<std::string_view> without(std::string_view path, std::string_view format) {
  if (!path.ends_with(format)) return std::nullopt;
  return path.substr(0, path.size() - format.size());
}

Answer tracks_in(std::string_view format, const std::vector<TrackStatus>& tracks) {
  if (format == ".kml") {
    return {200, "application/vnd.google-earth.kml+xml", tracks_kml(tracks), {}, false};
  }
  if (format == ".gpx") return {200, "application/gpx+xml", tracks_gpx(tracks), {}, false};
  return {200, "application/geo+json", tracks_geojson(tracks), {}, false};
}

// Paths for map programs: "/api/v1/tracks.kml" all of them, "/api/v1/tracks/SERIAL.gpx" one.
std::optional<Answer> track_file(std::string_view path, const StatusProvider& provider) {
  if (path == "/rs_feed.kml") path = "/api/v1/tracks.kml";  // as radiosonde_auto_rx calls it
  for (const std::string_view format : {".kml", ".gpx", ".geojson"}) {
    const auto key = without(path, format);
    if (!key) continue;
    if (*key == "/api/v1/tracks") return tracks_in(format, provider.status(true).tracks);
    if (!key->starts_with(kTrackPrefix)) return std::nullopt;
    for (const TrackStatus& t : provider.status(true).tracks) {
      if (t.last.serial == key->substr(kTrackPrefix.size())) return tracks_in(format, {t});
    }
  }
  return std::nullopt;
}

}  // namespace

Answer answer(std::string_view target, std::string_view if_none_match,
              const StatusProvider& provider) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/health") return health(provider);
  if (path == "/metrics") {
    return {200,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics_text(provider.status(false)),
            {},
            false};
  }
  if (path == "/api/v1/status") return json(200, status_document(provider.status(false)));
  if (path == "/api/v1/tracks") return json(200, tracks_document(provider.status(false)));
  if (auto file = track_file(path, provider)) return std::move(*file);
  if (path.starts_with(kTrackPrefix)) return track(path.substr(kTrackPrefix.size()), provider);
  for (const Asset& asset : assets()) {
    if (asset.path != (path == "/" ? "/index.html" : path)) continue;
    if (if_none_match == asset.etag) return {304, content_type(asset.path), {}, asset.etag, false};
    return {200, content_type(asset.path), std::string(asset.body), asset.etag, asset.gzip};
  }
  if (path.starts_with("/api/"))
    return json(404, error_document("no such address, see docs/web.md"));
  return {404, "text/plain; charset=utf-8", "404: there is no such page here\n", {}, false};
}

}  // namespace omnisonde::web
