// One mail by SMTP. Hides libcurl.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/utc.hpp"
#include "uploader/feeds/config.hpp"

namespace omnisonde::uploader {

struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string subject, text;  ///< UTF-8; lines end with \n
  UtcMillis date;
};

/// The mail as it goes over the wire: headers and text, lines ended by CR LF. Subjects that are
/// not ASCII are encoded (RFC 2047); line breaks in headers are dropped.
[[nodiscard]] std::string mail_message(const Mail& mail);

struct SmtpResult {
  std::string fault;      ///< empty: the server has taken it
  bool for_good = false;  ///< the server's code is 5xx: it will not take it later either
};

/// @param stop  while true, the transfer ends soon.
[[nodiscard]] SmtpResult send_mail(const EmailConfig& server, const Mail& mail,
                                   const std::atomic<bool>& stop);

}  // namespace omnisonde::uploader
