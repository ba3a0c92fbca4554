#include "uploader/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace omnisonde::uploader {

Expected<std::unique_ptr<StateFolder>> StateFolder::claim(const std::string& folder) {
  if (folder.empty()) return Error{"no folder is set for the queue", "set [storage] path"};
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  const std::string file = folder + "/outbox.lock";
  constexpr int kMode = 0644;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (fd < 0) {
    return Error{"cannot write to the state folder " + folder + ": " + std::strerror(errno),
                 "make it writable for the user that runs omnisonde, or set [storage] path"};
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error{"the state folder " + folder + " is in use by another omnisonde",
                 "stop that one, or give this one its own [storage] path"};
  }
  return std::unique_ptr<StateFolder>(new StateFolder(fd));
}

StateFolder::~StateFolder() { ::close(fd_); }

}  // namespace omnisonde::uploader
