#include "gateway/web/http_answer.hpp"

namespace omnisonde::web {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

/// Only this page's own files and its WebSocket; map tiles are the one thing from outside.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: https://tile.openstreetmap.org; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

void set_headers(Response& out) {
  out.set(http::field::server, "omnisonde");
  out.set("Content-Security-Policy", kContentPolicy);
  out.set("X-Content-Type-Options", "nosniff");
  // The tile server of OpenStreetMap asks for a referrer; it gets the address without a path.
  out.set("Referrer-Policy", "strict-origin-when-cross-origin");
  out.set("Cross-Origin-Resource-Policy", "same-origin");
}

// Someone of this machine, and not a proxy that speaks for someone else, nor a page of another site
// through a browser here (same_origin), nor one whose name was made to point here (the Host).
bool trusted(const Request& request, bool from_here) {
  const auto host = request[http::field::host];
  const auto name = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
  const bool local_name = name == "localhost" || name == "127.0.0.1" || name == "[::1]";
  const bool proxied = request.count("X-Forwarded-For") + request.count("Forwarded") +
                           request.count("X-Real-IP") + request.count("Via") >
                       0;
  return from_here && local_name && !proxied && same_origin(request);
}

Response clear_spurs(const Request& request, const StatusProvider& provider, bool from_here) {
  if (!trusted(request, from_here)) {
    return plain(http::status::forbidden,
                 "403: only from the gateway's own machine, at http://127.0.0.1 (see docs/web.md)",
                 request.version());
  }
  if (provider.clear_spurs) provider.clear_spurs();
  return plain(http::status::ok, "the spur list is empty", request.version());
}

}  // namespace

Response plain(http::status status, const std::string& text, unsigned version) {
  Response out{status, version};
  set_headers(out);
  out.set(http::field::content_type, "text/plain; charset=utf-8");
  out.set(http::field::cache_control, "no-store");
  out.body() = text + "\n";
  out.keep_alive(false);
  out.prepare_payload();
  return out;
}

Response respond(const Request& request, const StatusProvider& provider, bool from_here) {
  if (request.method() == http::verb::post && request.target() == "/api/v1/spurs/clear")
    return clear_spurs(request, provider, from_here);
  const bool head = request.method() == http::verb::head;
  if (request.method() != http::verb::get && !head) {
    Response out =
        plain(http::status::method_not_allowed, "405: this page is read-only", request.version());
    out.set(http::field::allow, "GET, HEAD");
    return out;
  }
  const auto target = request.target();
  const auto known = request[http::field::if_none_match];
  Answer a = answer({target.data(), target.size()}, {known.data(), known.size()}, provider);
  Response out{static_cast<http::status>(a.status), request.version()};
  set_headers(out);
  out.set(http::field::content_type,
          beast::string_view(a.content_type.data(), a.content_type.size()));
  out.set(http::field::cache_control, a.etag.empty() ? "no-store" : "no-cache");
  if (!a.etag.empty()) out.set(http::field::etag, beast::string_view(a.etag.data(), a.etag.size()));
  if (a.gzip) out.set(http::field::content_encoding, "gzip");
  const std::size_t size = a.body.size();
  if (!head) out.body() = std::move(a.body);
  out.keep_alive(request.keep_alive());
  if (a.status != 304) out.content_length(size);
  return out;
}

bool same_origin(const Request& request) {
  const auto origin = request[http::field::origin];
  if (origin.empty()) return true;  // not a browser
  const std::size_t mark = origin.find("://");
  return mark != beast::string_view::npos &&
         beast::iequals(origin.substr(mark + 3), request[http::field::host]);
}

}  // namespace omnisonde::web
