// The real server over real sockets.
#include "gateway/web/web_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/gateway/web_sample.hpp"

namespace omnisonde::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

using Reply = http::response<http::string_body>;

class WebServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    StatusProvider provider;
    provider.status = [this](bool with_paths) {
      const std::lock_guard lock(mutex_);
      GatewayStatus s = status_;
      if (!with_paths) {
        for (TrackStatus& t : s.tracks) t.path.clear();
      }
      return s;
    };
    provider.spectra = [this] {
      const std::lock_guard lock(mutex_);
      return std::vector{test::sample_spectrum(status_, spectrum_version_)};
    };
    provider.clear_spurs = [this] { ++spurs_cleared_; };
    auto server = WebServer::start(config(0), provider, [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      log_.push_back(line);
    });
    ASSERT_TRUE(server.ok()) << server.error().line();
    server_ = std::move(server.value());
    port_ = server_->port();
  }

  static WebConfig config(std::uint16_t port) {
    WebConfig c;
    c.address = "127.0.0.1";
    c.port = port;
    return c;
  }

  tcp::socket dial() {
    tcp::socket socket(io_);
    socket.connect({asio::ip::make_address("127.0.0.1"), port_});
    return socket;
  }

  /// Sends text as it is and reads one answer.
  Reply raw(const std::string& request) {
    tcp::socket socket = dial();
    beast::error_code error;
    asio::write(socket, asio::buffer(request), error);
    beast::flat_buffer buffer;
    Reply reply;
    http::read(socket, buffer, reply, error);
    return reply;
  }

  Reply get(const std::string& target) {
    return raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  using Socket = websocket::stream<tcp::socket>;

  Socket open_socket(bool deflate = false, const std::string& origin = "") {
    Socket ws(dial());
    if (deflate) {
      websocket::permessage_deflate option;
      option.client_enable = true;
      ws.set_option(option);
    }
    if (!origin.empty()) {
      ws.set_option(websocket::stream_base::decorator(
          [origin](websocket::request_type& r) { r.set(http::field::origin, origin); }));
    }
    ws.handshake("localhost:" + std::to_string(port_), "/ws");
    return ws;
  }

  static json receive(Socket& ws) {
    beast::flat_buffer buffer;
    ws.read(buffer);
    return json::parse(beast::buffers_to_string(buffer.data()));
  }

  /// Reads until a message of that type comes; fails after 50 others.
  static json receive(Socket& ws, const std::string& type) {
    for (int i = 0; i < 50; ++i) {
      json message = receive(ws);
      if (message.value("type", "") == type) return message;
    }
    ADD_FAILURE() << "no message of type " << type;
    return {};
  }

  template <typename Change>
  void change(Change&& what) {
    const std::lock_guard lock(mutex_);
    what(status_);
  }

  std::mutex mutex_;
  GatewayStatus status_ = test::sample_status(1, true);
  std::uint64_t spectrum_version_ = 1;
  std::vector<std::string> log_;
  asio::io_context io_;
  std::uint16_t port_ = 0;
  std::atomic<int> spurs_cleared_{0};
  std::unique_ptr<WebServer> server_;
};

