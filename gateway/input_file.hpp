// Bytes of a recording from a file, a pipe or standard input, with a look at the head before
// anything is consumed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"

namespace omnisonde {

/// Owns a file descriptor. Not thread-safe.
class InputFile {
 public:
  /// @param path  a file, a named pipe, or "-" for standard input.
  /// @returns an Error for what cannot be opened or read, directories included.
  static Expected<InputFile> open(const std::string& path);

  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;

  /// For people: the path, or "standard input".
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Bytes from the place where it was opened to the end; nothing for pipes.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

  /// Reads ahead until `count` bytes wait, or the input ends, and shows them without consuming.
  /// The view is valid until the next call.
  Expected<std::span<const std::byte>> peek(std::size_t count);

  struct Chunk {
    std::size_t bytes = 0;
    bool end = false;  ///< the input is over; set only with bytes == 0
  };
  /// Fills `out` as far as one call gets; waits at most 200 ms (0 bytes and !end when that was not
  /// enough).
  Expected<Chunk> read(std::span<std::byte> out);

 private:
  InputFile(int fd, std::string name, std::optional<std::uint64_t> size);
  Expected<Chunk> read_descriptor(std::span<std::byte> out);

  int fd_ = -1;
  std::string name_;
  std::optional<std::uint64_t> size_;
  std::vector<std::byte> ahead_;  // read but not consumed, from ahead_at_ on
  std::size_t ahead_at_ = 0;
};

}  // namespace omnisonde
