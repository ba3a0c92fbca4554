// Preloaded into a process under test: while the file "dns" is in the folder OMNISONDE_FAULT_DIR
// no name resolves, while "disk_full" is there files take no byte more. It also writes, when
// files are synced to the disk, the time since the last sync into "sync_gaps_ms".
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

template <typename F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool ordered(const char* fault) {
  const char* folder = std::getenv("OMNISONDE_FAULT_DIR");
  return folder != nullptr && ::access((std::string(folder) + "/" + fault).c_str(), F_OK) == 0;
}

bool full(int fd) {
  struct stat s {};
  return ordered("disk_full") && ::fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}

double now_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

void note_sync() {
  static double last_ms = 0;
  const double now = now_ms();
  const char* folder = std::getenv("OMNISONDE_FAULT_DIR");
  std::FILE* file = folder == nullptr || last_ms == 0
                        ? nullptr
                        : std::fopen((std::string(folder) + "/sync_gaps_ms").c_str(), "a");
  if (file != nullptr) {
    std::fprintf(file, "%.0f\n", now - last_ms);
    std::fclose(file);
  }
  last_ms = now;
}

}  // namespace

extern "C" {

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** out) {
  if (ordered("dns")) return EAI_AGAIN;
  return real<decltype(getaddrinfo)>("getaddrinfo")(node, service, hints, out);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  if (full(fd)) {
    errno = ENOSPC;
    return -1;
  }
  return real<decltype(pwrite64)>("pwrite64")(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

ssize_t write(int fd, const void* data, size_t size) {
  if (full(fd)) {
    errno = ENOSPC;
    return -1;
  }
  return real<decltype(write)>("write")(fd, data, size);
}

int fdatasync(int fd) {
  note_sync();
  return real<decltype(fdatasync)>("fdatasync")(fd);
}

int fsync(int fd) {
  note_sync();
  return real<decltype(fsync)>("fsync")(fd);
}

}  // extern "C"