TEST_F(WebServerTest, PageComesWithStrictHeaders) {
  const Reply reply = get("/");
  EXPECT_EQ(reply.result_int(), 200U);
  EXPECT_THAT(reply.body(), HasSubstr("<!doctype html>"));
  EXPECT_THAT(std::string(reply["Content-Security-Policy"]), HasSubstr("default-src 'none'"));
  EXPECT_EQ(reply["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(get("/leaflet.js")["Content-Encoding"], "gzip");
}

TEST_F(WebServerTest, UnknownAddressesAndOtherMethodsAreRefused) {
  EXPECT_EQ(get("/nothing").result_int(), 404U);
  EXPECT_EQ(get("/../../etc/passwd").result_int(), 404U);
  const Reply post = raw("POST /api/v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(post.result_int(), 405U);
  EXPECT_EQ(post["Allow"], "GET, HEAD");
  EXPECT_EQ(raw("nonsense\r\n\r\n").result_int(), 400U);
}

TEST_F(WebServerTest, SpursAreClearedForThisMachinesUsersOnly) {
  const auto post = [&](const std::string& headers) {
    return raw("POST /api/v1/spurs/clear HTTP/1.1\r\nContent-Length: 0\r\n" + headers + "\r\n")
        .result_int();
  };
  const std::string port = std::to_string(port_);
  EXPECT_EQ(post("Host: 192.168.1.7:" + port + "\r\n"), 403U);  // a name that was made to lead here
  EXPECT_EQ(post("Host: gateway.example\r\n"), 403U);
  EXPECT_EQ(post("Host: localhost.example\r\n"), 403U);
  EXPECT_EQ(post("Host: localhost:" + port + "\r\nOrigin: http://evil.example\r\n"), 403U);
  EXPECT_EQ(post("Host: localhost:" + port + "\r\nX-Forwarded-For: 10.0.0.9\r\n"), 403U);
  EXPECT_EQ(spurs_cleared_, 0);
  EXPECT_EQ(raw("GET /api/v1/spurs/clear HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 404U);
  EXPECT_EQ(spurs_cleared_, 0);
  EXPECT_EQ(post("Host: 127.0.0.1:" + port + "\r\n"), 200U);
  EXPECT_EQ(post("Host: localhost:" + port + "\r\nOrigin: http://localhost:" + port + "\r\n"),
            200U);
  EXPECT_EQ(post("Host: [::1]:" + port + "\r\n"), 200U);
  EXPECT_EQ(spurs_cleared_, 3);
}

TEST_F(WebServerTest, HeadAnnouncesTheLengthAndSendsNoBody) {
  tcp::socket socket = dial();
  asio::write(socket,
              asio::buffer(std::string("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  std::string text;
  beast::error_code error;
  asio::read(socket, asio::dynamic_buffer(text), error);
  EXPECT_THAT(text, HasSubstr("Content-Length: " + std::to_string(get("/").body().size())));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST_F(WebServerTest, OversizeRequestsAreRefused) {
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n").result_int(),
            431U);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n").result_int(), 413U);
}

TEST_F(WebServerTest, SnapshotComesOnConnect) {
  for (const bool deflate : {false, true}) {
    Socket ws = open_socket(deflate);
    const json snapshot = receive(ws);
    EXPECT_EQ(snapshot["type"], "snapshot");
    EXPECT_EQ(snapshot["status"]["station"]["callsign"], "DL0MUC-9");
    EXPECT_EQ(snapshot["status"]["tracks"].size(), 7U);
    EXPECT_GT(snapshot["status"]["tracks"][0]["path"].size(), 100U);
    EXPECT_EQ(snapshot["spectra"][0]["device"], "roof");
  }
}

TEST_F(WebServerTest, ChangedSondeIsPushedAtOnceAndAlone) {
  Socket ws = open_socket();
  (void)receive(ws, "snapshot");
  ws.write(asio::buffer(std::string(R"({"topics":["tracks"]})")));
  for (int i = 0; i < 7; ++i) (void)receive(ws, "track");  // the first round of all
  change([](GatewayStatus& s) { s.tracks[2].last.position->altitude_m = 12'345; });
  const auto start = Clock::now();
  server_->notify();
  const json message = receive(ws);
  EXPECT_EQ(message["type"], "track");
  EXPECT_EQ(message["track"]["serial"], "23041775");
  EXPECT_EQ(message["track"]["alt_m"], 12'345);
  EXPECT_FALSE(message["track"].contains("path"));
  EXPECT_LT(Clock::now() - start, milliseconds(1000));
}

TEST_F(WebServerTest, SondeThatLeavesIsToldGone) {
  Socket ws = open_socket();
  (void)receive(ws, "receivers");  // one full round went out
  const std::string id = status_.tracks.back().id;
  change([](GatewayStatus& s) { s.tracks.pop_back(); });
  server_->notify();
  EXPECT_EQ(receive(ws, "track_gone")["id"], id);
}

TEST_F(WebServerTest, SpectrumIsPushedOnlyWhenItIsNew) {
  Socket ws = open_socket();
  (void)receive(ws, "spectrum");  // the first tick
  int spectra = 0;
  const json before = receive(ws, "uploads");
  change([this](GatewayStatus&) { ++spectrum_version_; });
  for (int i = 0; i < 3 && spectra == 0; ++i) spectra += receive(ws)["type"] == "spectrum" ? 1 : 0;
  EXPECT_EQ(spectra, 1);
}

TEST_F(WebServerTest, WrongTopicsAreNamedAndChangeNothing) {
  Socket ws = open_socket();
  for (const char* text : {"[]", "{", R"({"topics":["all"]})", R"({"topics":7})"}) {
    ws.write(asio::buffer(std::string(text)));
    json message = receive(ws);
    while (!message.contains("error")) message = receive(ws);
    EXPECT_THAT(std::string(message["error"]), HasSubstr("topics"));
  }
  EXPECT_EQ(receive(ws, "receivers")["type"], "receivers");
}

TEST_F(WebServerTest, OtherSitesMayNotOpenTheSocket) {
  EXPECT_THROW((void)open_socket(false, "https://evil.example"), beast::system_error);
  Socket ws = open_socket(false, "http://localhost:" + std::to_string(port_));
  EXPECT_EQ(receive(ws)["type"], "snapshot");
}

TEST_F(WebServerTest, SleepingViewerIsCutOffAndOthersAreServed) {
  Socket sleeping = open_socket();
  sleeping.next_layer().set_option(tcp::socket::receive_buffer_size(4096));
  Socket reading = open_socket();
  std::mt19937 random(1);
  const auto deadline = Clock::now() + std::chrono::seconds(40);
  const auto cut = [this] {
    const std::lock_guard lock(mutex_);
    return std::any_of(log_.begin(), log_.end(), [](const std::string& line) {
      return line.find("1 MB") != std::string::npos;
    });
  };
  while (!cut() && Clock::now() < deadline) {
    change([&](GatewayStatus& s) {
      for (TrackStatus& t : s.tracks) {
        t.last.xdata.assign(60'000, 'a');
        for (char& c : t.last.xdata) c = static_cast<char>('a' + random() % 26);
      }
    });
    server_->notify();
    for (int i = 0; i < 3; ++i) (void)receive(reading, "track");
  }
  EXPECT_TRUE(cut());
  EXPECT_EQ(receive(reading, "track")["type"], "track");
}

TEST_F(WebServerTest, BusyPortIsNamedWithARemedy) {
  StatusProvider provider{[](bool) { return GatewayStatus{}; },
                          [] { return std::vector<SpectrumStatus>{}; }};
  const auto second = WebServer::start(config(port_), provider, [](const std::string&) {});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().line(), HasSubstr("127.0.0.1 port " + std::to_string(port_)));
  EXPECT_THAT(second.error().line(), HasSubstr("in use"));
  EXPECT_THAT(second.error().remedy, HasSubstr("[web] listen"));
  WebConfig foreign = config(0);
  foreign.address = "192.0.2.1";
  EXPECT_FALSE(WebServer::start(foreign, provider, [](const std::string&) {}).ok());
}

TEST_F(WebServerTest, StopSaysGoodbyeAndFreesThePort) {
  Socket ws = open_socket();
  (void)receive(ws, "snapshot");
  std::thread stopper([this] { server_->stop(); });
  beast::error_code error;
  for (int i = 0; i < 100 && !error; ++i) {
    beast::flat_buffer buffer;
    ws.read(buffer, error);
  }
  stopper.join();
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(ws.reason().code, websocket::close_code::going_away);
  StatusProvider provider{[](bool) { return GatewayStatus{}; },
                          [] { return std::vector<SpectrumStatus>{}; }};
  EXPECT_TRUE(WebServer::start(config(port_), provider, [](const std::string&) {}).ok());
}

TEST_F(WebServerTest, ViewersComeAndGoWithoutATrace) {
  for (int i = 0; i < 30; ++i) {
    Socket ws = open_socket(i % 2 == 0);
    if (i % 3 == 0) (void)receive(ws);
    server_->notify();
  }
  Socket ws = open_socket();
  EXPECT_EQ(receive(ws)["type"], "snapshot");
}

}  // namespace
}  // namespace omnisonde::web
