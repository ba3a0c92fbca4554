// What an MQTT output does for a station beyond telemetry: a broker that stalls, several brokers,
// several gateways on one broker, SondeHub's own topics, Home Assistant, log lines as messages.
#include <gtest/gtest.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "gateway/base/system_clock.hpp"
#include "tests/support/mosquitto_fixture.hpp"
#include "tests/uploader/sample.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::Mosquitto;
using testing::eventually;
using testing::rs41;
using testing::TempFolder;
using Json = nlohmann::json;

// All messages of a broker, in order.
class Listener {
 public:
  Listener(const std::string& uri, const std::string& id) : client_(uri, id) {
    client_.set_message_callback([this](const mqtt::const_message_ptr& m) {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(m->get_topic(), m->to_string());
    });
    client_.connect()->wait();
    client_.subscribe("#", 1)->wait();
  }
  [[nodiscard]] std::vector<std::string> payloads(const std::string& topic) const {
    std::vector<std::string> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, payload] : messages_) {
      if (name == topic) out.push_back(payload);
    }
    return out;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> all() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> messages_;
  mqtt::async_client client_;
};

class MqttStation : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
    broker_ = start_broker("one");
  }
  [[nodiscard]] std::unique_ptr<Mosquitto> start_broker(const std::string& name) const {
    omnisonde::testing::MosquittoOptions options;
    options.folder = folder_.path() + "/" + name;
    auto started = Mosquitto::start(options);
    if (!started) ADD_FAILURE() << started.error().line();
    return started ? std::move(*started) : nullptr;
  }
  [[nodiscard]] Config config(const std::string& callsign = "DL1ABC") const {
    Config c;
    c.station = testing::station();
    c.station.callsign = callsign;
    c.storage.path = folder_.path() + "/state-" + callsign;
    c.storage.commit_interval_s = 0.02;
    c.sondehub.enabled = false;
    c.mqtt.resize(1);
    c.mqtt[0].uri = broker_->ws_uri();
    c.mqtt[0].backoff_first_s = 0.1;
    c.mqtt[0].backoff_max_s = 0.5;
    c.mqtt[0].connect_timeout_s = 2;
    return c;
  }
  [[nodiscard]] static std::unique_ptr<Uploader> start(const Config& c) {
    auto started = Uploader::start(c, {});
    if (!started) ADD_FAILURE() << started.error().line();
    return started ? std::move(*started) : nullptr;
  }
  static Telemetry record(std::uint32_t n) {
    return rs41(n, "S1234567", UtcMillis{system_now().ms - 2000});
  }

  TempFolder folder_;
  std::unique_ptr<Mosquitto> broker_;
};

TEST_F(MqttStation, ABrokerThatStallsIsNoticedAndLosesNothing) {
  Config c = config();
  c.mqtt[0].stall_s = 1;
  c.mqtt[0].keep_alive_s = 5;
  const auto uploader = start(c);
  uploader->accept(record(0));
  const auto output = [&] { return uploader->status().outputs.at(1); };
  ASSERT_TRUE(eventually([&] { return output().delivered == 1; }));
  broker_->freeze();
  for (std::uint32_t n = 1; n <= 20; ++n) uploader->accept(record(n));
  EXPECT_TRUE(eventually([&] { return !output().ok; }, 10)) << output().state;
  broker_->thaw();
  EXPECT_TRUE(eventually([&] { return output().ok && output().delivered == 21; }, 20))
      << output().state;
}

TEST_F(MqttStation, ADeadBrokerHoldsUpNoOther) {
  const auto second = start_broker("two");
  Config c = config();
  c.mqtt.resize(3, c.mqtt[0]);
  c.mqtt[0].name = "dead";
  c.mqtt[0].uri = "ws://localhost:1";
  c.mqtt[1].name = "one";
  c.mqtt[2].name = "two";
  c.mqtt[2].uri = second->mqtt_uri();
  const auto uploader = start(c);
  for (std::uint32_t n = 0; n < 30; ++n) uploader->accept(record(n));
  const auto delivered = [&](std::size_t i) { return uploader->status().outputs.at(i).delivered; };
  EXPECT_TRUE(eventually([&] { return delivered(2) == 30 && delivered(3) == 30; }));
  EXPECT_EQ(delivered(1), 0U);
  EXPECT_EQ(uploader->status().outputs.at(1).waiting, 30U);
}

// The library's own limit of 100 messages at once must not throw the connection away.
TEST_F(MqttStation, ManySondesAtOnceAreNoReasonToReconnect) {
  const Listener listener(broker_->mqtt_uri(), "listener");
  Config c = config();
  c.mqtt[0].latest_interval_s = 0.2;
  const auto uploader = start(c);
  constexpr int kSondes = 400;
  for (std::uint32_t n = 0; n < 3; ++n) {
    for (int s = 0; s < kSondes; ++s) {
      uploader->accept(
          rs41(n, "S" + std::to_string(1'000'000 + s), UtcMillis{system_now().ms - 5000}));
    }
  }
  EXPECT_TRUE(
      eventually([&] { return uploader->status().outputs.at(1).delivered == 3 * kSondes; }, 30));
  EXPECT_EQ(listener.payloads("gateway/DL1ABC/status").size(), 1U);
}

