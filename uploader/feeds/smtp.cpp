#include "uploader/feeds/smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "uploader/http.hpp"

namespace omnisonde::uploader {
namespace {

std::string one_line(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return text;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out += kDigits[bits >> (held - 6U) & 63U];
  }
  if (held > 0) out += kDigits[bits << (6U - held) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

// RFC 2047 words of at most 45 bytes, cut between characters.
std::string header_text(const std::string& text) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
  if (ascii) return text;
  constexpr std::size_t kMost = 45;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = std::min(kMost, text.size() - at);
    while (size > 1 && at + size < text.size() &&
           (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80) {
      --size;
    }
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") +
           base64(std::string_view(text).substr(at, size)) + "?=";
    at += size;
  }
  return out;
}

// "Tue, 20 Oct 2026 12:01:08 +0000"
std::string mail_date(UtcMillis t) {
  constexpr std::array kDays{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01 on
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = to_civil(t);
  const auto day = static_cast<std::size_t>(days_from_civil(c.year, c.month, c.day) % 7);
  char text[96];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays.at(day), c.day,
                kMonths.at(static_cast<std::size_t>(c.month - 1)), c.year, c.hour, c.minute,
                c.second);
  return text;
}

struct Upload {
  std::string_view left;
};

std::size_t give(char* to, std::size_t size, std::size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  const std::size_t n = std::min(size * count, upload.left.size());
  std::memcpy(to, upload.left.data(), n);
  upload.left.remove_prefix(n);
  return n;
}

int check_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

// NOLINTBEGIN(bugprone-*): curl_easy_setopt is variadic by design
void configure(CURL* curl, const EmailConfig& server, const std::atomic<bool>& stop) {
  const bool tls = server.security == SmtpSecurity::kTls;
  const std::string url =
      (tls ? "smtps://" : "smtp://") + server.host + ":" + std::to_string(server.port);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  if (server.security == SmtpSecurity::kStartTls) {
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &check_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stop);
}

}  // namespace

std::string mail_message(const Mail& mail) {
  std::string to;
  for (const std::string& address : mail.to) to += (to.empty() ? "" : ", ") + one_line(address);
  std::string out = "Date: " + mail_date(mail.date) + "\r\nFrom: " + one_line(mail.from) +
                    "\r\nTo: " + to + "\r\nSubject: " + header_text(one_line(mail.subject)) +
                    "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n";
  for (const char c : mail.text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

SmtpResult send_mail(const EmailConfig& server, const Mail& mail, const std::atomic<bool>& stop) {
  CURL* curl = curl_ready() ? curl_easy_init() : nullptr;
  if (curl == nullptr) return {"libcurl does not start", false};
  std::array<char, CURL_ERROR_SIZE> error{};
  const std::string message = mail_message(mail);
  Upload upload{message};
  curl_slist* recipients = nullptr;
  for (const std::string& address : mail.to) {
    recipients = curl_slist_append(recipients, ("<" + address + ">").c_str());
  }
  configure(curl, server, stop);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give);
  curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  const CURLcode code = curl_easy_perform(curl);
  long answer = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
  curl_slist_free_all(recipients);
  curl_easy_cleanup(curl);
  if (code == CURLE_OK) return {};
  SmtpResult out;
  out.fault = error[0] != '\0' ? error.data() : curl_easy_strerror(code);
  if (answer > 0) out.fault += " (answer " + std::to_string(answer) + ")";
  // A wrong password or certificate may be mended; a refused sender or recipient will not be.
  out.for_good = code == CURLE_SEND_ERROR && answer >= 500;
  return out;
}
// NOLINTEND(bugprone-*)

}  // namespace omnisonde::uploader
