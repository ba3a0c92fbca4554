#include "uploader/mqtt_ws.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "uploader/http.hpp"
#include "uploader/mqtt_link.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::size_t kWindow = 64;      // records in flight
constexpr std::int64_t kNoRecord = 0;    // tag of messages that are not records
constexpr std::size_t kLossesAlarm = 5;  // per minute
constexpr double kIdleWait_s = 0.25;
constexpr double kAckWait_s = 0.02;

Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

// Without the query, which may hold a token.
std::string public_uri(const std::string& uri) { return uri.substr(0, uri.find('?')); }

// The last record of a sonde, for latest/<serial>.
struct Latest {
  std::string body;
  UtcMillis datetime;
  Clock::time_point heard, published;
  bool due = false;
};

}  // namespace

std::string topic_level(const std::string& text) {
  std::string out = text.empty() ? "unnamed" : text;
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  return out;
}

struct MqttWs::Impl {
  MqttConfig config;
  OutputContext context;
  std::string base;  // "<root>/<station>/"
  std::string session, since;
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::thread thread;

  // Only the worker uses what follows.
  std::mt19937 random{std::random_device{}()};
  int qos = 1;
  bool said_qos0 = false;
  int failures = 0;
  std::string tls_detail;  // of the first failure in a row
  std::unique_ptr<MqttLink> link;
  std::map<std::string, Latest> latest;
  std::set<std::string> known_serials;
  std::deque<Clock::time_point> losses;
  std::uint64_t station_revision = 0;
  std::int64_t last_id = 0;
  Clock::time_point last_ack, next_health;

  void run();
  bool open_link();
  [[nodiscard]] std::string tls_words() const;
  void back_off(const std::string& words, bool loud);
  void run_session();
  void greet();
  void publish_records();
  void publish_record(const StoredRecord& record);
  void publish_latest(bool all);
  void collect_acks();
  void publish_station();
  void keep_house();
  void say_goodbye();
  void note_loss();
  void put(const std::string& topic, const std::string& payload, int level, bool retained,
           std::int64_t tag = kNoRecord) {
    link->publish(base + topic, payload, level, retained, tag);
  }
  [[nodiscard]] std::string status_text(const char* state) const;
  void say(LogLevel level, const std::string& text) const {
    context.hooks.log(level, "mqtt " + config.name + ": " + text);
  }
};

std::string MqttWs::Impl::status_text(const char* state) const {
  Json json = Json::object();
  json["state"] = state;
  json["since"] = since;
  json["software"] = software_name();
  json["version"] = software_version();
  json["session"] = session;
  return to_text(json);
}

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
  options.will_topic = base + "status";
  options.will_payload = status_text("lost");
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
  if (!stop) back_off("no connection to " + public_uri(config.uri) + ": " + fault.words, true);
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

void MqttWs::Impl::back_off(const std::string& words, bool loud) {
  constexpr int kMaxDoublings = 20;
  constexpr double kLeast = 0.75, kMost = 1.25;
  double wait_s = std::min(config.backoff_max_s,
                           std::ldexp(config.backoff_first_s, std::min(failures, kMaxDoublings)));
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
  for (std::string& serial : context.outbox->settled_serials(context.index)) {
    known_serials.insert(std::move(serial));
  }
  while (!stop) {
    if (!open_link()) continue;
    say(LogLevel::kInfo, "connected to " + public_uri(config.uri));
    run_session();
    if (stop) {
      say_goodbye();
    } else {
      note_loss();
      link.reset();
      back_off("the connection to " + public_uri(config.uri) + " was lost", false);
    }
  }
  link.reset();
}

// After every connect: the broker may have published the will, or have forgotten all it retained.
void MqttWs::Impl::greet() {
  put("status", status_text("online"), qos, true);
  publish_station();
  publish_latest(true);
  context.board->good(qos == 0 && config.qos > 0 ? "connected (QoS 0)" : "connected");
}

