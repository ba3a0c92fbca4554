#include "gateway/web/api.hpp"

#include <algorithm>

#include "gateway/web/assets.hpp"
#include "gateway/web/metrics.hpp"
#include "gateway/web/status_json.hpp"

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
