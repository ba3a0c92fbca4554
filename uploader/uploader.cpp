#include "uploader/uploader.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "gateway/base/system_clock.hpp"
#include "uploader/clock_watch.hpp"
#include "uploader/hub_https.hpp"
#include "uploader/mqtt_ws.hpp"
#include "uploader/outbox.hpp"
#include "uploader/output.hpp"
#include "uploader/policy.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

constexpr std::size_t kMaxOutputs = 63;   // bits of NewRecord::outputs
constexpr std::size_t kMaxReasons = 100;  // distinct hold reasons that are counted apart
constexpr double kUnknownSnr_db = -1000;

std::string json_of(const UploadStatus& status) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["accepted"] = status.accepted;
  json["duplicates"] = status.duplicates;
  for (const ReasonCount& r : status.refused) json["refused"][r.key] = r.count;
  json["outbox"] = status.outbox_state;
  std::uint64_t waiting = 0;
  for (const OutputStatus& o : status.outputs) waiting += o.waiting;
  json["waiting"] = waiting;
  for (const OutputStatus& o : status.outputs) {
    nlohmann::ordered_json& out = json["outputs"][o.name];
    out["state"] = o.state;
    out["waiting"] = o.waiting;
    out["delivered"] = o.delivered;
    for (const ReasonCount& r : o.rejected) out["rejected"][r.key] = r.count;
  }
  return to_text(json);
}

}  // namespace

std::optional<std::string> callsign_fault(const std::string& callsign) {
  if (callsign.empty()) return "the callsign is not set ([station] callsign)";
  if (callsign.rfind("CHANGEME", 0) == 0 || callsign == "N0CALL") {
    return "the callsign " + callsign + " is a placeholder ([station] callsign)";
  }
  return std::nullopt;
}

// Outputs are destroyed before what they point to; threads end in `stop`.
struct Uploader::Impl {
  struct Slot {
    std::string name;
    std::unique_ptr<StateBoard> board = std::make_unique<StateBoard>();
    std::unique_ptr<Output> output;  // null: switched off, the board says why
  };
  Config config;
  Hooks lent;  // by the gateway; `hooks` calls them with our own judgement of the clock
  std::unique_ptr<ClockWatch> clock_watch;
  Hooks hooks;
  StationBox station{{}};
  std::unique_ptr<Outbox> outbox;
  std::vector<Slot> slots;
  std::atomic<bool> stopped{false};

  mutable std::mutex mutex;
  std::map<std::string, OutcomeCount> refused;  // guarded by mutex

  Expected<void> open();
  Expected<void> make_outputs();
  OutputContext context_of(std::size_t index);
  void count_refusal(const std::string& key, const std::string& words);
  [[nodiscard]] std::uint64_t outputs_for(const Telemetry& t);
  [[nodiscard]] UploadStatus status() const;
};

void Uploader::Impl::count_refusal(const std::string& key, const std::string& words) {
  const std::lock_guard lock(mutex);
  const bool room = refused.contains(key) || refused.size() < kMaxReasons;
  OutcomeCount& count = refused[room ? key : "other"];
  ++count.count;
  count.words = room ? words : "other reasons";
}

OutputContext Uploader::Impl::context_of(std::size_t index) {
  return {.outbox = outbox.get(),
          .index = index,
          .station = &station,
          .board = slots[index].board.get(),
          .hooks = hooks};
}

// Slot 0 is the hub, then the brokers in the order of the configuration.
Expected<void> Uploader::Impl::make_outputs() {
  if (!config.sondehub.enabled) {
    slots[0].board->good("off ([sondehub] enabled = no)");
  } else if (const auto fault = callsign_fault(config.station.callsign)) {
    slots[0].board->bad("no upload: " + *fault, std::nullopt);
    hooks.log(LogLevel::kWarning, "sondehub: no upload: " + *fault + "; decoding goes on");
  } else {
    auto hub = HubHttps::create(config.sondehub, context_of(0));
    if (!hub) return hub.error();
    slots[0].output = std::move(*hub);
  }
  for (std::size_t i = 0; i < config.mqtt.size(); ++i) {
    auto mqtt = MqttWs::create(config.mqtt[i], context_of(i + 1));
    if (!mqtt) return mqtt.error();
    slots[i + 1].output = std::move(*mqtt);
  }
  return {};
}

Expected<void> Uploader::Impl::open() {
  if (config.mqtt.size() >= kMaxOutputs) return Error{"too many [mqtt:*] sections", "use fewer"};
  slots.resize(config.mqtt.size() + 1);
  slots[0].name = "sondehub";
  for (std::size_t i = 0; i < config.mqtt.size(); ++i) {
    slots[i + 1].name = "mqtt:" + config.mqtt[i].name;
  }
  OutboxOptions options;
  options.storage = config.storage;
  for (const Slot& slot : slots) options.outputs.push_back(slot.name);
  options.now = hooks.now;
  options.clock_good = hooks.clock_good;
  options.log = hooks.log;
  auto opened = Outbox::open(std::move(options));
  if (!opened) return opened.error();
  outbox = std::move(*opened);
  if (auto made = make_outputs(); !made) return made;
  for (Slot& slot : slots) {
    if (slot.output) slot.output->start();
  }
  return {};
}

