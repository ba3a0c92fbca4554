#include "uploader/mqtt_ws.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "uploader/http.hpp"
#include "uploader/mqtt_link.hpp"
#include "uploader/mqtt_publisher.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWindow = 32;      // records in flight
constexpr std::size_t kLossesAlarm = 5;  // per minute
constexpr double kIdleWait_s = 0.25;
constexpr double kAckWait_s = 0.02;

Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

// A record on its way.
struct Sent {
  Clock::time_point at;
  UtcMillis received;
};

// Without the query, which may hold a token.
std::string public_uri(const std::string& uri) { return uri.substr(0, uri.find('?')); }

}  // namespace

struct MqttWs::Impl {
  MqttConfig config;
  OutputContext context;
  std::unique_ptr<MqttPublisher> publisher;
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<LogEvent> events;  // guarded by mutex
  std::thread thread;

  // Only the worker uses what follows.
  std::mt19937 random{std::random_device{}()};
  int qos = 1;
  bool said_qos0 = false;
  int failures = 0;
  std::string tls_detail;  // of the first failure in a row
  std::unique_ptr<MqttLink> link;
  std::deque<Clock::time_point> losses;
  std::map<std::int64_t, Sent> sent;  // records in flight, by id
  std::int64_t last_id = 0;
  double usual_ack_s = 0;
  std::size_t uncommitted = 0;  // settled since the last flush
  Clock::time_point last_ack, last_nudge;

  void run();
  bool open_link();
  [[nodiscard]] std::string tls_words() const;
  void back_off(const std::string& words, bool loud, double max_s);
  void run_session();
  void publish_records();
  void publish_events();
  void nudge();
  void collect_acks();
  void settle(const std::vector<MqttDone>& done);
  void say_goodbye();
  void note_loss();
  void say(LogLevel level, const std::string& text) const {
    context.hooks.log(level, "mqtt " + config.name + ": " + text);
  }
};

bool MqttWs::Impl::open_link() {
  MqttLinkOptions options;
  options.uri = config.uri;
  options.client_id = topic_level(context.station->get().callsign) + "-" +
                      topic_level(config.instance.empty() ? config.name : config.instance);
  options.user = config.token.empty() ? config.user : config.token;
  options.password = config.token.empty() ? config.password : "";
  options.ca_file = config.ca_file;
  options.keep_alive_s = config.keep_alive_s;
  options.connect_timeout_s = config.connect_timeout_s;
  options.will_topic = publisher->base() + "status";
  options.will_payload = publisher->status_text("lost");
  MqttFault fault;
  qos = config.qos;
  options.qos = qos;
  link = MqttLink::connect(options, stop, fault);
  if (!link && !fault.login && qos > 0 && !stop) {
    // A broker that allows QoS 0 only closes without a word on a will of QoS 1. What the library
    // then reports does not differ from a broker that is down, so this is tried in both cases.
    options.qos = 0;
    MqttFault second;
    link = MqttLink::connect(options, stop, second);
    if (link) qos = 0;
    if (link && !std::exchange(said_qos0, true)) {
      say(LogLevel::kWarning, "the broker refuses QoS 1: goes on with QoS 0 (no acknowledgements)");
    }
  }
  if (link) return true;
  if (!stop && failures == 0) tls_detail = tls_words();
  fault.words += tls_detail;
  if (!stop) {
    back_off("no connection to " + public_uri(config.uri) + ": " + fault.words, true,
             fault.login ? config.backoff_login_s : config.backoff_max_s);
  }
  return false;
}

// The library says only that TLS failed; libcurl says why.
std::string MqttWs::Impl::tls_words() const {
  const std::size_t begin = config.uri.find("://") + 3;
  const bool tls = config.uri.rfind("wss://", 0) == 0 || config.uri.rfind("mqtts://", 0) == 0;
  if (!tls) return {};
  std::string host = config.uri.substr(begin, config.uri.find('/', begin) - begin);
  if (host.find(':', host.find(']') + 1) == std::string::npos) {
    host += config.uri.front() == 'w' ? ":443" : ":8883";
  }
  const std::string words = tls_fault("https://" + host, config.ca_file, config.connect_timeout_s);
  return words.empty() ? "" : ": " + words + " (check uri and ca_file)";
}

