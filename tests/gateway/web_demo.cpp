// web_demo [PORT]: the status page with invented flights, to look at and to work on the page.
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

#include "gateway/web/web_server.hpp"
#include "tests/gateway/web_sample.hpp"

namespace {
std::atomic<bool> g_ended = false;  // the one way to hear of a signal
}

int main(int argc, char** argv) {
  using namespace omnisonde;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };

  web::StatusProvider provider;
  provider.status = [&](bool with_paths) { return test::sample_status(elapsed_s(), with_paths); };
  provider.spectra = [&] {
    const auto version = static_cast<std::uint64_t>(elapsed_s() * 4) + 1;
    return std::vector{test::sample_spectrum(test::sample_status(elapsed_s(), false), version)};
  };
  WebConfig config;
  config.address = "127.0.0.1";
  config.port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8073);
  auto server = web::WebServer::start(config, provider,
                                      [](const std::string& line) { std::cerr << line << '\n'; });
  if (!server) {
    std::cerr << server.error().line() << '\n';
    return 1;
  }
  std::cout << "http://127.0.0.1:" << server.value()->port() << "/\n" << std::flush;
  (void)std::signal(SIGINT, [](int) { g_ended = true; });
  (void)std::signal(SIGTERM, [](int) { g_ended = true; });
  while (!g_ended) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server.value()->notify();
  }
  return 0;
}
