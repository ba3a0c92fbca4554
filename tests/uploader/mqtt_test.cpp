// The MQTT output against a real Mosquitto, read by a client of its own.
#include <gtest/gtest.h>
#include <mqtt/async_client.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/mosquitto_fixture.hpp"
#include "tests/uploader/sample.hpp"
#include "uploader/mqtt_publisher.hpp"
#include "uploader/mqtt_ws.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::Mosquitto;
using testing::eventually;
using testing::kNow;
using testing::rs41;
using testing::TempFolder;

// Collects all that is published under gateway/.
class Reader {
 public:
  explicit Reader(const std::string& uri, const std::string& user = "",
                  const std::string& password = "")
      : client_(uri, "reader-" + std::to_string(++count_)) {  // equal ids throw each other out
    client_.set_message_callback([this](const mqtt::const_message_ptr& m) {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(m->get_topic(), m->to_string());
      last_[m->get_topic()] = m->to_string();
    });
    mqtt::connect_options options;
    if (!user.empty()) options.set_user_name(user);
    if (!password.empty()) options.set_password(password);
    client_.connect(options)->wait();
    client_.subscribe("gateway/#", 1)->wait();
  }
  [[nodiscard]] std::string last(const std::string& topic) const {
    const std::lock_guard lock(mutex_);
    const auto found = last_.find(topic);
    return found == last_.end() ? "" : found->second;
  }
  [[nodiscard]] std::string state() const {
    const auto json = nlohmann::json::parse(last("gateway/DL1ABC/status"), nullptr, false);
    return json.is_object() ? json.value("state", "") : "";
  }
  [[nodiscard]] std::vector<int> frames(const std::string& topic) const {
    std::vector<int> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, payload] : messages_) {
      if (name == topic) out.push_back(nlohmann::json::parse(payload)["frame"].get<int>());
    }
    return out;
  }

 private:
  static inline int count_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> messages_;
  std::map<std::string, std::string> last_;
  mqtt::async_client client_;
};

class MqttWsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
    options_.folder = folder_.path() + "/broker";
    config_.station = testing::station();
    config_.storage.path = folder_.path() + "/state";
    config_.storage.commit_interval_s = 0.02;
    config_.sondehub.enabled = false;
    config_.mqtt.resize(1);
    config_.mqtt[0].name = "test";
    config_.mqtt[0].backoff_first_s = 0.1;
    config_.mqtt[0].backoff_max_s = 0.5;
    config_.mqtt[0].connect_timeout_s = 2;
    config_.mqtt[0].health_interval_s = 0.5;
    config_.mqtt[0].latest_interval_s = 0.3;
  }
  void start_broker() {
    auto started = Mosquitto::start(options_);
    ASSERT_TRUE(started.ok()) << started.error().line();
    broker_ = std::move(*started);
    config_.mqtt[0].uri = broker_->ws_uri();
  }
  [[nodiscard]] Hooks hooks() {
    Hooks h;
    h.now = [] { return kNow; };
    h.log = [this](LogLevel, const std::string& text) {
      const std::lock_guard lock(log_mutex_);
      log_ += text + "\n";
    };
    return h;
  }
  void start() {
    auto started = Uploader::start(config_, hooks());
    ASSERT_TRUE(started.ok()) << started.error().line();
    uploader_ = std::move(*started);
  }
  void accept(int first, int count, std::int64_t age_s = 0) {
    for (int n = first; n < first + count; ++n) {
      uploader_->accept(
          rs41(static_cast<std::uint32_t>(n), "S1234567", UtcMillis{kNow.ms - 1000 * (n + age_s)}));
    }
  }
  [[nodiscard]] OutputStatus output() const { return uploader_->status().outputs.at(1); }
  [[nodiscard]] std::string log() {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }
  static std::vector<int> numbers(int first, int count) {
    std::vector<int> out;
    for (int n = first; n < first + count; ++n) out.push_back(1000 + n);
    return out;
  }

  TempFolder folder_;
  omnisonde::testing::MosquittoOptions options_;
  std::unique_ptr<Mosquitto> broker_;
  Config config_;
  std::mutex log_mutex_;
  std::string log_;
  std::unique_ptr<Uploader> uploader_;
};

