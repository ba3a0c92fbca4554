// Answers of the API as HTTP messages, with the headers that keep the page strict. Internal.
#pragma once

#include <boost/beast/http.hpp>
#include <string>

#include "gateway/web/api.hpp"

namespace omnisonde::web {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// A short text; the connection ends after it.
[[nodiscard]] Response plain(boost::beast::http::status status, const std::string& text,
                             unsigned version);

/// GET and HEAD from the API, 405 for all else but the one order that there is:
/// POST /api/v1/spurs/clear, for this machine's own users (`from_here`: the other end is on it).
/// Of a HEAD only the header may be written.
[[nodiscard]] Response respond(const Request& request, const StatusProvider& provider,
                               bool from_here);

/// @returns whether a browser sent this from our own page (or no browser did): a page of another
/// site may not read the station through its visitor's browser.
[[nodiscard]] bool same_origin(const Request& request);

}  // namespace omnisonde::web
