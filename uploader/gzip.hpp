// One gzip member: around a request body, and out of a fetched file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace omnisonde::uploader {

/// Compresses to one gzip member. @returns an empty string only when zlib is out of memory.
[[nodiscard]] std::string gzip(std::string_view text);

/// Unpacks one gzip member. @returns nothing for what is none, is cut off, or gives more than
/// `most` bytes.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view packed, std::size_t most);

}  // namespace omnisonde::uploader
