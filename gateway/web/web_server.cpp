#include "gateway/web/web_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "gateway/web/http_answer.hpp"
#include "gateway/web/status_json.hpp"
#include "gateway/web/web_socket.hpp"

namespace omnisonde::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::size_t kMaxConnections = 128;
constexpr std::size_t kMaxWebSockets = 32;
constexpr std::uint32_t kMaxHeaderBytes = 8192;
constexpr std::uint64_t kMaxBodyBytes = 1024;  // nothing here takes a body
constexpr std::size_t kMaxDrainBytes = 65'536;
constexpr int kSendBufferBytes = 128 * 1024;  // what the kernel may hold for a client that sleeps
constexpr auto kHttpTimeout = std::chrono::seconds(15);
constexpr auto kTick = milliseconds(250);
constexpr auto kTrackDelay = milliseconds(100);  // frames of one moment go out together

}  // namespace

struct WebServer::Impl {
  /// One connection that speaks HTTP, until it ends or becomes a WebSocket.
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    Connection(Impl& server, tcp::socket&& socket) : server_(server), stream_(std::move(socket)) {
      ++server_.connections;
    }
    ~Connection() { --server_.connections; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void read_next() {
      parser_.emplace();
      parser_->header_limit(kMaxHeaderBytes);
      parser_->body_limit(kMaxBodyBytes);
      stream_.expires_after(kHttpTimeout);
      http::async_read(
          stream_, buffer_, *parser_,
          [self = shared_from_this()](beast::error_code error, std::size_t) { self->take(error); });
    }

   private:
    void take(beast::error_code error) {
      if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return write(plain(http::status::request_header_fields_too_large,
                           "431: the request's header is too large", 11));
      }
      if (error == http::error::body_limit) {
        return write(plain(http::status::payload_too_large, "413: the request is too large", 11));
      }
      if (error.category() == http::make_error_code(http::error::bad_method).category() &&
          error != http::error::end_of_stream && error != http::error::partial_message) {
        return write(plain(http::status::bad_request, "400: this is not HTTP", 11));
      }
      if (error) return end();
      const Request request = parser_->release();
      if (!beast::websocket::is_upgrade(request)) {
        beast::error_code unknown;
        const auto peer = stream_.socket().remote_endpoint(unknown);
        const bool from_here = !unknown && peer.address().is_loopback();
        return write(respond(request, server_.provider, from_here));
      }
      if (request.target() != "/ws") {
        return write(plain(http::status::not_found, "404: the WebSocket is at /ws", 11));
      }
      if (!same_origin(request)) {
        return write(plain(http::status::forbidden, "403: opened from another site", 11));
      }
      if (server_.clients.size() >= kMaxWebSockets) {
        return write(plain(http::status::service_unavailable, "503: too many viewers", 11));
      }
      server_.upgrade(std::move(stream_), request);
    }

    void write(Response&& response) {
      if (!response.has_content_length() && response.result() != http::status::not_modified) {
        response.prepare_payload();
      }
      response_.emplace(std::move(response));
      stream_.expires_after(kHttpTimeout);
      // A HEAD's answer announces a length and sends no body: the header alone is written.
      serializer_.emplace(*response_);
      const auto done = [self = shared_from_this()](beast::error_code error, std::size_t) {
        if (error || !self->response_->keep_alive()) return self->end();
        self->read_next();
      };
      if (response_->body().empty()) {
        http::async_write_header(stream_, *serializer_, done);
      } else {
        http::async_write(stream_, *serializer_, done);
      }
    }

    /// Reads what still comes for a moment: a close with unread bytes would reset the connection
    /// and take the answer with it.
    void end() {
      beast::error_code ignored;
      stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      stream_.expires_after(std::chrono::seconds(2));
      drain();
    }

    void drain() {
      stream_.async_read_some(asio::buffer(rest_),
                              [self = shared_from_this()](beast::error_code error, std::size_t n) {
                                self->drained_ += n;
                                if (!error && self->drained_ < kMaxDrainBytes) self->drain();
                              });
    }