const std::string kTelemetry = "gateway/DL1ABC/telemetry/S1234567";

TEST_F(MqttWsTest, DeliversInOrderByEveryTransport) {
  start_broker();
  const Reader reader(broker_->mqtt_uri());
  int first = 0;
  for (const std::string& uri : {broker_->ws_uri(), broker_->wss_uri(), broker_->mqtt_uri()}) {
    config_.mqtt[0].uri = uri;
    config_.mqtt[0].ca_file = broker_->ca_file();
    start();
    accept(first, 100);
    ASSERT_TRUE(eventually([&] { return output().delivered == 100; })) << uri << log();
    first += 100;
    EXPECT_TRUE(eventually([&] { return reader.frames(kTelemetry) == numbers(0, first); })) << uri;
    uploader_.reset();
  }
  EXPECT_EQ(reader.frames("gateway/DL1ABC/new/S1234567").size(), 1U)
      << "first record of the flight only, also over restarts";
}

TEST_F(MqttWsTest, TellsOnlineOfflineAndTheStation) {
  start_broker();
  const Reader reader(broker_->mqtt_uri());
  start();
  EXPECT_TRUE(eventually([&] { return reader.state() == "online"; })) << log();
  EXPECT_TRUE(eventually([&] { return !reader.last("gateway/DL1ABC/health").empty(); }));
  const auto station = nlohmann::json::parse(reader.last("gateway/DL1ABC/station"));
  EXPECT_EQ(station["uploader_antenna"], "1/4 wave monopole");
  EXPECT_FALSE(station.contains("uploader_contact_email"));
  const Reader latecomer(broker_->ws_uri());
  EXPECT_TRUE(eventually([&] { return latecomer.state() == "online"; })) << "retained";
  uploader_->stop();
  EXPECT_TRUE(eventually([&] { return reader.state() == "offline"; }));
}

TEST_F(MqttWsTest, LatestIsRetained) {
  start_broker();
  start();
  accept(0, 5);
  ASSERT_TRUE(eventually([&] { return output().delivered == 5; })) << log();
  const Reader latecomer(broker_->ws_uri());
  EXPECT_TRUE(eventually([&] {
    const auto got = latecomer.frames("gateway/DL1ABC/latest/S1234567");
    return !got.empty() && got.back() == 1000 + 4;
  }));
}

TEST_F(MqttWsTest, KillPublishesTheLastWill) {
  start_broker();
  const pid_t child = ::fork();
  if (child == 0) {
    auto started = Uploader::start(config_, hooks());
    if (!started) ::_exit(1);
    ::pause();
  }
  {
    const Reader reader(broker_->mqtt_uri());
    EXPECT_TRUE(eventually([&] { return reader.state() == "online"; }));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(eventually([&] { return reader.state() == "lost"; }));
  }
  start();
  const Reader reader(broker_->mqtt_uri());
  EXPECT_TRUE(eventually([&] { return reader.state() == "online"; }));
}

TEST_F(MqttWsTest, WrongPasswordIsSaidWithoutSayingIt) {
  options_.user = "DL1ABC";
  options_.password = "right-secret";
  start_broker();
  config_.mqtt[0].user = "DL1ABC";
  config_.mqtt[0].password = "wrong-secret";
  start();
  ASSERT_TRUE(eventually([&] { return !output().ok; }));
  EXPECT_NE(output().state.find("login"), std::string::npos) << output().state;
  EXPECT_EQ(log().find("wrong-secret"), std::string::npos);
  uploader_.reset();
  config_.mqtt[0].password = "right-secret";
  start();
  accept(0, 3);
  EXPECT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
  EXPECT_EQ(log().find("right-secret"), std::string::npos);
}

