#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/http_sink.hpp"
#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/feeds/template.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::HttpSink;
using testing::at;
using testing::eventually;
using ::testing::HasSubstr;

FeedsConfig config(std::uint16_t port) {
  FeedsConfig c;
  c.station = testing::station();
  WebhookConfig hook;
  hook.name = "phone";
  hook.url = "http://127.0.0.1:" + std::to_string(port) + "/x";
  c.webhooks.push_back(hook);
  return c;
}

Hooks hooks() {
  Hooks h;
  h.now = [] { return testing::kNow; };
  return h;
}

TEST(Template, KnownNamesAreFilledAllElseStays) {
  const Tokens tokens{{"text", "say \"hi\"\n"}, {"serial", "W 1/2"}};
  EXPECT_EQ(fill("{text}|{unknown}|{", tokens, Escape::kNone), "say \"hi\"\n|{unknown}|{");
  EXPECT_EQ(fill(R"({"content": "{text}", "n": {"a": 1}})", tokens, Escape::kJson),
            R"({"content": "say \"hi\"\n", "n": {"a": 1}})");
  EXPECT_EQ(fill("https://x/{serial}?t={text}", tokens, Escape::kUrl),
            "https://x/W%201%2F2?t=say%20%22hi%22%0A");
  EXPECT_EQ(fill("{{serial}}", tokens, Escape::kNone), "{W 1/2}");
}

TEST(Webhook, TheEventAsJson) {
  HttpSink sink;
  FeedsConfig c = config(sink.port);
  c.webhooks[0].token = "secret";
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds) << feeds.error().line();
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }));
  const auto request = sink.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/x");
  EXPECT_EQ(request.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(request.authorization, "Bearer secret");
  EXPECT_EQ(request.body,
            R"({"event":"first_heard","text":"RS41-SGP W1234567 on 402.700 MHz is heard: )"
            R"(52.50000, 13.69546 at 1000 m, 20.0 km away, bearing 90 deg",)"
            R"("time":"2026-10-20T12:01:08.000Z","callsign":"DL1ABC","type":"RS41-SGP",)"
            R"("serial":"W1234567","map":"https://sondehub.org/W1234567","frequency_mhz":402.7001,)"
            R"("latitude":52.5,"longitude":13.69546,"altitude_m":1000.0,"distance_km":20.0,)"
            R"("bearing_deg":90.0})");
}

TEST(Webhook, TemplatesHeadersAndChosenEvents) {
  HttpSink sink;
  FeedsConfig c = config(sink.port);
  c.webhooks[0].url += "/{serial}";
  c.webhooks[0].method = "PUT";
  c.webhooks[0].format = WebhookFormat::kText;
  c.webhooks[0].body = "{event} of {serial}";
  c.webhooks[0].headers = {"Title: {type} {event}"};
  c.webhooks[0].events = {"encrypted"};
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));  // first_heard: not wanted
  Telemetry secret = at(1, 0, 0, "W7654321");
  secret.encrypted = true;
  (*feeds)->accept(secret);
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }));
  ASSERT_EQ(sink.requests().size(), 1U);
  const auto request = sink.requests()[0];
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/x/W7654321");
  EXPECT_EQ(request.body, "encrypted of W7654321");
  EXPECT_EQ(request.title, "RS41-SGP encrypted");
}

TEST(Webhook, StationTroubleIsToldButNotOfItself) {
  HttpSink sink;
  std::atomic<std::int64_t> now_ms{testing::kNow.ms};
  Hooks h;
  h.now = [&] { return UtcMillis{now_ms}; };
  auto feeds = Feeds::start(config(sink.port), h);
  ASSERT_TRUE(feeds);
  const std::vector<StageState> bad{{"receiver roof", false, "no samples"},
                                    {"output webhook:phone", false, "answer 500"}};
  (*feeds)->watch(bad);
  now_ms += 61'000;
  (*feeds)->watch(bad);
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }));
  EXPECT_EQ(sink.requests().size(), 1U);
  EXPECT_THAT(sink.requests()[0].body, HasSubstr("receiver roof does not work: no samples"));
}

TEST(Webhook, ARefusalIsForGood) {
  HttpSink sink;
  sink.status = 404;
  auto feeds = Feeds::start(config(sink.port), hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].rejected.empty(); }));
  const OutputStatus status = (*feeds)->status()[0];
  EXPECT_EQ(status.rejected[0].key, "refused");
  EXPECT_EQ(status.waiting, 0U);
  EXPECT_EQ(status.last_error, "answer 404");
  EXPECT_FALSE(status.ok);
}

TEST(Webhook, AServerErrorIsTriedAgain) {
  HttpSink sink;
  sink.status = 503;
  FeedsConfig c = config(sink.port);
  c.webhooks[0].first_backoff_s = 0.5;
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  EXPECT_EQ((*feeds)->status()[0].waiting, 1U);
  sink.status = 200;
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }));
  EXPECT_EQ(sink.requests().size(), 2U);
  EXPECT_EQ(sink.requests()[0].body, sink.requests()[1].body);
  EXPECT_TRUE((*feeds)->status()[0].ok);
}

TEST(Webhook, AServerThatHangsHoldsUpNobodyNotEvenTheEnd) {
  // Listens and never answers.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  HttpSink sink;
  FeedsConfig c = config(ntohs(address.sin_port));
  c.webhooks.push_back(config(sink.port).webhooks[0]);
  c.webhooks[1].name = "other";
  auto feeds = Feeds::start(c, hooks());
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 1'000));
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[1].delivered == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  (*feeds)->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  ::close(listener);
}

}  // namespace
}  // namespace omnisonde::uploader
