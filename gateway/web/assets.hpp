// The files of the page as they are built into the program (embed.cmake writes assets.cpp).
#pragma once

#include <span>
#include <string_view>

namespace omnisonde::web {

struct Asset {
  std::string_view path;  ///< "/app.js"
  std::string_view body;
  bool gzip = false;      ///< body is gzip data; browsers take it with Content-Encoding: gzip
  std::string_view etag;  ///< with quotes, from the content
};

[[nodiscard]] std::span<const Asset> assets();

}  // namespace omnisonde::web
