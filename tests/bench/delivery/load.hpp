// What the modes of delivery_load share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/delivery/flights.hpp"
#include "tests/support/mosquitto_fixture.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::testing {

struct LoadArguments {
  std::string folder;  ///< of all files; gone at the end
  double seconds = 60;
  double rate = 500;
  std::uint64_t waiting = 0;
  bool plain_reader = false;  ///< latency: by plain MQTT in place of WebSocket
};

/// CPU time of this process so far.
[[nodiscard]] double cpu_s();
/// What this process has had written to storage so far.
[[nodiscard]] double written_mb();
/// @param share  0.99 for p99. @returns -1 without values.
[[nodiscard]] double percentile(std::vector<double> values, double share);

[[nodiscard]] omnisonde::uploader::Config base_config(const LoadArguments& a);
[[nodiscard]] std::unique_ptr<omnisonde::uploader::Uploader> start_uploader(
    const omnisonde::uploader::Config& config);
[[nodiscard]] std::unique_ptr<Mosquitto> start_broker(const LoadArguments& a);

/// Each prints its figures. @returns the program's status: 0 when they are within the issue's.
int run_throughput(const LoadArguments& a);
int run_latency(const LoadArguments& a);
int run_outage(const LoadArguments& a);

}  // namespace omnisonde::testing
