// The GPS orbits of a file, renewed when the file changes. Decoders get the book as it is at the
// moment; they read no files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "decoders/geo/orbit_book.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde {

/// book() may be called from any thread; refresh() from one.
class OrbitShelf {
 public:
  explicit OrbitShelf(std::string path) : path_(std::move(path)) {}

  /// Reads the file if it is not the one read last (by time and size). What was read before stays
  /// when that fails.
  /// @param about  the time that the orbits are for; an almanac's week counts modulo 1024.
  /// @returns      whether there is a new book; a file that stays bad is told of once.
  Expected<bool> refresh(UtcMillis about);

  /// The book of now; null while none was read. It does not change.
  [[nodiscard]] std::shared_ptr<const geo::OrbitBook> book() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  struct Stamp {
    std::filesystem::file_time_type time;
    std::uintmax_t size = 0;
    bool there = false;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  [[nodiscard]] Stamp stamp() const;

  std::string path_;
  Stamp seen_;
  bool looked_ = false;
  mutable std::mutex mutex_;  ///< guards book_
  std::shared_ptr<const geo::OrbitBook> book_;
};

}  // namespace omnisonde