std::uint64_t Uploader::Impl::outputs_for(const Telemetry& t) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].output) mask |= std::uint64_t{1} << i;
  }
  const std::vector<std::string>& types = config.sondehub.upload_types;
  const bool wanted = types.empty() || std::find(types.begin(), types.end(), t.type) != types.end();
  return wanted ? mask : mask & ~std::uint64_t{1};
}

UploadStatus Uploader::Impl::status() const {
  const OutboxCounts counts = outbox->counts();
  UploadStatus out;
  out.accepted = counts.accepted;
  out.duplicates = counts.duplicates;
  out.outbox_state = counts.state;
  out.outbox_mb = counts.size_mb;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [key, count] : refused) out.refused.push_back({key, count.words, count.count});
  }
  if (counts.lost_in_memory > 0) {
    out.refused.push_back(
        {"disk_full", "the disk took nothing for too long", counts.lost_in_memory});
  }
  const auto now = StateBoard::Clock::now();
  const auto in_seconds = [](auto d) { return std::chrono::duration<double>(d).count(); };
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const StateBoard::View view = slots[i].board->view();
    OutputStatus o;
    o.name = slots[i].name;
    o.state = view.state;
    o.ok = view.ok;
    o.last_error = view.last_error;
    if (view.last_success) o.last_success_age_s = in_seconds(now - *view.last_success);
    if (view.retry_at) o.retry_in_s = std::max(0.0, in_seconds(*view.retry_at - now));
    o.latency = view.latency;
    o.refused_last.assign(view.refused.begin(), view.refused.end());
    o.waiting = counts.outputs[i].waiting;
    for (const auto& [key, count] : counts.outputs[i].outcomes) {
      if (key == kDelivered) {
        o.delivered = count.count;
      } else {
        o.rejected.push_back({key, count.words, count.count});
      }
    }
    out.outputs.push_back(std::move(o));
  }
  return out;
}

Uploader::Uploader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<Uploader>> Uploader::start(const Config& config, Hooks hooks) {
  auto impl = std::make_unique<Impl>();
  if (!hooks.log) hooks.log = [](LogLevel, const std::string&) {};
  if (!hooks.now) hooks.now = &system_now;
  if (!hooks.clock_good) hooks.clock_good = [] { return true; };
  Impl* self = impl.get();
  if (!hooks.health) hooks.health = [self] { return json_of(self->status()); };
  impl->config = config;
  impl->lent = std::move(hooks);
  impl->clock_watch = std::make_unique<ClockWatch>(impl->lent, config.storage.clock_hold_s);
  impl->hooks = impl->lent;
  impl->hooks.clock_good = [self] { return self->clock_watch->good(); };
  impl->station.set(config.station);
  std::unique_ptr<Uploader> uploader(new Uploader(std::move(impl)));
  if (const auto opened = self->open(); !opened) return opened.error();
  return uploader;
}

Uploader::~Uploader() { stop(); }

void Uploader::accept(const Telemetry& t) {
  const StationConfig station = impl_->station.get();
  const auto fault = refusal(t, station, impl_->hooks.now(), impl_->hooks.clock_good());
  if (fault) {
    impl_->count_refusal(fault->key, fault->words);
    return;
  }
  NewRecord record;
  record.serial = t.serial;
  record.type = t.type;
  record.frame = *t.frame_number;
  record.datetime = *t.datetime;
  record.received = t.rx.received;
  record.altitude_m = rounded(t.position->altitude_m, kMetreDecimals);
  record.snr_db = t.rx.snr_db ? static_cast<double>(*t.rx.snr_db) : kUnknownSnr_db;
  record.body = to_text(hub_record(t, station));
  record.outputs = impl_->outputs_for(t);
  impl_->outbox->add(std::move(record));
}

void Uploader::set_station(const StationConfig& station) { impl_->station.set(station); }

void Uploader::note(const LogEvent& event) {
  if (impl_->stopped) return;
  for (Impl::Slot& slot : impl_->slots) {
    if (slot.output) slot.output->note(event);
  }
}

UploadStatus Uploader::status() const { return impl_->status(); }

void Uploader::stop() {
  if (impl_->stopped.exchange(true)) return;
  if (!impl_->outbox) return;
  constexpr double kPatience_s = 2;
  impl_->outbox->flush(kPatience_s);
  for (Impl::Slot& slot : impl_->slots) {
    if (slot.output) slot.output->stop();
  }
  impl_->outbox->stop();
}

}  // namespace omnisonde::uploader
