// hub_standin: a local SondeHub for demonstrations and end-to-end tests.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/hub_standin.hpp"

namespace {

int run(int argc, char** argv) {
  using omnisonde::testing::HubStandin;
  omnisonde::testing::HubStandinOptions options;
  options.cert_folder = (std::filesystem::temp_directory_path() / "omnisonde-hub-standin").string();
  bool plain = false, forget = false;
  std::vector<std::string> faults;
  CLI::App app{"A local stand-in for SondeHub that enforces its rules"};
  app.add_option("--port", options.port, "port on localhost; 0 takes any free one");
  app.add_option("--cert-dir", options.cert_folder, "folder of the private authority (ca.pem)");
  app.add_option("--store", options.store_file, "append every accepted record as a JSON line");
  app.add_option("--poison", options.poison, "a serial that spoils each batch it is in (400)");
  app.add_flag("--http", plain, "without TLS");
  app.add_flag("--forget", forget, "keep no records, for long runs");
  app.add_option("--fault", faults,
                 "STATUS[:TIMES[:RETRY_AFTER_S]] or reset, reset-stored, hang, cut, garbage, "
                 "reject-first, each with [:TIMES]; for the next telemetry requests");
  CLI11_PARSE(app, argc, argv);
  options.tls = !plain;
  if (forget) options.on_stored = [](const nlohmann::ordered_json&, std::uint64_t) {};

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto started = HubStandin::start(options);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().line().c_str());
    return 1;
  }
  HubStandin& hub = **started;
  for (const std::string& text : faults) {
    const auto fault = omnisonde::testing::parse_hub_fault(text);
    if (!fault) {
      std::fprintf(stderr, "%s\n", fault.error().line().c_str());
      return 1;
    }
    hub.add_fault(*fault);
  }
  std::printf("hub stand-in: %s ca=%s\n", hub.url().c_str(), hub.ca_file().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  hub.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "hub_standin: %s\n", fault.what());
    return 1;
  }
}
