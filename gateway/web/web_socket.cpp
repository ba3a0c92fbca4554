#include "gateway/web/web_socket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "gateway/web/status_json.hpp"

namespace omnisonde::web {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t kMaxRequestBytes = 4096;

struct TopicName {
  std::string_view name;
  Topic topic;
};
constexpr std::array kTopicNames = {TopicName{"tracks", kTracks}, TopicName{"spectrum", kSpectrum},
                                    TopicName{"receivers", kReceivers},
                                    TopicName{"uploads", kUploads}, TopicName{"log", kLog}};

}  // namespace

WebSocketClient::WebSocketClient(beast::tcp_stream&& stream, Events events)
    : socket_(std::move(stream)), events_(std::move(events)) {
  beast::error_code ignored;
  const auto peer = beast::get_lowest_layer(socket_).socket().remote_endpoint(ignored);
  if (!ignored) peer_ = peer.address().to_string();
  beast::get_lowest_layer(socket_).expires_never();  // the WebSocket layer has its own time-outs
}

void WebSocketClient::accept(const Request& request) {
  websocket::stream_base::timeout times{};
  times.handshake_timeout = std::chrono::seconds(10);
  times.idle_timeout = std::chrono::seconds(40);  // with pings at half: finds dead clients
  times.keep_alive_pings = true;
  socket_.set_option(times);
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  deflate.compLevel = 6;
  deflate.memLevel = 4;
  deflate.server_max_window_bits = 12;  // 4 kB of history per client: small memory, good ratio
  socket_.set_option(deflate);
  socket_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
    answer.set(beast::http::field::server, "omnisonde");
  }));
  socket_.read_message_max(kMaxRequestBytes);
  socket_.text(true);
  socket_.async_accept(request, [self = shared_from_this()](beast::error_code error) {
    if (error) return self->finish();
    self->events_.opened(self);
    self->read_next();
  });
}

void WebSocketClient::offer(Topic topic, const std::string& key, const Message& message) {
  if (closing_ || (topics_ & topic) == 0) return;
  owed_ += message->size();
  if (owed_ > kMaxBacklog && writing_) {
    return cut("took nothing while 1 MB fell due: closed, the browser may connect again");
  }
  const auto older = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& w) { return !key.empty() && w.key == key; });
  if (older != waiting_.end()) {
    older->message = message;
  } else {
    waiting_.push_back({key, message});
  }
  if (!writing_) write_next();
}

void WebSocketClient::write_next() {
  if (waiting_.empty() || closing_) return;
  writing_ = std::move(waiting_.front().message);
  waiting_.pop_front();
  socket_.async_write(boost::asio::buffer(*writing_),
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        self->writing_.reset();
                        self->owed_ = 0;
                        for (const Waiting& w : self->waiting_) self->owed_ += w.message->size();
                        if (error) return self->finish();
                        self->write_next();
                      });
}

void WebSocketClient::read_next() {
  socket_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error) return self->finish();
    self->take_request();
    if (!self->closing_) self->read_next();
  });
}

/// {"topics":["tracks","uploads"]} sets what is sent from now on; a wrong one changes nothing.
void WebSocketClient::take_request() {
  const auto text = beast::buffers_to_string(buffer_.data());
  buffer_.consume(buffer_.size());
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto wanted = json.is_object() ? json.find("topics") : json.end();
  unsigned topics = 0;
  bool good = json.is_object() && wanted != json.end() && wanted->is_array();
  for (std::size_t i = 0; good && i < wanted->size(); ++i) {
    const auto* const known =
        std::find_if(kTopicNames.begin(), kTopicNames.end(), [&](const TopicName& t) {
          return (*wanted)[i].is_string() && (*wanted)[i].get_ref<const std::string&>() == t.name;
        });
    good = known != kTopicNames.end();
    if (good) topics |= known->topic;
  }
  if (good) {
    topics_ = topics;
    return;
  }
  waiting_.push_back({"error", std::make_shared<const std::string>(error_document(
                                   "expected {\"topics\":[...]} with tracks, spectrum, receivers, "
                                   "uploads, log"))});
  if (!writing_) write_next();
}

void WebSocketClient::close() {
  if (closing_) return;
  closing_ = true;
  waiting_.clear();
  if (!socket_.is_open()) return finish();
  socket_.async_close(websocket::close_code::going_away,
                      [self = shared_from_this()](beast::error_code) { self->finish(); });
}

void WebSocketClient::cut(const std::string& reason) {
  events_.log("web client " + peer_ + " " + reason);
  closing_ = true;
  waiting_.clear();
  // No goodbye: it would wait behind the message that does not go out.
  beast::get_lowest_layer(socket_).close();
  finish();
}

void WebSocketClient::finish() {
  closing_ = true;
  if (finished_) return;
  finished_ = true;
  events_.gone(this);
}

}  // namespace omnisonde::web
