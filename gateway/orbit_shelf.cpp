#include "gateway/orbit_shelf.hpp"

#include <fstream>
#include <sstream>

#include "decoders/geo/orbit_files.hpp"

namespace omnisonde {
namespace {

// A day of all satellite systems is some 10 MB.
constexpr std::uintmax_t kLargest_bytes = 200'000'000;

Expected<geo::OrbitBook> read_book(const std::string& path, UtcMillis about) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Error{"cannot read " + path, "check the path and its permissions"};
  const std::string bytes = text.str();
  if (bytes.starts_with("\x1F\x8B") || bytes.starts_with("\x1F\x9D")) {
    return Error{path + " is compressed", "unpack it first: gunzip " + path};
  }
  auto book = geo::parse_orbits(bytes, about);
  if (!book) return Error{path + ": " + book.error().what, book.error().remedy};
  return book;
}

}  // namespace

OrbitShelf::Stamp OrbitShelf::stamp() const {
  std::error_code fault;
  Stamp now;
  now.time = std::filesystem::last_write_time(path_, fault);
  if (fault) return {};
  now.size = std::filesystem::file_size(path_, fault);
  if (fault) return {};
  now.there = true;
  return now;
}

Expected<bool> OrbitShelf::refresh(UtcMillis about) {
  const Stamp now = stamp();
  if (looked_ && now == seen_) return false;
  looked_ = true;
  seen_ = now;
  if (!now.there) {
    return Error{"cannot read " + path_, "without GPS orbits an RS92 has no position"};
  }
  if (now.size > kLargest_bytes) return Error{path_ + " is too large for a file of orbits", ""};
  auto book = read_book(path_, about);
  if (!book) return book.error();
  auto fresh = std::make_shared<const geo::OrbitBook>(std::move(*book));
  const std::lock_guard lock(mutex_);
  book_ = std::move(fresh);
  return true;
}

std::shared_ptr<const geo::OrbitBook> OrbitShelf::book() const {
  const std::lock_guard lock(mutex_);
  return book_;
}

}  // namespace omnisonde
