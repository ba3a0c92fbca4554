#include "tests/support/hub_standin.hpp"

#include <fcntl.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <list>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "tests/support/hub_standin_rules.hpp"
#include "tests/support/tls.hpp"

namespace omnisonde::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using ErrorCode = boost::system::error_code;

UtcMillis system_now() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

// A program that a test starts would hold the port for ever.
void keep_from_children(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

// Closes with a reset instead of an orderly end.
void reset_connection(tcp::socket& socket) {
  ErrorCode ec;
  socket.set_option(asio::socket_base::linger(true, 0), ec);
  socket.close(ec);
}

}  // namespace

struct HubStandin::Impl {
  struct Connection {
    explicit Connection(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::thread thread;
    std::atomic<bool> done{false};
  };
  HubStandinOptions options;
  TestCertificates certificates;
  asio::io_context io;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor{io};
  std::uint16_t bound_port = 0;
  std::atomic<bool> stopping{false};
  std::thread accept_thread;

  mutable std::mutex mutex;  // guards all below
  std::condition_variable wake;
  std::list<Connection> connections;
  std::list<HubFault> faults;
  HubStandinStats stats;
  std::vector<std::string> records, rejected, reports;
  std::vector<int> statuses;

  void accept_loop();
  void serve(tcp::socket& socket);
  template <typename Stream>
  void talk(Stream& stream, tcp::socket& socket);
  template <typename Stream>
  bool misbehave(Stream& stream, tcp::socket& socket, HubFault::Kind kind);
  std::optional<HubFault> take_fault();
  Response handle(const Request& request, const std::optional<HubFault>& fault);
  Response telemetry(const Request& request, const std::string& reject_first);
  Response station(const Request& request);
  Response look(const Request& request);
  [[nodiscard]] std::string stats_json() const;
};

std::optional<HubFault> HubStandin::Impl::take_fault() {
  const std::lock_guard lock(mutex);
  if (faults.empty()) return std::nullopt;
  HubFault fault = faults.front();
  if (--faults.front().count <= 0) faults.pop_front();
  ++stats.faults;
  return fault;
}

Response make_response(int status, const std::string& type, std::string body) {
  Response response{static_cast<http::status>(status), 11};
  response.set(http::field::content_type, type);
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

Response HubStandin::Impl::telemetry(const Request& request, const std::string& reject_first) {
  const auto now = options.now();
  // The hub's description requires Date; its code does not look. A client must send it all the
  // same.
  if (request[http::field::date].empty())
    return make_response(400, "text/plain", "Date is missing");
  const bool gzip = request[http::field::content_encoding] == "gzip";
  const std::string agent(request[http::field::user_agent]);
  const std::lock_guard lock(mutex);
  HubIngest result =
      ingest_telemetry(request.body(), gzip, agent, now, reject_first, options.poison);
  stats.stored += result.stored.size() - result.thinned;
  stats.thinned += result.thinned;
  stats.rejected += result.rejected.size();
  stats.warned += result.warned;
  std::ofstream store;
  if (!options.store_file.empty()) store.open(options.store_file, std::ios::app);
  for (const HubJson& record : result.stored) {
    if (options.on_stored) {
      options.on_stored(record, stats.telemetry_requests);
      continue;
    }
    records.push_back(record.dump());
    if (store) store << records.back() << '\n';
  }
  for (const auto& [message, record] : result.rejected) {
    rejected.push_back(message + ": " + record.dump());
  }
  return make_response(result.status, result.content_type, std::move(result.body));
}

Response HubStandin::Impl::station(const Request& request) {
  const bool gzip = request[http::field::content_encoding] == "gzip";
  HubListener result = ingest_listener(request.body(), gzip, options.now());
  if (!result.stored.is_null()) {
    const std::lock_guard lock(mutex);
    ++stats.station_reports;
    reports.push_back(result.stored.dump());
  }
  return make_response(result.status, "text/plain", std::move(result.body));
}

std::string HubStandin::Impl::stats_json() const {
  const std::lock_guard lock(mutex);
  const HubJson json = {{"telemetry_requests", stats.telemetry_requests},
                        {"stored", stats.stored},
                        {"thinned", stats.thinned},
                        {"rejected", stats.rejected},
                        {"warned", stats.warned},
                        {"station_reports", stats.station_reports},
                        {"faults", stats.faults}};
  return json.dump();
}

Response HubStandin::Impl::look(const Request& request) {
  if (request.target() == "/_standin/stats") {
    return make_response(200, "application/json", stats_json());
  }
  if (request.target() != "/_standin/records") {
    return make_response(404, "application/json", R"({"message":"Not Found"})");
  }
  std::string text;
  const std::lock_guard lock(mutex);
  for (const std::string& record : records) text += record + "\n";
  return make_response(200, "application/x-ndjson", std::move(text));
}

Response HubStandin::Impl::handle(const Request& request, const std::optional<HubFault>& fault) {
  if (fault && fault->kind == HubFault::Kind::kStatus) {
    Response response =
        make_response(fault->value, "application/json", R"({"message":"stand-in fault"})");
    if (fault->retry_after_s > 0) {
      response.set(http::field::retry_after, std::to_string(fault->retry_after_s));
    }
    return response;
  }
  if (request.method() == http::verb::put && request.target() == "/sondes/telemetry") {
    const bool reject = fault && fault->kind == HubFault::Kind::kRejectFirst;
    const std::string words = reject ? fault->words : "";
    return telemetry(request, reject && words.empty() ? "rejected by the stand-in's fault" : words);
  }
  if (request.method() == http::verb::put && request.target() == "/listeners") {
    return station(request);
  }
  return look(request);
}

// Faults below HTTP. @returns true if the connection is done with.
template <typename Stream>
bool HubStandin::Impl::misbehave(Stream& stream, tcp::socket& socket, HubFault::Kind kind) {
  ErrorCode ec;
  switch (kind) {
    case HubFault::Kind::kReset:
    case HubFault::Kind::kResetStored:
      reset_connection(socket);
      return true;
    case HubFault::Kind::kHang: {
      std::unique_lock lock(mutex);
      constexpr std::chrono::minutes kLong{5};
      wake.wait_for(lock, kLong, [this] { return stopping.load(); });
      return true;
    }
    case HubFault::Kind::kCut:
      asio::write(stream,
                  asio::buffer(std::string("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n^")), ec);
      reset_connection(socket);
      return true;
    case HubFault::Kind::kGarbage:
      asio::write(stream, asio::buffer(std::string("\x01\x02 no server here\r\n\r\n")), ec);
      return true;
    default:
      return false;
  }
}

template <typename Stream>
void HubStandin::Impl::talk(Stream& stream, tcp::socket& socket) {
  beast::flat_buffer buffer;
  while (!stopping) {
    constexpr std::uint64_t kMaxBody = 10'000'000;
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    ErrorCode ec;
    http::read_header(stream, buffer, parser, ec);
    if (ec) return;
    const bool is_telemetry = parser.get().target() == "/sondes/telemetry";
    const auto fault = is_telemetry ? take_fault() : std::nullopt;
    using Kind = HubFault::Kind;
    if (fault && fault->kind == Kind::kResetBody) {
      reset_connection(socket);
      return;
    }
    http::read(stream, buffer, parser, ec);
    if (ec) return;
    const Request request = parser.release();
    const bool silent = fault && fault->kind != Kind::kStatus && fault->kind != Kind::kRejectFirst;
    const bool keeps = silent && (fault->kind == Kind::kResetStored || fault->kind == Kind::kCut);
    Response response;
    if (!silent || keeps) response = handle(request, fault);
    if (is_telemetry) {
      const std::lock_guard lock(mutex);
      ++stats.telemetry_requests;
      statuses.push_back(silent ? 0 : static_cast<int>(response.result_int()));
    }
    if (silent && misbehave(stream, socket, fault->kind)) return;
    response.keep_alive(request.keep_alive());
    http::write(stream, response, ec);
    if (ec || !request.keep_alive()) return;
  }
}

void HubStandin::Impl::serve(tcp::socket& socket) {
  if (!options.tls) {
    talk(socket, socket);
    return;
  }
  asio::ssl::stream<tcp::socket&> stream(socket, tls);
  ErrorCode ec;
  stream.handshake(asio::ssl::stream_base::server, ec);
  if (!ec) talk(stream, socket);
}

void HubStandin::Impl::accept_loop() {
  while (!stopping) {
    tcp::socket socket(io);
    ErrorCode ec;
    acceptor.accept(socket, ec);
    if (ec || stopping) return;
    keep_from_children(socket.native_handle());
    const std::lock_guard lock(mutex);
    for (auto it = connections.begin(); it != connections.end();) {
      if (it->done) it->thread.join();
      it = it->done ? connections.erase(it) : std::next(it);
    }
    Connection& connection = connections.emplace_back(std::move(socket));
    connection.thread = std::thread([this, &connection] {
      serve(connection.socket);
      ErrorCode ignored;
      connection.socket.shutdown(tcp::socket::shutdown_both, ignored);
      connection.done = true;
    });
  }
}

HubStandin::HubStandin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<HubStandin>> HubStandin::start(HubStandinOptions options) {
  auto impl = std::make_unique<Impl>();
  if (!options.now) options.now = &system_now;
  try {
    if (options.tls) {
      auto certificates = make_test_certificates(options.cert_folder);
      if (!certificates) return certificates.error();
      impl->certificates = *certificates;
      impl->tls.use_certificate_chain_file(impl->certificates.cert_file);
      impl->tls.use_private_key_file(impl->certificates.key_file, asio::ssl::context::pem);
    }
    const tcp::endpoint where(asio::ip::address_v4::loopback(), options.port);
    impl->acceptor.open(where.protocol());
    keep_from_children(impl->acceptor.native_handle());
    impl->acceptor.set_option(asio::socket_base::reuse_address(true));
    impl->acceptor.bind(where);
    impl->acceptor.listen();
    impl->bound_port = impl->acceptor.local_endpoint().port();
  } catch (const std::exception& e) {
    return Error{
        "hub stand-in cannot listen on port " + std::to_string(options.port) + ": " + e.what(),
        "use another --port"};
  }
  impl->options = std::move(options);
  Impl* self = impl.get();
  impl->accept_thread = std::thread([self] { self->accept_loop(); });
  return std::unique_ptr<HubStandin>(new HubStandin(std::move(impl)));
}

void HubStandin::stop() {
  Impl& i = *impl_;
  if (i.stopping.exchange(true)) return;
  // accept() does not notice a close from another thread: knock on the door.
  ErrorCode ec;
  tcp::socket knock(i.io);
  knock.connect({asio::ip::address_v4::loopback(), i.bound_port}, ec);
  i.accept_thread.join();
  i.acceptor.close(ec);
  {
    const std::lock_guard lock(i.mutex);
    for (Impl::Connection& c : i.connections) {
      if (!c.done) ::shutdown(c.socket.native_handle(), SHUT_RDWR);
    }
  }
  i.wake.notify_all();
  for (Impl::Connection& c : i.connections) c.thread.join();
  i.connections.clear();
}

HubStandin::~HubStandin() { stop(); }

std::string HubStandin::url() const {
  return (impl_->options.tls ? "https://localhost:" : "http://localhost:") +
         std::to_string(impl_->bound_port);
}
std::uint16_t HubStandin::port() const { return impl_->bound_port; }
std::string HubStandin::ca_file() const { return impl_->certificates.ca_file; }

void HubStandin::add_fault(const HubFault& fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults.push_back(fault);
}
void HubStandin::set_poison(const std::string& serial) {
  const std::lock_guard lock(impl_->mutex);
  impl_->options.poison = serial;
}
HubStandinStats HubStandin::stats() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}
std::vector<std::string> HubStandin::records() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->records;
}
std::vector<std::string> HubStandin::rejected() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->rejected;
}
std::vector<std::string> HubStandin::station_reports() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->reports;
}
std::vector<int> HubStandin::request_statuses() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->statuses;
}

}  // namespace omnisonde::testing
