#include "uploader/feeds/address_rules.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace omnisonde::uploader {
namespace {

// Servers that do not hand sondes on to the wider network. Source: radiosonde_auto_rx 1.8.2.
constexpr std::array<std::string_view, 2> kSondeServers{"radiosondy.info", "wettersonde.net"};
constexpr std::array kSondePorts{14580, 14590};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text.ends_with('.')) text.pop_back();  // "rotate.aprs2.net." is the same host
  return text;
}

bool is_within(std::string_view host, std::string_view domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

enum class Reach : std::uint8_t { kNoAddress, kPrivate, kPublic };

// 127/8, 10/8, 172.16/12, 192.168/16, 169.254/16; ::1, fc00::/7, fe80::/10.
Reach reach_of(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    const std::uint32_t a = ntohl(v4.s_addr);
    const bool near = a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8 ||
                      a >> 16 == 0xA9FE;
    return near ? Reach::kPrivate : Reach::kPublic;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    const bool near =
        IN6_IS_ADDR_LOOPBACK(&v6) || (v6.s6_addr[0] & 0xFEU) == 0xFC || IN6_IS_ADDR_LINKLOCAL(&v6);
    return near ? Reach::kPrivate : Reach::kPublic;
  }
  return Reach::kNoAddress;
}

}  // namespace

std::optional<Error> udp_host_fault(const std::string& host) {
  if (host == "broadcast" || host == "localhost" || reach_of(host) != Reach::kNoAddress) {
    return std::nullopt;
  }
  return Error{"`" + host + "` is not an address",
               "write broadcast, localhost or a numeric address such as 192.168.1.20"};
}

std::optional<Error> aprs_host_fault(const std::string& written, int port) {
  const std::string host = lower(written);
  if (host.empty()) return Error{"the server is missing", "for example host = radiosondy.info"};
  const bool sonde_server = std::any_of(kSondeServers.begin(), kSondeServers.end(),
                                        [&](std::string_view s) { return is_within(host, s); });
  if (sonde_server) {
    if (std::find(kSondePorts.begin(), kSondePorts.end(), port) != kSondePorts.end()) return {};
    return Error{"port " + std::to_string(port) + " may hand sondes on to the wider APRS-IS",
                 "use 14580 or 14590"};
  }
  if (host == "localhost" || reach_of(host) == Reach::kPrivate) return std::nullopt;
  return Error{"`" + written +
                   "` is refused: APRS-IS is a shared network of radio amateurs that does not want "
                   "weather balloons on its public servers",
               "use radiosondy.info, wettersonde.net, localhost or an address of your own network"};
}

bool is_aprs_callsign(const std::string& text) {
  const auto dashes = std::count(text.begin(), text.end(), '-');
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  return plain && text.size() >= 3 && text.size() <= 9 && dashes <= 1 && text.front() != '-' &&
         text.back() != '-';
}

}  // namespace omnisonde::uploader
