#include "gateway/run_command.hpp"

#include <pthread.h>
#include <systemd/sd-daemon.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "gateway/band_watch.hpp"
#include "gateway/base/system_clock.hpp"
#include "gateway/config.hpp"
#include "gateway/feeds_config.hpp"
#include "gateway/health_text.hpp"
#include "gateway/live_receiver.hpp"
#include "gateway/log.hpp"
#include "gateway/orbit_fetch.hpp"
#include "gateway/run_plan.hpp"
#include "gateway/run_status.hpp"
#include "gateway/station.hpp"
#include "gateway/type_list.hpp"
#include "gateway/web/web_server.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde {
namespace {

using namespace std::chrono_literals;

int fail(const Error& error, int status = 1) {
  std::cerr << "omnisonde: " << error.line() << '\n';
  return status;
}

uploader::Hooks uploader_hooks(Log& log, Station& station, const HealthSource& health) {
  uploader::Hooks hooks;
  hooks.log = [&log](uploader::LogLevel level, const std::string& text) {
    log.write(static_cast<LogSeverity>(level), text);
  };
  hooks.clock_good = [&station] { return station.clock_good(); };
  hooks.clock_jumped = [&station] { station.doubt_clock(); };
  hooks.health = [&health] { return health.text(); };
  return hooks;
}

// While it lives, outputs get the log's lines and the pipeline's counters.
class OutputNews {
 public:
  OutputNews(Log& log, HealthSource& health, const RunStatus& status, uploader::Uploader& uploader)
      : log_(log), health_(health) {
    health_.set([&status] { return health_text(status.status(false)); });
    log_.set_tap([&uploader](const LogLine& line) {
      // "sondehub: the hub answered 503": who says it stands first.
      const std::string component = line.text.substr(0, line.text.find_first_of(" :"));
      uploader.note({line.time, line.level, component, line.text});
    });
  }
  ~OutputNews() {
    log_.set_tap({});
    health_.set({});
  }
  OutputNews(const OutputNews&) = delete;
  OutputNews& operator=(const OutputNews&) = delete;

 private:
  Log& log_;
  HealthSource& health_;
};

Expected<std::unique_ptr<uploader::Feeds>> start_feeds(
    const Config& config, const uploader::StationConfig& station,
    std::function<void(const GeoPosition&)> moved, Log& log) {
  auto feeds = feeds_config(config, station);
  if (!feeds) return feeds.error();
  feeds->moved = std::move(moved);
  uploader::Hooks hooks;
  hooks.log = [&log](uploader::LogLevel level, const std::string& text) {
    log.write(static_cast<LogSeverity>(level), text);
  };
  return uploader::Feeds::start(*feeds, hooks);
}

std::vector<uploader::StageState> stage_states(const RunStatus& status) {
  std::vector<uploader::StageState> out;
  for (StageHealth& stage : status.status(false).health) {
    out.push_back({std::move(stage.stage), stage.ok, std::move(stage.reason)});
  }
  return out;
}

// Every thread started later inherits the mask: signals come to the main loop alone.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

bool stop_wanted(const sigset_t& signals, std::chrono::milliseconds time) {
  const timespec wait{.tv_sec = time.count() / 1000, .tv_nsec = time.count() % 1000 * 1'000'000};
  return sigtimedwait(&signals, nullptr, &wait) > 0;
}

using Receivers = std::vector<std::unique_ptr<LiveReceiver>>;

constexpr int kTicksPerRefresh = 4;  // of 500 ms: has the file of orbits changed?
constexpr int kTicksPerWatch = 10;   // stages every 5 s

/// GPS orbits for RS92: a file, and who fetches it where the settings say so.
struct Orbits {
  std::shared_ptr<OrbitShelf> shelf;  ///< null: none are asked for
  std::unique_ptr<OrbitFetch> fetch;
};

void refresh_orbits(const Orbits& orbits, Log& log) {
  if (!orbits.shelf) return;
  // One that is fetched comes when a sonde needs it.
  if (orbits.fetch && !std::filesystem::exists(orbits.shelf->path())) return;
  const auto fresh = orbits.shelf->refresh(system_now());
  if (!fresh) {
    log.warning("[decode] gps_ephemeris: " + fresh.error().line());
  } else if (*fresh) {
    log.info("GPS orbits read from " + orbits.shelf->path() + ": " +
             std::to_string(orbits.shelf->book()->size()) + " element sets");
  }
}

Expected<Orbits> open_orbits(const Config& config, Log& log) {
  Orbits orbits;
  const std::string& setting = config.decode.gps_ephemeris;
  if (setting.empty()) return orbits;
  std::string file = setting;
  if (is_orbit_address(setting)) {
    if (config.storage.path.empty())
      return Error{"[decode] gps_ephemeris = " + setting + " has no place for what it fetches",
                   "set [storage] path"};
    file = config.storage.path + "/gps_orbits.rnx";
    orbits.fetch = std::make_unique<OrbitFetch>(
        OrbitFetch::Options{.address = setting, .file = file, .ca_file = {}}, log);
  }
  orbits.shelf = std::make_shared<OrbitShelf>(file);
  refresh_orbits(orbits, log);  // a file that is not there may still come
  return orbits;
}

// One receiver that is there is enough to begin with; the others are opened when they come.
Expected<Receivers> start_receivers(const Config& config,
                                    const std::shared_ptr<const OrbitShelf>& orbits,
                                    BandWatch& band, Station& station, Log& log) {
  auto plans = live_plans(config);
  if (!plans) return plans.error();
  Receivers receivers;
  for (LivePlan& plan : *plans) {
    plan.band.orbits = orbits;
    receivers.push_back(std::make_unique<LiveReceiver>(std::move(plan), station, log));
  }
  const auto centres = band.begin(receivers);
  std::optional<Error> fault;
  bool any = false;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    const auto opened = receivers[i]->open(centres[i]);
    any = any || opened;
    if (opened || fault) continue;
    fault = Error{"[sdr:" + config.sdr[i].name + "] " + opened.error().what, opened.error().remedy};
  }
  if (!any && fault) return *fault;
  for (const auto& receiver : receivers) receiver->start();
  return receivers;
}

