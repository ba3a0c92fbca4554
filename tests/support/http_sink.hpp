// A small HTTP server that keeps what it is sent, for tests of webhooks.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace omnisonde::testing {

class HttpSink {
 public:
  struct Request {
    std::string method, target, body;
    std::string content_type, authorization, title;
  };

  HttpSink() : acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    port = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { run(); });
  }
  ~HttpSink() {
    stopping_ = true;
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket poke(io);
    boost::system::error_code ignored;
    poke.connect({boost::asio::ip::make_address("127.0.0.1"), port}, ignored);
    thread_.join();
  }
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  [[nodiscard]] std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::uint16_t port = 0;
  std::atomic<unsigned> status{200};  ///< of the answers
  std::atomic<int> retry_after_s{0};  ///< 0: no such header

 private:
  void run() {
    namespace http = boost::beast::http;
    while (!stopping_) {
      boost::asio::ip::tcp::socket socket(io_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || stopping_) continue;
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      http::read(socket, buffer, request, error);
      if (error) continue;
      const auto text = [](auto view) { return std::string(view.data(), view.size()); };
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back({text(request.method_string()), text(request.target()), request.body(),
                             text(request[http::field::content_type]),
                             text(request[http::field::authorization]), text(request["Title"])});
      }
      http::response<http::string_body> response{static_cast<http::status>(status.load()), 11};
      response.keep_alive(false);
      if (retry_after_s > 0) {
        response.set(http::field::retry_after, std::to_string(retry_after_s));
      }
      response.prepare_payload();
      http::write(socket, response, error);
    }
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace omnisonde::testing
