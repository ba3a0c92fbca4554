#include "tests/bench/delivery/storm_faults.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "tests/support/ports.hpp"

namespace omnisonde::testing {
namespace {

void sleep_s(double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); }

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
  auto started = HubStandin::start(std::move(options));
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().line().c_str());
    std::exit(1);
  }
  hub_ = std::move(*started);
}

std::optional<std::string> Surroundings::start() {
  if (!Mosquitto::installed()) return "mosquitto is not installed";
  std::filesystem::create_directories(folder_ + "/faults");
  std::filesystem::create_directories(folder_ + "/gateway");
  hub_port_ = free_port();
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
      broker_->end();
      sleep_s(0.5);
      if (auto again = broker_->resume(); !again) {
        std::fprintf(stderr, "%s\n", again.error().line().c_str());
        std::exit(1);
      }
      return;
    case Fault::kBrokerFreeze:
      broker_->freeze();
      sleep_s(1.5);
      return broker_->thaw();
    case Fault::kDiskFull:
      return for_a_while("disk_full", 1.5);
  }
}

}  // namespace omnisonde::testing
