// What each address answers. Pure: no sockets, so that every answer can be tested as a value.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/status.hpp"

namespace omnisonde::web {

/// Where the server gets its facts. Called on the server's thread; must be quick and thread-safe.
struct StatusProvider {
  /// Without paths TrackStatus::path may stay empty: it is asked for a few times a second.
  std::function<GatewayStatus(bool with_paths)> status;
  std::function<std::vector<SpectrumStatus>()> spectra;  ///< newest of each receiver
  /// Carriers that were taken for no sondes are looked at again. The one thing that can be ordered.
  std::function<void()> clear_spurs = {};
};

struct Answer {
  unsigned status = 200;
  std::string_view content_type;
  std::string body;
  std::string_view etag;  ///< empty: must not be kept by the browser
  bool gzip = false;      ///< body is gzip data
};

/// @param target         as in the request line, query included (it is ignored).
/// @param if_none_match  the request's header, or empty.
/// @returns 200, 304, 404, or for /health 503; the caller has dealt with the method.
[[nodiscard]] Answer answer(std::string_view target, std::string_view if_none_match,
                            const StatusProvider& provider);

}  // namespace omnisonde::web
