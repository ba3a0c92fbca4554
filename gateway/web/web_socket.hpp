// One browser on /ws. Internal to the web server (this header brings Beast with it).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "gateway/web/http_answer.hpp"

namespace omnisonde::web {

/// What a client can ask for: {"topics":["tracks","spectrum"]}. Default: all.
enum Topic : unsigned {
  kTracks = 1,
  kSpectrum = 2,
  kReceivers = 4,
  kUploads = 8,
  kLog = 16,
  kAllTopics = 31
};

/// Sends messages one at a time. While one is on its way, a newer message with the same key takes
/// the place of an older one: a slow client gets the newest state, not an ever longer queue.
/// All functions on the server's thread.
class WebSocketClient : public std::enable_shared_from_this<WebSocketClient> {
 public:
  using Message = std::shared_ptr<const std::string>;

  /// A client that took nothing while this much fell due to it is cut off.
  static constexpr std::size_t kMaxBacklog = 1'000'000;

  struct Events {
    std::function<void(std::shared_ptr<WebSocketClient>)> opened;  ///< after the upgrade
    std::function<void(WebSocketClient*)> gone;                    ///< once, for whatever reason
    std::function<void(const std::string&)> log;
  };

  WebSocketClient(boost::beast::tcp_stream&& stream, Events events);

  /// Answers the upgrade request (already checked by the server).
  void accept(const Request& request);

  /// Queues one message if the client wants the topic. An empty key is never replaced.
  void offer(Topic topic, const std::string& key, const Message& message);

  /// Says goodbye (1001, going away).
  void close();

 private:
  struct Waiting {
    std::string key;
    Message message;
  };

  void read_next();
  void take_request();
  void write_next();
  void cut(const std::string& reason);
  void finish();

  boost::beast::websocket::stream<boost::beast::tcp_stream> socket_;
  boost::beast::flat_buffer buffer_;
  Events events_;
  std::string peer_;
  std::deque<Waiting> waiting_;
  Message writing_;
  std::size_t owed_ = 0;  ///< bytes that fell due since the client last took a message
  unsigned topics_ = kAllTopics;
  bool closing_ = false;
  bool finished_ = false;
};

}  // namespace omnisonde::web