    Impl& server_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
    std::array<char, 1024> rest_{};
    std::size_t drained_ = 0;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<Response> response_;
    std::optional<http::serializer<false, http::string_body>> serializer_;
  };

  Impl(StatusProvider given_provider, LogFn given_log)
      : provider(std::move(given_provider)), log(std::move(given_log)) {}
  ~Impl() { clients.clear(); }  // before `io`, whose handlers hold the rest
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Expected<void> open(const WebConfig& config) {
    const std::string name = config.address + " port " + std::to_string(config.port);
    beast::error_code error;
    const auto address = asio::ip::make_address(config.address, error);
    if (error)
      return Error{"web page: `" + config.address + "` is no IP address", "see [web] listen"};
    const tcp::endpoint endpoint(address, config.port);
    (void)acceptor.open(endpoint.protocol(), error);
    if (!error) (void)acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) (void)acceptor.bind(endpoint, error);
    if (!error) (void)acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use) {
      return Error{"web page: " + name + " is in use by another program",
                   "stop that program, or set another port in [web] listen"};
    }
    if (error == asio::error::access_denied) {
      return Error{"web page: " + name + " is not allowed for this user",
                   "set a port above 1023 in [web] listen"};
    }
    if (error) {
      return Error{"web page: cannot listen on " + name + ": " + error.message(),
                   "set an address of this machine in [web] listen, 0.0.0.0 for all"};
    }
    return {};
  }

  void start() {
    accept_next();
    tick();
    thread = std::thread([this] { run(); });
  }

  /// Whatever a handler throws (no memory, a fault of ours) ends that handler, not the page.
  void run() {
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception& fault) {
        log(std::string("web page: ") + fault.what());
      }
    }
  }

  void accept_next() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (stopping) return;
      if (error) {  // out of file descriptors, most likely: try again a little later
        retry.expires_after(milliseconds(200));
        retry.async_wait([this](beast::error_code cancelled) {
          if (!cancelled && !stopping) accept_next();
        });
        return;
      }
      beast::error_code ignored;
      (void)socket.set_option(tcp::no_delay(true), ignored);
      (void)socket.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
      if (connections + clients.size() < kMaxConnections) {
        std::make_shared<Connection>(*this, std::move(socket))->read_next();
      }
      accept_next();
    });
  }

  void upgrade(beast::tcp_stream&& stream, const Request& request) {
    WebSocketClient::Events events;
    events.opened = [this](std::shared_ptr<WebSocketClient> client) {
      const auto spectra = provider.spectra();
      client->offer(
          kAllTopics, "",
          std::make_shared<const std::string>(snapshot_message(provider.status(true), spectra)));
      clients.insert(std::move(client));
    };
    events.gone = [this](WebSocketClient* client) {
      const auto found = std::find_if(clients.begin(), clients.end(),
                                      [&](const auto& c) { return c.get() == client; });
      if (found != clients.end()) {
        // Later: its caller may be going through `clients` right now.
        asio::post(io, [this, keep = *found] {
          clients.erase(keep);
          if (stopping && clients.empty()) deadline.cancel();
        });
      }
    };
    events.log = log;
    std::make_shared<WebSocketClient>(std::move(stream), std::move(events))->accept(request);
  }

  void send(Topic topic, const std::string& key, std::string text) {
    const auto message = std::make_shared<const std::string>(std::move(text));
    for (const auto& client : clients) client->offer(topic, key, message);
  }

  /// Sends `text` when it differs from what went out last under that key.
  void send_changed(Topic topic, const std::string& key, std::string text) {
    std::string& last = sent[key];
    if (last == text) return;
    last = text;
    send(topic, key, std::move(text));
  }

  void tick() {
    ticker.expires_after(kTick);
    ticker.async_wait([this](beast::error_code error) {
      if (error || stopping) return;
      if (clients.empty()) {
        sent.clear();
      } else {
        push_spectra();
        if (++ticks % 4 == 0) push_rest();
      }
      tick();
    });
  }

  void push_spectra() {
    for (const SpectrumStatus& s : provider.spectra()) {
      std::uint64_t& version = spectrum_versions[s.device];
      if (version == s.version) continue;
      version = s.version;
      send(kSpectrum, "spectrum:" + s.device, spectrum_message(s));
    }
  }

  void push_rest() {
    const GatewayStatus s = provider.status(false);
    push_tracks(s);  // also those that changed without a frame (holding, lost, gone)
    send_changed(kReceivers, "receivers", receivers_message(s));
    send_changed(kUploads, "uploads", uploads_message(s));
    const std::uint64_t newest = s.log.empty() ? 0 : s.log.back().id;
    if (newest > log_id && log_id > 0) send(kLog, "", log_message(s, log_id));
    log_id = newest;
  }

  void push_tracks(const GatewayStatus& s) {
    std::set<std::string> present;
    for (const TrackStatus& t : s.tracks) {
      present.insert(t.id);
      send_changed(kTracks, "track:" + t.id, track_message(t));
    }
    for (auto it = track_ids.begin(); it != track_ids.end(); ++it) {
      if (present.contains(*it)) continue;
      sent.erase("track:" + *it);
      send(kTracks, "track:" + *it, track_gone_message(*it));
    }
    track_ids = std::move(present);
  }

  void wake() {
    if (woken.exchange(true)) return;
    asio::post(io, [this] {
      if (stopping) return;
      track_timer.expires_after(kTrackDelay);
      track_timer.async_wait([this](beast::error_code error) {
        woken = false;
        if (!error && !clients.empty()) push_tracks(provider.status(false));
      });
    });
  }

  void stop() {
    if (!thread.joinable()) return;
    asio::post(io, [this] {
      stopping = true;
      beast::error_code ignored;
      (void)acceptor.close(ignored);
      ticker.cancel();
      track_timer.cancel();
      for (const auto& client : clients) client->close();
      deadline.expires_after(milliseconds(clients.empty() ? 0 : 500));
      deadline.async_wait([this](beast::error_code) { io.stop(); });
    });
    thread.join();
  }

  StatusProvider provider;
  LogFn log;
  std::size_t connections = 0;
  std::set<std::shared_ptr<WebSocketClient>> clients;
  std::map<std::string, std::string> sent;  ///< key -> last text
  std::map<std::string, std::uint64_t> spectrum_versions;
  std::set<std::string> track_ids;
  std::uint64_t log_id = 0;
  std::uint64_t ticks = 0;
  std::atomic<bool> woken = false;
  bool stopping = false;
  std::thread thread;
  // Last, so that it goes first: its handlers hold connections that refer to the rest.
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer ticker{io}, track_timer{io}, retry{io}, deadline{io};
};

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebServer::~WebServer() { impl_->stop(); }

Expected<std::unique_ptr<WebServer>> WebServer::start(const WebConfig& config,
                                                      StatusProvider provider, LogFn log) {
  auto impl = std::make_unique<Impl>(std::move(provider), std::move(log));
  if (auto opened = impl->open(config); !opened) return opened.error();
  impl->start();
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

void WebServer::notify() { impl_->wake(); }

std::uint16_t WebServer::port() const {
  beast::error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void WebServer::stop() { impl_->stop(); }

}  // namespace omnisonde::web