void MqttWs::Impl::back_off(const std::string& words, bool loud, double max_s) {
  constexpr int kMaxDoublings = 20;
  constexpr double kLeast = 0.75, kMost = 1.25;
  double wait_s =
      std::min(max_s, std::ldexp(config.backoff_first_s, std::min(failures, kMaxDoublings)));
  wait_s *= std::uniform_real_distribution<double>(kLeast, kMost)(random);
  say(loud && failures == 0 ? LogLevel::kWarning : LogLevel::kDebug,
      words + "; next try in " + std::to_string(std::lround(wait_s)) + " s");
  ++failures;
  const Clock::time_point until = Clock::now() + seconds(wait_s);
  context.board->bad(words, until);
  std::unique_lock lock(mutex);
  wake.wait_until(lock, until, [this] { return stop.load(); });
}

// Two clients with one id throw each other out without end: say so.
void MqttWs::Impl::note_loss() {
  constexpr double kMinute_s = 60;
  const Clock::time_point now = Clock::now();
  losses.push_back(now);
  while (now - losses.front() > seconds(kMinute_s)) losses.pop_front();
  const bool many = losses.size() > kLossesAlarm;
  say(many ? LogLevel::kError : LogLevel::kWarning,
      many ? "lost the broker " + std::to_string(losses.size()) +
                 " times in a minute: is another gateway using this callsign? (set instance)"
           : "lost the broker, connecting anew");
  if (many) losses.clear();
}

void MqttWs::Impl::run() {
  while (!stop) {
    if (!open_link()) continue;
    say(LogLevel::kInfo, "connected to " + public_uri(config.uri));
    run_session();
    if (stop) {
      say_goodbye();
    } else {
      note_loss();
      link.reset();
      back_off("the connection to " + public_uri(config.uri) + " was lost", false,
               config.backoff_max_s);
    }
  }
  link.reset();
}

void MqttWs::Impl::run_session() {
  last_id = 0;
  last_ack = Clock::now();
  sent.clear();
  publisher->begin(*link, qos);
  context.board->good(qos == 0 && config.qos > 0 ? "connected (QoS 0)" : "connected");
  std::uint64_t seen = 0;
  while (!stop && link->alive()) {
    publish_records();
    publish_events();
    collect_acks();
    publisher->keep_house();
    if (link->in_flight() == 0) {
      last_ack = Clock::now();
      seen = context.outbox->wait_for_commit(seen, kIdleWait_s);
    } else if (Clock::now() - last_ack > seconds(config.stall_s)) {
      say(LogLevel::kWarning, "the broker acknowledges nothing");
      break;
    } else {
      nudge();
      link->wait(kAckWait_s);
    }
  }
  if (!stop) publisher->end();
}

// The library's sender now and then sleeps a second beside a message that has come (a signal sent
// before it waits is lost); the next message wakes it. Seen as 1.0 s on an idle broker.
void MqttWs::Impl::nudge() {
  constexpr double kFloor_s = 0.04, kTimes = 3, kApart_s = 0.5;
  const Clock::time_point now = Clock::now();
  if (sent.empty() || now - last_nudge < seconds(kApart_s)) return;
  if (now - sent.begin()->second.at < seconds(kFloor_s + kTimes * usual_ack_s)) return;
  last_nudge = now;
  publisher->publish_health();
}

void MqttWs::Impl::publish_records() {
  const std::size_t busy = link->in_flight();
  if (busy >= kWindow || !context.hooks.clock_good()) return;
  const int room = static_cast<int>(kWindow - busy);
  for (const StoredRecord& record : context.outbox->waiting_after(context.index, last_id, room)) {
    if (!link->alive()) return;
    publisher->publish_record(record);
    last_id = record.meta.id;
    sent[last_id] = {Clock::now(), record.meta.received};
  }
}

