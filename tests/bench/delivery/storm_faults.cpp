#include "tests/bench/delivery/storm_faults.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace omnisonde::testing {
namespace {

void sleep_s(double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); }

constexpr int kTries = 40;
constexpr double kRetry_s = 0.5;
// Below the range that the system hands out to connections.
constexpr int kFirstPort = 20'000, kPorts = 10'000;

void give_up(const std::string& words) {
  std::fprintf(stderr, "%s\n", words.c_str());
  std::exit(1);
}

}  // namespace

Surroundings::Surroundings(std::string folder, const Flights& flights, double rate,
                           std::function<void(const nlohmann::ordered_json&)> at_hub)
    : folder_(std::move(folder)), flights_(flights), rate_(rate), at_hub_(std::move(at_hub)) {}

void Surroundings::start_hub(const char* certificates) {
  if (hub_) requests_ += hub_->stats().telemetry_requests;
  hub_.reset();
  HubStandinOptions options;
  options.port = hub_port_;
  options.cert_folder = folder_ + "/" + certificates;
  options.on_stored = [this](const nlohmann::ordered_json& record, std::uint64_t) {
    at_hub_(record);
  };
  // While nobody listened another program may have taken the port for a moment.
  for (int attempt = 0; attempt < kTries; ++attempt) {
    auto started = HubStandin::start(options);
    if (started) {
      hub_ = std::move(*started);
      return;
    }
    sleep_s(kRetry_s);
  }
  give_up("the stand-in cannot listen on port " + std::to_string(hub_port_));
}

void Surroundings::restart_broker() {
  broker_->end();
  sleep_s(kRetry_s);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (broker_->resume()) return;
    sleep_s(kRetry_s);
  }
  give_up("mosquitto does not start again");
}

std::optional<std::string> Surroundings::start() {
  if (!Mosquitto::installed()) return "mosquitto is not installed";
  std::filesystem::create_directories(folder_ + "/faults");
  std::filesystem::create_directories(folder_ + "/gateway");
  hub_port_ = static_cast<std::uint16_t>(kFirstPort + ::getpid() % kPorts);
  start_hub("hub");
  hub_ca_ = hub_->ca_file();
  hub_url_ = hub_->url();
  MosquittoOptions options;
  options.folder = folder_ + "/broker";
  options.keeps = true;
  auto started = Mosquitto::start(options);
  if (!started) return started.error().line();
  broker_ = std::move(*started);
  return std::nullopt;
}

void Surroundings::start_gateway() {
  gateway_.reset();
  gateway_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{
          OMNISONDE_FEEDER, "--sondes", std::to_string(flights_.sondes), "--frames",
          std::to_string(flights_.frames), "--begin-ms", std::to_string(flights_.begin.ms),
          "--state", folder_ + "/gateway/state", "--hub", hub_url_, "--ca", hub_ca_, "--broker",
          broker_->ws_uri(), "--progress", folder_ + "/progress", "--rate", std::to_string(rate_)},
      std::vector<std::string>{"LD_PRELOAD=" OMNISONDE_FAULT_SHIM,
                               "OMNISONDE_FAULT_DIR=" + folder_ + "/faults"},
      folder_ + "/gateway");
}

void Surroundings::for_a_while(const char* file, double seconds) {
  const std::string path = folder_ + "/faults/" + file;
  { std::ofstream(path) << "now\n"; }
  sleep_s(seconds);
  std::filesystem::remove(path);
}

void Surroundings::inflict(Fault fault) {
  using Kind = HubFault::Kind;
  switch (fault) {
    case Fault::kKill:
      gateway_->send(SIGKILL);
      (void)gateway_->wait(10);
      start_gateway();
      return;
    case Fault::kServerError:
      return hub_->add_fault({Kind::kStatus, 3, 500});
    case Fault::kTooMany:
      return hub_->add_fault({Kind::kStatus, 1, 429, 1});
    case Fault::kResetBody:
      return hub_->add_fault({Kind::kResetBody, 2});
    case Fault::kHang:
      return hub_->add_fault({Kind::kHang, 1});
    case Fault::kBadTls:
      start_hub("stranger");
      sleep_s(1);
      return start_hub("hub");
    case Fault::kNoDns:
      start_hub("hub");  // ends the connection that is there
      return for_a_while("dns", 1.5);
    case Fault::kBrokerRestart:
      return restart_broker();
    case Fault::kBrokerFreeze:
      broker_->freeze();
      sleep_s(1.5);
      return broker_->thaw();
    case Fault::kDiskFull:
      return for_a_while("disk_full", 1.5);
  }
}

}  // namespace omnisonde::testing
