// One gzip member around a request body.
#pragma once

#include <string>
#include <string_view>

namespace omnisonde::uploader {

/// Compresses to one gzip member. @returns an empty string only when zlib is out of memory.
[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace omnisonde::uploader
