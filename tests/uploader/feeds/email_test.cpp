#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/line_server.hpp"
#include "tests/support/program.hpp"
#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/feeds/smtp.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::LineServer;
using omnisonde::testing::Program;
using testing::at;
using testing::eventually;
using ::testing::HasSubstr;

FeedsConfig config(std::uint16_t port) {
  FeedsConfig c;
  c.station = testing::station();
  c.email.enabled = true;
  c.email.host = "127.0.0.1";
  c.email.port = port;
  c.email.from = "sonde@example.org";
  c.email.to = {"one@example.org", "two@example.org"};
  c.email.subject = "{event}: {type} {serial}";
  c.email.events = {"first_heard"};
  return c;
}

Hooks hooks() {
  Hooks h;
  h.now = [] { return testing::kNow; };
  return h;
}

/// The server's side of SMTP. @param recipient  the answer to RCPT.
std::function<std::string(const std::string&)> smtp(const std::string& recipient) {
  auto in_data = std::make_shared<bool>(false);
  return [in_data, recipient](const std::string& line) -> std::string {
    if (*in_data) {
      if (line != ".") return "";
      *in_data = false;
      return "250 queued\r\n";
    }
    if (line.starts_with("EHLO")) return "250-test\r\n250 AUTH PLAIN\r\n";
    if (line == "AUTH PLAIN") return "334 \r\n";
    if (line == "AG1lAHBhc3M=") return "235 welcome\r\n";  // \0me\0pass
    if (line.starts_with("RCPT")) return recipient + "\r\n";
    if (line == "DATA") {
      *in_data = true;
      return "354 go on\r\n";
    }
    return line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
  };
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(Mail, MessageBytes) {
  Mail mail;
  mail.from = "a@example.org\r\nBcc: x@example.org";
  mail.to = {"b@example.org", "c@example.org"};
  mail.subject = "landed: RS41";
  mail.text = "first\nsecond\n";
  mail.date = testing::kNow;
  EXPECT_EQ(mail_message(mail),
            "Date: Tue, 20 Oct 2026 12:01:08 +0000\r\nFrom: a@example.orgBcc: x@example.org\r\n"
            "To: b@example.org, c@example.org\r\nSubject: landed: RS41\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
            "Auto-Submitted: auto-generated\r\n\r\nfirst\r\nsecond\r\n");
  mail.subject =
      "Gr\xC3\xBC\xC3\x9F"
      "e";
  EXPECT_THAT(mail_message(mail), HasSubstr("Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"));
}

TEST(Email, TheWholeConversationWithLogin) {
  LineServer server("220 test\r\n", smtp("250 ok"));
  FeedsConfig c = config(server.port());
  c.email.user = "me";
  c.email.password = "pass";
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds) << feeds.error().line();
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }));
  const std::string all = joined(server.lines());
  EXPECT_THAT(all, HasSubstr("AUTH PLAIN"));
  EXPECT_THAT(all, HasSubstr("AG1lAHBhc3M="));
  EXPECT_THAT(all, HasSubstr("MAIL FROM:<sonde@example.org>"));
  EXPECT_THAT(all, HasSubstr("RCPT TO:<one@example.org>\r\nRCPT TO:<two@example.org>\r\n"));
  EXPECT_THAT(all, HasSubstr("Subject: first_heard: RS41-SGP W1234567\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\n\r\nRS41-SGP W1234567 on 402.700 MHz is heard: 52.50000, "));
  EXPECT_THAT(all, HasSubstr("Map: https://sondehub.org/W1234567\r\nStation: DL1ABC\r\n"));
}

TEST(Email, ARefusedRecipientIsForGood) {
  LineServer server("220 test\r\n", smtp("550 no such user"));
  auto feeds = Feeds::start(config(server.port()), hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].rejected.empty(); }));
  EXPECT_THAT((*feeds)->status()[0].last_error, HasSubstr("550"));
}

TEST(Email, AServerThatIsAwayIsTriedAgain) {
  auto feeds = Feeds::start(config(omnisonde::testing::free_port()), hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  EXPECT_EQ((*feeds)->status()[0].waiting, 1U);
  EXPECT_TRUE((*feeds)->status()[0].rejected.empty());
}

TEST(Email, WithoutEncryptionWhereItIsAskedForNothingIsSent) {
  LineServer server("220 test\r\n", smtp("250 ok"));
  FeedsConfig c = config(server.port());
  c.email.security = SmtpSecurity::kStartTls;
  c.email.user = "me";
  c.email.password = "pass";
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  EXPECT_EQ(joined(server.lines()).find("AG1lAHBhc3M="), std::string::npos);
}

// Debian: python3-aiosmtpd.
TEST(Email, AServerOfTheSystemTakesIt) {
  if (!Program::installed("/usr/bin/python3") ||
      !std::filesystem::exists("/usr/lib/python3/dist-packages/aiosmtpd")) {
    GTEST_SKIP() << "python3-aiosmtpd is not installed";
  }
  testing::TempFolder folder;
  const std::uint16_t port = omnisonde::testing::free_port();
  const std::string log = folder.path() + "/mail";
  const Program server(
      {"/usr/bin/python3", "-u", "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:" + std::to_string(port)},
      log);
  ASSERT_TRUE(eventually([&] { return Program::answers(port); }));
  auto feeds = Feeds::start(config(port), hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }))
      << (*feeds)->status()[0].last_error;
  std::ifstream in(log);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, HasSubstr("Subject: first_heard: RS41-SGP W1234567"));
  EXPECT_THAT(text, HasSubstr("To: one@example.org, two@example.org"));
  EXPECT_THAT(text, HasSubstr("20.0 km away, bearing 90 deg"));
}

}  // namespace
}  // namespace omnisonde::uploader