void MqttWs::Impl::publish_events() {
  std::deque<LogEvent> fresh;
  {
    const std::lock_guard lock(mutex);
    fresh.swap(events);
  }
  for (const LogEvent& event : fresh) publisher->publish_log(event);
}

void MqttWs::Impl::collect_acks() {
  const std::vector<MqttDone> done = link->collect();
  settle(done);
  // What failed still waits in the outbox: a new session takes it again.
  if (std::any_of(done.begin(), done.end(), [](const MqttDone& d) { return !d.ok; })) {
    link->disconnect();
  }
}

void MqttWs::Impl::settle(const std::vector<MqttDone>& done) {
  constexpr double kMsPerSecond = 1000, kNewWeight = 0.1;
  std::vector<Settlement> ends;
  const UtcMillis now = context.hooks.now();
  for (const MqttDone& d : done) {
    const auto found = d.tag == kNoRecord ? sent.end() : sent.find(d.tag);
    if (found == sent.end()) continue;
    if (d.ok) {
      const std::chrono::duration<double> ack = Clock::now() - found->second.at;
      usual_ack_s += kNewWeight * (ack.count() - usual_ack_s);
      ends.push_back({d.tag, kDelivered, "", false});
      context.board->delivered(static_cast<double>(now.ms - found->second.received.ms) /
                               kMsPerSecond);
    }
    sent.erase(found);
  }
  if (!ends.empty()) {
    last_ack = Clock::now();
    failures = 0;
    context.board->success();
  }
  uncommitted += ends.size();
  context.outbox->settle(context.index, std::move(ends));
  // After a kill these come again: no more than about two windows.
  constexpr double kPatience_s = 1;
  if (uncommitted < kWindow) return;
  (void)context.outbox->flush(kPatience_s);
  uncommitted = 0;
}

void MqttWs::Impl::say_goodbye() {
  constexpr double kPatience_s = 2;
  publisher->publish_offline();
  const Clock::time_point end = Clock::now() + seconds(kPatience_s);
  while (link->alive() && link->in_flight() > 0 && Clock::now() < end) {
    link->wait(kAckWait_s);
    collect_acks();
  }
  link->disconnect();
}

MqttWs::MqttWs(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<MqttWs>> MqttWs::create(MqttConfig config, OutputContext context) {
  const std::string section = "[mqtt:" + config.name + "] ";
  constexpr std::array<const char*, 4> kSchemes = {"mqtt://", "mqtts://", "ws://", "wss://"};
  const bool known = std::any_of(kSchemes.begin(), kSchemes.end(), [&config](const char* scheme) {
    return config.uri.rfind(scheme, 0) == 0;
  });
  if (!known) {
    return Error{section + "uri is not a broker's address: " + public_uri(config.uri),
                 "begin it with mqtt://, mqtts://, ws:// or wss://"};
  }
  if (config.uri.find('@') != std::string::npos) {
    return Error{section + "uri holds a login", "set user and password instead"};
  }
  if (!config.ca_file.empty() && !std::filesystem::is_regular_file(config.ca_file)) {
    return Error{section + "cannot read the certificate file " + config.ca_file, "check ca_file"};
  }
  auto impl = std::make_unique<Impl>();
  config.qos = std::clamp(config.qos, 0, 1);
  impl->config = std::move(config);
  impl->context = std::move(context);
  impl->publisher = std::make_unique<MqttPublisher>(impl->config, impl->context);
  return std::unique_ptr<MqttWs>(new MqttWs(std::move(impl)));
}

void MqttWs::note(const LogEvent& event) {
  constexpr std::size_t kKept = 200;  // while there is no broker
  const std::lock_guard lock(impl_->mutex);
  impl_->events.push_back(event);
  if (impl_->events.size() > kKept) impl_->events.pop_front();
}

void MqttWs::start() {
  Impl* impl = impl_.get();
  impl->thread = std::thread([impl] { impl->run(); });
}

void MqttWs::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

MqttWs::~MqttWs() { stop(); }

}  // namespace omnisonde::uploader
