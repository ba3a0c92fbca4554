#include "tests/e2e/rig.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace omnisonde::testing {
namespace {

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_object()) out.push_back(std::move(json));  // the last line may be half written
  }
  return out;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "omnisonde-e2e-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool eventually(double timeout_s, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

Subscriber::Subscriber(const std::string& uri, const std::string& root)
    : prefix_(root + "/E2E-1/"), client_(uri, "subscriber-" + root) {
  client_.set_message_callback([this](const mqtt::const_message_ptr& m) {
    const std::scoped_lock lock(mutex_);
    messages_.emplace_back(m->get_topic(), m->to_string());
  });
  client_.connect()->wait();
  client_.subscribe(prefix_ + "#", 1)->wait();
}

std::vector<Json> Subscriber::records() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Json> out;
  for (const auto& [topic, payload] : messages_) {
    const bool record =
        topic.starts_with(prefix_ + "telemetry/") || topic.starts_with(prefix_ + "backfill/");
    if (record) out.push_back(Json::parse(payload, nullptr, false));
  }
  return out;
}

std::vector<std::string> Subscriber::states() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [topic, payload] : messages_) {
    if (topic != prefix_ + "status") continue;
    const Json json = Json::parse(payload, nullptr, false);
    out.push_back(json.is_object() ? json.value("state", "") : "");
  }
  return out;
}

std::string Subscriber::last_state() const {
  const auto all = states();
  return all.empty() ? "" : all.back();
}

HttpReply http_get(std::uint16_t port, const std::string& path) {
  HttpReply reply;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    std::array<char, 16384> chunk{};
    for (ssize_t n = 0; (n = ::recv(fd, chunk.data(), chunk.size(), 0)) > 0;) {
      answer.append(chunk.data(), static_cast<std::size_t>(n));
    }
    const std::size_t head = answer.find("\r\n\r\n");
    if (answer.starts_with("HTTP/1.1 ") && head != std::string::npos) {
      reply.status = std::atoi(answer.c_str() + std::string("HTTP/1.1 ").size());
      reply.body = answer.substr(head + 4);
    }
  }
  ::close(fd);
  return reply;
}

std::unique_ptr<ChildProcess> start_program(const std::vector<std::string>& arguments,
                                            const std::string& folder) {
  std::vector<std::string> words = {OMNISONDE_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return std::make_unique<ChildProcess>(
      words,
      std::vector<std::string>{"SOAPY_SDR_PLUGIN_PATH=" OMNISONDE_SOAPY_DIR,
                               "SOAPY_SDR_ROOT=/nonexistent"},
      folder);
}

Rig::Rig() {
  HubStandinOptions hub;
  hub.cert_folder = folder_.path() + "/hub-tls";
  auto standin = HubStandin::start(hub);
  if (standin) hub_ = std::move(standin).value();
  std::filesystem::create_directories(folder_.path() + "/broker");
  MosquittoOptions broker;
  broker.folder = folder_.path() + "/broker";
  auto mosquitto = Mosquitto::start(broker);
  if (mosquitto) broker_ = std::move(mosquitto).value();
}

void Rig::start_gateway(const GatewaySettings& settings) {
  const std::string run = folder_.path() + "/run" + std::to_string(++runs_);
  std::filesystem::create_directories(run);
  const std::string scenario = run + "/scenario.ini", config = run + "/omnisonde.ini";
  write_file(scenario,
             "[stream]\nsample_rate_hz = 480000\ncenter_mhz = 403.0\n"
             "[station]\nlatitude_deg = 52.21\nlongitude_deg = 14.12\n" +
                 settings.scenario);
  port_ = free_port();
  std::ostringstream text;
  text << "[station]\ncallsign = E2E-1\nlatitude_deg = 52.21\nlongitude_deg = 14.12\n"
       << "altitude_m = 60\n"
       << "[sdr:air]\ndriver = sondesim\nsoapy_args = scenario=" << scenario
       << ",truth=" << folder_.path() << "/truth.jsonl" << (settings.device_args.empty() ? "" : ",")
       << settings.device_args << "\n"
       << "sample_rate_hz = 480000\ncenter_mhz = 403.0\n"
       << "[band]\nmin_mhz = 402.77\nmax_mhz = 403.23\n"
       << "[sondehub]\nurl = " << hub_->url() << "\nca_file = " << hub_->ca_file()
       << "\nbatch_interval_s = 1\n"
       << "[mqtt:ws]\nurl = " << broker_->ws_uri() << "\nroot = ws\n"
       << "[mqtt:wss]\nurl = " << broker_->wss_uri() << "\nca_file = " << broker_->ca_file()
       << "\nroot = wss\n"
       << "[storage]\npath = " << folder_.path() << "/state\n"
       << "[web]\nlisten = 127.0.0.1:" << port_ << "\n"
       << settings.extra_config;
  write_file(config, text.str());
  gateway_.reset();
  gateway_ = start_program({"run", "--config", config}, run);
}

std::vector<Json> Rig::hub_records() const {
  std::vector<Json> out;
  for (const std::string& text : hub_->records()) {
    out.push_back(Json::parse(text));
    for (const char* added : {"_thinned", "position", "user-agent"}) out.back().erase(added);
  }
  return out;
}

std::vector<Json> Rig::truth() const {
  return json_lines(text_of_file(folder_.path() + "/truth.jsonl"));
}

bool Rig::air_is_silent(std::size_t records, double timeout_s) const {
  using Clock = std::chrono::steady_clock;
  std::size_t sent = 0;
  auto since = Clock::now();
  return eventually(timeout_s, [&] {
    const std::size_t now_sent = truth().size();
    if (now_sent != sent) since = Clock::now();
    sent = now_sent;
    return sent >= records && Clock::now() - since > std::chrono::seconds(3);
  });
}

Json Rig::status() const { return Json::parse(get("/api/v1/status").body, nullptr, false); }

std::map<std::string, double> Rig::metrics() const {
  std::map<std::string, double> out;
  std::istringstream in(get("/metrics").body);
  for (std::string line; std::getline(in, line);) {
    const std::size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    out[line.substr(0, space)] = std::atof(line.c_str() + space);
  }
  return out;
}

}  // namespace omnisonde::testing
