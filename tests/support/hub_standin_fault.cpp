// Faults as they are written on the command line.
#include <charconv>
#include <map>
#include <sstream>

#include "tests/support/hub_standin.hpp"

namespace omnisonde::testing {

Expected<HubFault> parse_hub_fault(const std::string& text) {
  using Kind = HubFault::Kind;
  static const std::map<std::string, Kind> kinds = {{"reset", Kind::kReset},
                                                    {"reset-body", Kind::kResetBody},
                                                    {"reset-stored", Kind::kResetStored},
                                                    {"hang", Kind::kHang},
                                                    {"cut", Kind::kCut},
                                                    {"garbage", Kind::kGarbage},
                                                    {"reject-first", Kind::kRejectFirst}};
  std::istringstream in(text);
  std::string name, count, retry;
  std::getline(in, name, ':');
  std::getline(in, count, ':');
  std::getline(in, retry);
  const auto number = [](const std::string& digits, int& out) {
    return digits.empty() ||
           std::from_chars(digits.data(), digits.data() + digits.size(), out).ec == std::errc();
  };
  HubFault fault;
  bool ok = number(count, fault.count) && number(retry, fault.retry_after_s);
  if (const auto found = kinds.find(name); found != kinds.end()) {
    fault.kind = found->second;
  } else {
    ok = ok && !name.empty() && number(name, fault.value) && fault.value >= 400;
  }
  if (!ok) return Error{"unknown fault " + text, "e.g. 500:3, 429:1:5, reset:1, hang:1, cut:1"};
  return fault;
}

}  // namespace omnisonde::testing
