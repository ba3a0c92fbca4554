// The folder that holds the gateway's state, claimed by one process at a time.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/expected.hpp"

namespace omnisonde::uploader {

/// Holds a lock on a folder for as long as the object lives; kill -9 frees it too.
class StateFolder {
 public:
  /// Makes the folder if it is missing.
  /// @returns an Error when it cannot be written to or another process has claimed it.
  static Expected<std::unique_ptr<StateFolder>> claim(const std::string& folder);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

 private:
  explicit StateFolder(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace omnisonde::uploader
