#include "uploader/mqtt_link.hpp"

#include <mqtt/async_client.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBadLogin = 4, kNotAuthorised = 5, kBadClientId = 2;  // CONNACK codes of MQTT 3.1.1

std::chrono::milliseconds millis(double s) {
  constexpr double kMsPerSecond = 1000;
  return std::chrono::milliseconds(static_cast<std::int64_t>(s * kMsPerSecond));
}

bool encrypted(const std::string& uri) {
  return uri.rfind("wss://", 0) == 0 || uri.rfind("mqtts://", 0) == 0;
}

}  // namespace

// No TLS error handler is set: Paho C++ 1.2.0 hands the library a pointer into the by-value
// argument of connect(), which is gone when the handler runs (found by AddressSanitizer). `client`
// is destroyed first, so no callback finds anything gone.
struct MqttLink::Impl {
  struct Waiting {
    mqtt::delivery_token_ptr token;
    std::int64_t tag;
  };
  std::atomic<bool> up{false};
  std::deque<Waiting> waiting;
  mqtt::connect_options connect_options;
  std::unique_ptr<mqtt::async_client> client;

  void prepare(const MqttLinkOptions& options);
  bool await(const mqtt::token_ptr& token, double timeout_s, const std::atomic<bool>& stop,
             MqttFault& fault);
  void explain(const mqtt::exception& e, MqttFault& fault);
};

void MqttLink::Impl::prepare(const MqttLinkOptions& options) {
  connect_options.set_clean_session(true);
  connect_options.set_mqtt_version(MQTTVERSION_3_1_1);
  connect_options.set_automatic_reconnect(false);
  connect_options.set_keep_alive_interval(std::max(1, static_cast<int>(options.keep_alive_s)));
  connect_options.set_connect_timeout(std::max(1, static_cast<int>(options.connect_timeout_s)));
  constexpr int kMaxInFlight = 1000;  // well above our own window
  connect_options.set_max_inflight(kMaxInFlight);
  if (!options.user.empty()) connect_options.set_user_name(options.user);
  if (!options.password.empty()) connect_options.set_password(options.password);
  if (!options.will_topic.empty()) {
    connect_options.set_will_message(
        mqtt::message(options.will_topic, options.will_payload, options.qos, true));
  }
  if (encrypted(options.uri)) {
    mqtt::ssl_options tls;
    tls.set_trust_store(options.ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt"
                                                : options.ca_file);
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);  // not the default: without it the host name goes unchecked
    connect_options.set_ssl(tls);
  }
  // The library refuses more than this many at once also while connected, 100 by default: one
  // latest/<serial> for each of many sondes is more than that.
  constexpr int kMaxBuffered = 20'000;
  mqtt::create_options create;
  create.set_max_buffered_messages(kMaxBuffered);
  client = std::make_unique<mqtt::async_client>(options.uri, options.client_id, create, nullptr);
  // All handlers before the first connect: setting them later can deadlock in the library.
  client->set_connection_lost_handler([this](const std::string&) { up = false; });
}

void MqttLink::Impl::explain(const mqtt::exception& e, MqttFault& fault) {
  const int code = e.get_return_code();
  fault.words = e.get_message().empty() ? e.get_error_str() : e.get_message();
  fault.login = code == kBadLogin || code == kNotAuthorised || code == kBadClientId;
  if (fault.login) {
    fault.words = "the broker refuses the login (code " + std::to_string(code) + ")";
  }
}

bool MqttLink::Impl::await(const mqtt::token_ptr& token, double timeout_s,
                           const std::atomic<bool>& stop, MqttFault& fault) {
  constexpr std::chrono::milliseconds kStep{50};
  const Clock::time_point end = Clock::now() + millis(timeout_s);
  try {
    while (!stop && Clock::now() < end) {
      if (token->wait_for(kStep)) return true;
    }
    fault.words = stop ? "stopping" : "the broker does not answer";
  } catch (const mqtt::exception& e) {
    explain(e, fault);
  }
  return false;
}

MqttLink::MqttLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<MqttLink> MqttLink::connect(const MqttLinkOptions& options,
                                            const std::atomic<bool>& stop, MqttFault& fault) {
  auto impl = std::make_unique<Impl>();
  fault = {};
  constexpr double kStages = 3;
  try {
    impl->prepare(options);
    impl->up = true;
    const mqtt::token_ptr token = impl->client->connect(impl->connect_options);
    if (!impl->await(token, kStages * options.connect_timeout_s + 2, stop, fault)) return nullptr;
  } catch (const mqtt::exception& e) {
    impl->explain(e, fault);
    return nullptr;
  } catch (const std::exception& e) {
    fault.words = e.what();
    return nullptr;
  }
  return std::unique_ptr<MqttLink>(new MqttLink(std::move(impl)));
}

MqttLink::~MqttLink() = default;

bool MqttLink::alive() const { return impl_->up; }

bool MqttLink::publish(const std::string& topic, const std::string& payload, int qos, bool retained,
                       std::int64_t tag) {
  if (!impl_->up) return false;
  try {
    impl_->waiting.push_back(
        {impl_->client->publish(topic, payload.data(), payload.size(), qos, retained), tag});
    return true;
  } catch (const std::exception&) {
    impl_->up = false;
    return false;
  }
}

std::vector<MqttDone> MqttLink::collect() {
  std::vector<MqttDone> done;
  while (!impl_->waiting.empty()) {
    const Impl::Waiting& first = impl_->waiting.front();
    try {
      if (!first.token->try_wait()) break;
      done.push_back({first.tag, true});
    } catch (const std::exception&) {
      done.push_back({first.tag, false});
    }
    impl_->waiting.pop_front();
  }
  return done;
}

std::size_t MqttLink::in_flight() const { return impl_->waiting.size(); }

void MqttLink::wait(double timeout_s) {
  if (impl_->waiting.empty()) {
    std::this_thread::sleep_for(millis(timeout_s));
    return;
  }
  try {
    impl_->waiting.front().token->wait_for(millis(timeout_s));
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): `collect` reports it
  }
}

void MqttLink::disconnect() {
  constexpr std::chrono::milliseconds kPatience{2000};
  try {
    impl_->client->disconnect(static_cast<int>(kPatience.count()) / 2)->wait_for(kPatience);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is gone either way
  }
  impl_->up = false;
}

}  // namespace omnisonde::uploader
