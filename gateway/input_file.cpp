#include "gateway/input_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace omnisonde {
namespace {

constexpr int kWaitMs = 200;

std::string reason(int error_number) { return std::generic_category().message(error_number); }

Error open_error(const std::string& path, int error_number) {
  const char* remedy = "check the path";
  if (error_number == EACCES) remedy = "check the file's permissions and its folders'";
  if (error_number == ENOENT) remedy = "check the path; \"-\" means standard input";
  return {"cannot open " + path + ": " + reason(error_number), remedy};
}

}  // namespace

InputFile::InputFile(int fd, std::string name, std::optional<std::uint64_t> size)
    : fd_(fd), name_(std::move(name)), size_(size) {}

InputFile::~InputFile() {
  if (fd_ > STDIN_FILENO) ::close(fd_);  // standard input is not ours to close
}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      size_(other.size_),
      ahead_(std::move(other.ahead_)),
      ahead_at_(std::exchange(other.ahead_at_, 0)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  std::swap(size_, other.size_);
  std::swap(ahead_, other.ahead_);
  std::swap(ahead_at_, other.ahead_at_);
  return *this;
}

Expected<InputFile> InputFile::open(const std::string& path) {
  const bool from_stdin = path == "-";
  const std::string name = from_stdin ? "standard input" : path;
  if (path.empty()) return Error{"no input file is named", "give a file, or - for standard input"};
  const int fd = from_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return open_error(path, errno);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const int error_number = errno;
    if (!from_stdin) ::close(fd);
    return open_error(name, error_number);
  }
  std::optional<std::uint64_t> size;
  if (S_ISREG(status.st_mode)) {
    const off_t at = std::max<off_t>(::lseek(fd, 0, SEEK_CUR), 0);
    size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size - at, 0));
  }
  InputFile file(fd, name, size);
  if (S_ISDIR(status.st_mode)) return Error{name + " is a folder", "name a recording in it"};
  if (from_stdin && ::isatty(fd) == 1) {
    return Error{"standard input is a terminal", "pipe a recording in, or name a file"};
  }
  return file;
}

Expected<InputFile::Chunk> InputFile::read_descriptor(std::span<std::byte> out) {
  if (!size_) {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, kWaitMs) == 0) return Chunk{};
  }
  const ssize_t n = ::read(fd_, out.data(), out.size());
  if (n > 0) return Chunk{.bytes = static_cast<std::size_t>(n)};
  if (n == 0) return Chunk{.end = true};
  if (errno == EINTR || errno == EAGAIN) return Chunk{};
  return Error{"cannot read " + name_ + ": " + reason(errno),
               "check the medium, then copy the file again"};
}

Expected<std::span<const std::byte>> InputFile::peek(std::size_t count) {
  while (ahead_.size() - ahead_at_ < count) {
    const std::size_t have = ahead_.size();
    ahead_.resize(ahead_at_ + count);
    auto chunk = read_descriptor(std::span(ahead_).subspan(have));
    ahead_.resize(have + (chunk ? chunk->bytes : 0));
    if (!chunk) return chunk.error();
    if (chunk->end) break;
  }
  return std::span<const std::byte>(ahead_).subspan(ahead_at_);
}

Expected<InputFile::Chunk> InputFile::read(std::span<std::byte> out) {
  if (ahead_at_ < ahead_.size()) {
    const std::size_t n = std::min(out.size(), ahead_.size() - ahead_at_);
    std::memcpy(out.data(), ahead_.data() + ahead_at_, n);
    ahead_at_ += n;
    if (ahead_at_ == ahead_.size()) {
      ahead_.clear();
      ahead_at_ = 0;
    }
    return Chunk{.bytes = n};
  }
  if (out.empty()) return Chunk{};
  return read_descriptor(out);
}

}  // namespace omnisonde