TEST_F(MqttWsTest, TokenGoesAsUserName) {
  start_broker();
  config_.mqtt[0].token = "token-abc";
  start();
  accept(0, 3);
  EXPECT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
  std::ifstream file(broker_->log_file());
  const std::string broker_log((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(broker_log.find("u'token-abc'"), std::string::npos) << broker_log;
  EXPECT_EQ(log().find("token-abc"), std::string::npos);
}

TEST_F(MqttWsTest, BrokerRestartLosesNothing) {
  start_broker();
  start();
  accept(0, 50);
  ASSERT_TRUE(eventually([&] { return output().delivered == 50; })) << log();
  broker_->halt();
  ASSERT_TRUE(eventually([&] { return !output().ok; }));
  accept(50, 50);
  ASSERT_TRUE(broker_->resume().ok());
  const Reader reader(broker_->mqtt_uri());
  ASSERT_TRUE(eventually([&] { return output().delivered == 100; })) << log();
  // The new broker knows nothing: state and latest are published again.
  EXPECT_TRUE(eventually([&] { return reader.state() == "online"; }));
  EXPECT_TRUE(eventually([&] { return !reader.last("gateway/DL1ABC/latest/S1234567").empty(); }));
}

TEST_F(MqttWsTest, WhatWaitedIsDeliveredAfterARestartOfTheGateway) {
  start_broker();
  broker_->halt();
  start();
  accept(0, 30);
  ASSERT_TRUE(eventually([&] { return output().waiting == 30; }));
  uploader_.reset();
  ASSERT_TRUE(broker_->resume().ok());
  const Reader reader(broker_->mqtt_uri());
  start();
  EXPECT_TRUE(eventually([&] { return reader.frames(kTelemetry) == numbers(0, 30); })) << log();
}

TEST_F(MqttWsTest, LateRecordsGoToBackfill) {
  start_broker();
  const Reader reader(broker_->mqtt_uri());
  start();
  accept(0, 3, 120);
  ASSERT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
  EXPECT_TRUE(eventually(
      [&] { return reader.frames("gateway/DL1ABC/backfill/S1234567") == numbers(0, 3); }));
  EXPECT_TRUE(reader.frames(kTelemetry).empty());
}

TEST_F(MqttWsTest, FallsBackWhereTheBrokerAllowsOnlyQos0) {
  options_.qos0_only = true;
  start_broker();
  const Reader reader(broker_->mqtt_uri());
  start();
  accept(0, 10);
  EXPECT_TRUE(eventually([&] { return reader.frames(kTelemetry) == numbers(0, 10); })) << log();
  EXPECT_TRUE(eventually([&] { return reader.state() == "online"; }));
  EXPECT_NE(log().find("QoS 0"), std::string::npos);
  EXPECT_TRUE(output().ok);
}

TEST_F(MqttWsTest, RefusesABrokerOfAnotherAuthorityOrName) {
  start_broker();
  auto other = omnisonde::testing::make_test_certificates(folder_.path() + "/other");
  ASSERT_TRUE(other.ok());
  config_.mqtt[0].uri = broker_->wss_uri();
  config_.mqtt[0].ca_file = other->ca_file;
  start();
  ASSERT_TRUE(eventually([&] { return !output().ok; }));
  EXPECT_NE(output().state.find("certificate"), std::string::npos) << output().state;
  accept(0, 3);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(output().delivered, 0U);
}

TEST_F(MqttWsTest, ImpossibleAddressesAreNamed) {
  for (const char* uri : {"", "localhost:1883", "http://x", "ws://user:secret@host/"}) {
    config_.mqtt[0].uri = uri;
    const auto started = Uploader::start(config_, {});
    ASSERT_FALSE(started.ok()) << uri;
    EXPECT_NE(started.error().what.find("[mqtt:test]"), std::string::npos);
    EXPECT_EQ(started.error().line().find("secret"), std::string::npos);
  }
}

TEST(TopicLevel, HoldsNoWildcardsOrSlashes) {
  EXPECT_EQ(topic_level("911-2-01234"), "911-2-01234");
  EXPECT_EQ(topic_level("a/b+c#d e"), "a_b_c_d_e");
  EXPECT_EQ(topic_level(""), "unnamed");
}

}  // namespace
}  // namespace omnisonde::uploader