void MqttWs::Impl::run_session() {
  last_id = 0;
  last_ack = next_health = Clock::now();
  greet();
  std::uint64_t seen = 0;
  while (!stop && link->alive()) {
    publish_records();
    collect_acks();
    keep_house();
    if (link->in_flight() == 0) {
      last_ack = Clock::now();
      seen = context.outbox->wait_for_commit(seen, kIdleWait_s);
    } else if (Clock::now() - last_ack > seconds(config.stall_s)) {
      say(LogLevel::kWarning, "the broker acknowledges nothing");
      return;
    } else {
      link->wait(kAckWait_s);
    }
  }
}

void MqttWs::Impl::publish_records() {
  const std::size_t busy = link->in_flight();
  if (busy >= kWindow || !context.hooks.clock_good()) return;
  const int room = static_cast<int>(kWindow - busy);
  for (const StoredRecord& record : context.outbox->waiting_after(context.index, last_id, room)) {
    if (!link->alive()) return;
    publish_record(record);
    last_id = record.meta.id;
  }
}

void MqttWs::Impl::publish_record(const StoredRecord& record) {
  constexpr double kMsPerSecond = 1000;
  const RecordMeta& meta = record.meta;
  const std::string serial = topic_level(meta.serial);
  const double age_s =
      static_cast<double>(context.hooks.now().ms - meta.received.ms) / kMsPerSecond;
  const bool live = age_s <= config.live_age_s;
  // Late records go where live readers are not misled by them.
  put((live ? "telemetry/" : "backfill/") + serial, record.body, qos, false, meta.id);
  if (known_serials.insert(meta.serial).second) put("new/" + serial, record.body, qos, false);
  Latest& last = latest[serial];
  if (last.body.empty() || meta.datetime >= last.datetime) {
    last.body = record.body;
    last.datetime = meta.datetime;
    last.heard = Clock::now();
    last.due = true;
  }
}

void MqttWs::Impl::publish_latest(bool all) {
  const Clock::time_point now = Clock::now();
  for (auto& [serial, last] : latest) {
    const bool due = last.due && now - last.published >= seconds(config.latest_interval_s);
    if (!all && !due) continue;
    put("latest/" + serial, last.body, qos, true);
    last.published = now;
    last.due = false;
  }
}

void MqttWs::Impl::collect_acks() {
  std::vector<Settlement> ends;
  bool failed = false;
  for (const MqttDone& done : link->collect()) {
    failed = failed || !done.ok;
    if (done.ok && done.tag != kNoRecord) ends.push_back({done.tag, kDelivered, "", false});
  }
  if (!ends.empty()) {
    last_ack = Clock::now();
    failures = 0;
    context.board->success();
  }
  context.outbox->settle(context.index, std::move(ends));
  // What failed still waits in the outbox: a new session takes it again.
  if (failed) link->disconnect();
}

void MqttWs::Impl::publish_station() {
  station_revision = context.station->revision();
  Json json = station_record(context.station->get());
  json.erase("uploader_contact_email");  // for the hub's admins only
  put("station", to_text(json), qos, true);
}

void MqttWs::Impl::keep_house() {
  constexpr double kHour_s = 3600;
  const Clock::time_point now = Clock::now();
  if (context.station->revision() != station_revision) publish_station();
  publish_latest(false);
  std::erase_if(latest, [this, now](const auto& entry) {
    const bool old = now - entry.second.heard > seconds(config.latest_clear_h * kHour_s);
    if (old) put("latest/" + entry.first, "", qos, true);
    return old;
  });
  if (now >= next_health) {
    next_health = now + seconds(config.health_interval_s);
    put("health", context.hooks.health(), 0, false);
  }
}

void MqttWs::Impl::say_goodbye() {
  constexpr double kPatience_s = 2;
  put("status", status_text("offline"), qos, true);
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
  impl->base = config.root + "/" + topic_level(context.station->get().callsign) + "/";
  impl->since = to_iso8601(context.hooks.now());
  std::array<char, 16> session{};
  std::snprintf(session.data(), session.size(), "%08lx",
                static_cast<unsigned long>(std::random_device{}()));
  impl->session = session.data();
  impl->config = std::move(config);
  impl->context = std::move(context);
  return std::unique_ptr<MqttWs>(new MqttWs(std::move(impl)));
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
