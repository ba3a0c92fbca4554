#include "gateway/orbit_fetch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "decoders/geo/orbit_files.hpp"
#include "gateway/base/system_clock.hpp"
#include "uploader/gzip.hpp"
#include "uploader/http.hpp"
#include "uploader/record.hpp"

namespace omnisonde {
namespace {

using namespace std::chrono_literals;

// All systems' broadcast ephemeris, written on during the day; no login. Source: BKG GNSS Data
// Center, IGS/BRDC.
constexpr const char* kPublicServer =
    "https://igs.bkg.bund.de/root_ftp/IGS/BRDC/%Y/%j/BRDC00WRD_S_%Y%j0000_01D_MN.rnx.gz";
constexpr std::int64_t kDayBefore_ms = 3 * 3'600'000;
constexpr std::size_t kLargest_bytes = 100'000'000;
constexpr auto kStaysWanted = 1h;

bool is_url(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

std::string minutes(std::chrono::steady_clock::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(time).count()) + " min";
}

// In one piece: whoever reads the file finds the old or the new one.
Expected<void> write_whole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  file << text;
  file.close();
  std::error_code fault;
  if (file) std::filesystem::rename(part, path, fault);
  if (!file || fault) return Error{"cannot write " + path, "check [storage] path and its space"};
  return {};
}

}  // namespace

bool is_orbit_address(std::string_view setting) { return setting == "fetch" || is_url(setting); }

std::string orbit_url(const std::string& pattern, UtcMillis now) {
  const CivilTime t = to_civil({now.ms - kDayBefore_ms});
  const std::int64_t day =
      days_from_civil(t.year, t.month, t.day) - days_from_civil(t.year, 1, 1) + 1;
  std::string out = pattern == "fetch" ? kPublicServer : pattern;
  const auto fill = [&out](const char* mark, int width, std::int64_t value) {
    char text[24];
    (void)std::snprintf(text, sizeof text, "%0*lld", width, static_cast<long long>(value));
    for (std::size_t at = 0; (at = out.find(mark, at)) != std::string::npos;)
      out.replace(at, 2, text);
  };
  fill("%Y", 4, t.year);
  fill("%j", 3, day);
  return out;
}

OrbitFetch::OrbitFetch(Options options, Log& log)
    : options_(std::move(options)), log_(log), retry_s_(options_.first_retry_s) {
  std::error_code none;
  const auto written = std::filesystem::last_write_time(options_.file, none);
  if (!none) {
    const auto age = std::filesystem::file_time_type::clock::now() - written;
    if (age >= 0s && std::chrono::duration<double>(age).count() < options_.fresh_s)
      fetched_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(age);
  }
  thread_ = std::thread([this] { run(); });
}

OrbitFetch::~OrbitFetch() {
  stop_ = true;
  wake_.notify_all();
  thread_.join();
}

void OrbitFetch::want() {
  const std::scoped_lock lock(mutex_);
  wanted_ = Clock::now();
  wake_.notify_all();
}

bool OrbitFetch::due(Clock::time_point now) const {
  if (!wanted_ || now - *wanted_ > kStaysWanted) return false;
  if (retry_ && now < *retry_) return false;
  return !fetched_ || std::chrono::duration<double>(now - *fetched_).count() >= options_.fresh_s;
}

void OrbitFetch::run() {
  while (!stop_) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, 1s, [this] { return stop_ || due(Clock::now()); });
      if (stop_ || !due(Clock::now())) continue;
    }
    const auto done = fetch();
    if (done) {
      log_.info("GPS orbits fetched");
    } else if (!stop_) {
      log_.warning("[decode] gps_ephemeris: " + done.error().line());
    }
  }
}

Expected<std::string> OrbitFetch::download() {
  auto client = uploader::HttpClient::create(
      {.ca_file = options_.ca_file,
       .user_agent = std::string(uploader::software_name()) + "/" + uploader::software_version(),
       .request_timeout_s = 120},
      stop_);
  if (!client) return client.error();
  const UtcMillis now = system_now();
  const std::string url = orbit_url(options_.address, now);
  uploader::HttpAnswer answer = (*client)->request("GET", url, {}, "");
  if (!answer.fault.empty()) return Error{"cannot fetch " + url + ": " + answer.fault, ""};
  if (answer.status != 200)
    return Error{url + " answered with status " + std::to_string(answer.status), ""};
  if (answer.body.starts_with("\x1F\x8B")) {
    auto text = uploader::gunzip(answer.body, kLargest_bytes);
    if (!text) return Error{url + " is damaged or too large", ""};
    answer.body = std::move(*text);
  }
  const auto orbits = geo::parse_orbits(answer.body, now);
  if (!orbits) return Error{url + ": " + orbits.error().what, orbits.error().remedy};
  return std::move(answer.body);
}

Expected<void> OrbitFetch::fetch() {
  auto text = download();
  Expected<void> done;
  if (!text) {
    done = text.error();
  } else {
    done = write_whole(options_.file, *text);
  }
  const std::scoped_lock lock(mutex_);
  if (done) {
    fetched_ = Clock::now();
    retry_.reset();
    retry_s_ = options_.first_retry_s;
    fault_.clear();
    return done;
  }
  retry_ = Clock::now() + std::chrono::milliseconds(std::llround(1000 * retry_s_));
  retry_s_ = std::min(2 * retry_s_, options_.last_retry_s);
  fault_ = done.error().what;
  return done;
}

std::string OrbitFetch::state() const {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  if (!fault_.empty()) {
    const auto left = retry_ ? std::max(*retry_ - now, Clock::duration::zero()) : 0s;
    return "waiting " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(left).count()) +
           " s: " + fault_;
  }
  if (fetched_) return "fetched " + minutes(now - *fetched_) + " ago";
  return wanted_ ? "fetching" : "not needed";
}

bool OrbitFetch::failing() const {
  const std::scoped_lock lock(mutex_);
  return !fault_.empty();
}

}  // namespace omnisonde