// The key of docs/uploader.md: equal serial, frame and datetime; of these the highest snr.
TEST_F(MqttStation, TwoGatewaysAreToldApartAndTheBestCopyIsFound) {
  const Listener listener(broker_->mqtt_uri(), "listener");
  const auto near = start(config("NEAR-1")), far = start(config("FAR-1"));
  constexpr std::uint32_t kFrames = 20;
  const UtcMillis begin{system_now().ms - 25'000};
  for (std::uint32_t n = 0; n < kFrames; ++n) {
    Telemetry t = rs41(n, "S1234567", begin);
    t.rx.snr_db = n % 2 == 0 ? 20.0F : 5.0F;
    near->accept(t);
    t.rx.snr_db = 10.0F;
    far->accept(t);
  }
  const auto copies = [&](const char* station) {
    return listener.payloads("gateway/" + std::string(station) + "/telemetry/S1234567");
  };
  ASSERT_TRUE(eventually(
      [&] { return copies("NEAR-1").size() == kFrames && copies("FAR-1").size() == kFrames; }));
  using Key = std::tuple<std::string, std::uint32_t, std::string>;
  std::map<Key, std::pair<double, std::string>> best;
  for (const char* station : {"NEAR-1", "FAR-1"}) {
    for (const std::string& text : copies(station)) {
      const Json r = Json::parse(text);
      EXPECT_EQ(r["uploader_callsign"], station);
      auto& place = best[{r["serial"], r["frame"], r["datetime"]}];
      if (r["snr"].get<double>() > place.first) place = {r["snr"], r["uploader_callsign"]};
    }
  }
  ASSERT_EQ(best.size(), kFrames);
  for (const auto& [key, copy] : best) {
    EXPECT_EQ(copy.second, std::get<1>(key) % 2 == 0 ? "NEAR-1" : "FAR-1");
  }
}

TEST_F(MqttStation, ReadersOfSondeHubFindItsTopics) {
  const Listener listener(broker_->mqtt_uri(), "listener");
  Config c = config();
  c.mqtt[0].mirror = true;
  const auto uploader = start(c);
  for (std::uint32_t n = 0; n < 3; ++n) uploader->accept(record(n));
  ASSERT_TRUE(eventually([&] { return listener.payloads("batch").size() == 1; }, 25));
  EXPECT_EQ(listener.payloads("sondes/S1234567").size(), 3U);
  EXPECT_EQ(listener.payloads("sondes-new/S1234567").size(), 1U);
  EXPECT_EQ(listener.payloads("listener/DL1ABC").size(), 1U);
  const Json batch = Json::parse(listener.payloads("batch")[0]);
  ASSERT_TRUE(batch.is_array());
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch[2]["frame"], 1002);
  EXPECT_EQ(Json::parse(listener.payloads("sondes/S1234567")[2]), batch[2]);
}

TEST_F(MqttStation, HomeAssistantIsToldWhatThereIs) {
  Config c = config();
  c.mqtt[0].home_assistant = true;
  const auto uploader = start(c);
  uploader->accept(record(0));
  ASSERT_TRUE(eventually([&] { return uploader->status().outputs.at(1).delivered == 1; }));
  const Listener late(broker_->mqtt_uri(), "late");  // all is retained
  const std::string tracker = "homeassistant/device_tracker/omnisonde_DL1ABC_S1234567/config";
  ASSERT_TRUE(eventually([&] { return !late.payloads(tracker).empty(); }));
  const Json json = Json::parse(late.payloads(tracker)[0]);
  EXPECT_EQ(json["json_attributes_topic"], "gateway/DL1ABC/latest/S1234567");
  EXPECT_EQ(json["device"]["identifiers"][0], "omnisonde_DL1ABC");
  EXPECT_EQ(late.payloads("homeassistant/sensor/omnisonde_DL1ABC_waiting/config").size(), 1U);
}

TEST_F(MqttStation, WithoutTheKeysNothingIsOutsideItsOwnTree) {
  const Listener listener(broker_->mqtt_uri(), "listener");
  const auto uploader = start(config());
  uploader->accept(record(0));
  ASSERT_TRUE(eventually([&] { return uploader->status().outputs.at(1).delivered == 1; }));
  for (const auto& [topic, payload] : listener.all()) {
    EXPECT_EQ(topic.rfind("gateway/DL1ABC/", 0), 0U) << topic;
  }
}

TEST_F(MqttStation, LogLinesAreMessages) {
  const Listener listener(broker_->mqtt_uri(), "listener");
  const auto uploader = start(config());
  uploader->note({{1'792'497'668'000}, "warning", "sondehub", "the hub answered 503"});
  const std::string topic = "gateway/DL1ABC/log/warning/sondehub";
  ASSERT_TRUE(eventually([&] { return listener.payloads(topic).size() == 1; }));
  const Json json = Json::parse(listener.payloads(topic)[0]);
  EXPECT_EQ(json["text"], "the hub answered 503");
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["time"], "2026-10-20T12:01:08.000Z");
}

}  // namespace
}  // namespace omnisonde::uploader
