#include "gateway/device_fault.hpp"

#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

namespace omnisonde {
namespace {

constexpr int kOften = 3;
constexpr double kFlatFault_s = 2;

struct Cause {
  std::string_view sign;  ///< in the complaint, lower case
  std::string_view cause;
};
// libusb's numbers: -1 I/O, -3 access, -4 no device, -6 busy, -12 not supported (a kernel driver).
constexpr std::array kCauses{
    Cause{"usb_claim_interface error -6", "another program uses it"},
    Cause{"busy", "another program uses it"},
    Cause{"usb_open error -3", "no permission for the USB device"},
    Cause{"permission", "no permission for the USB device"},
    Cause{"access denied", "no permission for the USB device"},
    Cause{"not found", "unplugged, or without power"},
    Cause{"no device", "unplugged, or without power"},
    Cause{"usb_open error -4", "unplugged, or without power"},
    Cause{"connection", "the network or the remote SDR server"},
};

}  // namespace

std::string likely_cause(const std::string& complaint, int faults) {
  std::string text = complaint;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Cause& cause : kCauses) {
    if (text.find(cause.sign) != std::string::npos) return std::string(cause.cause);
  }
  if (faults >= kOften)
    return "failing again and again: USB power supply, a bad hub or cable, or the device is dying";
  return "USB cable, hub or power supply";
}

bool FlatLine::flat(std::span<const std::byte> bytes, std::size_t width, double seconds) noexcept {
  const bool same = bytes.size() > width &&
                    std::memcmp(bytes.data(), bytes.data() + width, bytes.size() - width) == 0;
  flat_s_ = same ? flat_s_ + seconds : 0;
  return flat_s_ >= kFlatFault_s;
}

}  // namespace omnisonde
