// A steady stream of records to the hub and a broker, with the defaults of a gateway, and if asked
// on top of millions that wait for a broker that is dead.
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "tests/bench/delivery/load.hpp"
#include "tests/e2e/child_process.hpp"
#include "tests/support/ports.hpp"

namespace omnisonde::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kCpuAllowed = 0.2;

// Written past the uploader: handing millions over one by one would take longer than the test.
bool fill(const std::string& file, std::uint64_t records) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) return false;
  const std::string n = std::to_string(records);
  const std::string now_ms = std::to_string(system_now().ms);
  const std::string sql =
      "PRAGMA synchronous=OFF; BEGIN; WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM c"
      " WHERE n<" +
      n +
      "-1) INSERT INTO record(serial, frame, datetime_ms, type, received_ms,"
      " queued_ms, altitude_m, body) SELECT 'T'||(1000000+n/10000), n%10000, " +
      now_ms + "-36000000+1000*(n%10000), 'RS41', " + now_ms + "-36000000, " + now_ms +
      "-36000000, 9000, printf('{\"n\":%d,\"fill\":\"%.*c\"}', n, 640, 'x') FROM c;"
      "INSERT INTO pending(output, record) SELECT (SELECT id FROM output WHERE name='mqtt:dead'),"
      " id FROM record; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);";
  char* error = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
  if (code != SQLITE_OK) std::fprintf(stderr, "%s\n", error);
  sqlite3_close(db);
  return code == SQLITE_OK;
}

void feed(uploader::Uploader& uploader, Flights& flights, double rate, double seconds,
          std::uint32_t& frame) {
  const auto begin = Clock::now();
  const auto rounds = static_cast<std::uint32_t>(seconds);
  for (std::uint32_t r = 0; r < rounds; ++r, ++frame) {
    for (std::uint32_t s = 0; s < flights.sondes; ++s) {
      const auto due = begin + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(r + s / rate));
      std::this_thread::sleep_until(due);
      uploader.accept(flight_record(flights, s, frame, system_now()));
    }
  }
}

}  // namespace

int run_throughput(const LoadArguments& a) {
  const auto broker = start_broker(a);
  const std::uint16_t port = free_port();
  const ChildProcess hub({OMNISONDE_STANDIN, "--port", std::to_string(port), "--cert-dir",
                          a.folder + "/hub", "--forget"},
                         {}, a.folder);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  auto config = base_config(a);
  config.sondehub.url = "https://localhost:" + std::to_string(port);
  config.sondehub.ca_file = a.folder + "/hub/ca.pem";
  config.mqtt[0].uri = broker->ws_uri();
  if (a.waiting > 0) {
    config.mqtt.push_back(config.mqtt[0]);
    config.mqtt[1].name = "dead";
    config.mqtt[1].uri = "ws://localhost:1";
    start_uploader(config)->stop();  // makes the tables
    if (!fill(config.storage.path + "/outbox.sqlite3", a.waiting)) return 1;
    std::printf("%llu records wait for a dead broker\n",
                static_cast<unsigned long long>(a.waiting));
  }
  const auto opening = Clock::now();
  const auto uploader = start_uploader(config);
  std::printf("opened in %.1f s\n", std::chrono::duration<double>(Clock::now() - opening).count());
  Flights flights{static_cast<std::uint32_t>(a.rate), 1'000'000, {system_now().ms - 1000}};
  std::uint32_t frame = 0;
  constexpr double kWarmUp_s = 20;
  feed(*uploader, flights, a.rate, kWarmUp_s, frame);
  const double cpu = cpu_s(), written = written_mb();
  const auto begin = Clock::now();
  feed(*uploader, flights, a.rate, a.seconds, frame);
  const double took_s = std::chrono::duration<double>(Clock::now() - begin).count();
  const double share = (cpu_s() - cpu) / took_s;
  std::printf("%.0f records/s for %.0f s: %.1f %% of a core, %.2f MB/s to storage\n", a.rate,
              took_s, 100 * share, (written_mb() - written) / took_s);
  constexpr int kSettle_s = 25;
  std::this_thread::sleep_for(std::chrono::seconds(kSettle_s));
  bool done = true;
  for (const auto& o : uploader->status().outputs) {
    std::printf("%-10s delivered %llu, wait %llu\n", o.name.c_str(),
                static_cast<unsigned long long>(o.delivered),
                static_cast<unsigned long long>(o.waiting));
    done = done && (o.waiting == 0 || o.name == "mqtt:dead");
  }
  return done && share < kCpuAllowed ? 0 : 1;
}

}  // namespace omnisonde::testing
