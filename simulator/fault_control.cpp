#include "simulator/fault_control.hpp"

#include <fstream>

namespace omnisonde::sim {

ControlledFault FaultControl::now() {
  const auto time = std::chrono::steady_clock::now();
  if (path_.empty() || time - read_ < std::chrono::milliseconds(20)) return last_;
  read_ = time;
  std::ifstream file(path_);
  std::string word;
  file >> word;
  last_ = word == "gone"       ? ControlledFault::kGone
          : word == "stall"    ? ControlledFault::kStall
          : word == "garbage"  ? ControlledFault::kGarbage
          : word == "overflow" ? ControlledFault::kOverflow
          : word == "flat"     ? ControlledFault::kFlat
                               : ControlledFault::kNone;
  return last_;
}

}  // namespace omnisonde::sim