// The watchdog is fed only while every dsp thread turns; a dead dongle is not its business.
void main_loop(const sigset_t& signals, const Receivers& receivers, const Orbits& orbits,
               BandWatch& band, Station& station, Log& log,
               const std::function<void()>& watch_stages) {
  int ticks = 0;
  std::vector<std::uint64_t> beats(receivers.size(), 0);
  while (!stop_wanted(signals, 500ms)) {
    station.tick();
    band.tick(receivers);
    ++ticks;
    if (ticks % kTicksPerRefresh == 0) {
      refresh_orbits(orbits, log);
      for (const auto& receiver : receivers) receiver->save();
    }
    if (ticks % kTicksPerWatch == 0) watch_stages();
    bool alive = true;
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      const std::uint64_t beat = receivers[i]->heartbeat();
      alive = alive && beat != beats[i];
      beats[i] = beat;
    }
    if (alive) sd_notify(0, "WATCHDOG=1");
  }
}

// Null when the settings want no page.
Expected<std::unique_ptr<web::WebServer>> start_page(const Config& config, const RunStatus& status,
                                                     Log& log) {
  if (!config.web.enabled) return std::unique_ptr<web::WebServer>{};
  auto server = web::WebServer::start(
      config.web, status.provider(), [&log](const std::string& line) { log.info("web: " + line); });
  if (!server) return server.error();
  log.info("status page on http://" + config.web.address + ":" + std::to_string((*server)->port()) +
           "/");
  return server;
}

// The place that gpsd tells goes to all that reckon with it.
std::function<void(const GeoPosition&)> mover(Station& station, uploader::Uploader& uploader,
                                              uploader::StationConfig there) {
  return [&station, &uploader, there](const GeoPosition& place) {
    station.set_position(place);
    uploader::StationConfig moved = there;
    moved.position = place;
    uploader.set_station(moved);
  };
}

int run(const Config& config, Log& log) {
  const sigset_t signals = block_stop_signals();
  Station station(config, log);

  const auto upload_config = uploader_config(config);
  if (!upload_config) return fail(upload_config.error(), kExitConfig);
  HealthSource health;
  auto uploader = uploader::Uploader::start(*upload_config, uploader_hooks(log, station, health));
  if (!uploader) return fail(uploader.error());

  auto orbits = open_orbits(config, log);
  if (!orbits) return fail(orbits.error(), kExitConfig);

  auto feeds = start_feeds(config, upload_config->station,
                           mover(station, **uploader, upload_config->station), log);
  if (!feeds) return fail(feeds.error(), kExitConfig);

  BandWatch band(planner_rules(config), log);
  RunStatus status(config, station, band, **uploader, **feeds, log);
  status.set_orbits(orbits->shelf.get(), orbits->fetch.get());
  const OutputNews news(log, health, status, **uploader);
  auto page = start_page(config, status, log);
  if (!page) return fail(page.error());
  const std::unique_ptr<web::WebServer> web = std::move(page).value();
  station.set_outlets({.upload =
                           [&](const Telemetry& record) {
                             (*uploader)->accept(record);
                             (*feeds)->accept(record);
                           },
                       .changed =
                           [&] {
                             if (web) web->notify();
                           },
                       .orbits_wanted =
                           [&] {
                             if (orbits->fetch) orbits->fetch->want();
                           }});

  auto receivers = start_receivers(config, orbits->shelf, band, station, log);
  if (!receivers) return fail(receivers.error());
  status.set_receivers(*receivers);
  log.info("running: " + std::to_string(receivers->size()) + " receiver(s), types " +
           all_type_names());
  sd_notify(0, "READY=1\nSTATUS=receiving");

  main_loop(signals, *receivers, *orbits, band, station, log,
            [&] { (*feeds)->watch(stage_states(status)); });

  sd_notify(0, "STOPPING=1");
  log.info("stopping");
  for (const auto& receiver : *receivers) {
    receiver->stop();  // from the source downwards
    receiver->save();
  }
  if (web) web->stop();
  (*feeds)->stop();
  (*uploader)->stop();  // the outbox commits last
  status.set_receivers({});
  return 0;
}

}  // namespace

int run_command(const RunOptions& options) {
  ConfigRequest request;
  request.path = options.config_path;
  request.overrides = options.overrides;
  for (const std::string_view name : sonde_type_names()) request.sonde_types.emplace_back(name);
  request.for_run = true;
  const auto config = load_config(request);
  if (!config) {
    std::cerr << config.error().what << '\n';
    return kExitConfig;
  }
  Log log(static_cast<LogSeverity>(config->log.level));
  for (const std::string& warning : config->warnings) log.warning(warning);
  return run(*config, log);
}

}  // namespace omnisonde
