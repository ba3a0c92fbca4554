// The output to an MQTT broker: telemetry as it comes, the station's state as retained messages.
#pragma once

#include <memory>

#include "gateway/base/expected.hpp"
#include "uploader/config.hpp"
#include "uploader/output.hpp"

namespace omnisonde::uploader {

/// A worker with a connection of its own. Topics under `<root>/<callsign>/` as in docs/uploader.md.
/// Takes records from the outbox in order of arrival, a small window in flight, and settles each
/// when the broker has acknowledged it.
class MqttWs : public Output {
 public:
  /// @returns an Error for an address or settings that can never work.
  static Expected<std::unique_ptr<MqttWs>> create(MqttConfig config, OutputContext context);
  ~MqttWs() override;
  void start() override;
  void stop() override;
  void note(const LogEvent& event) override;

 private:
  struct Impl;
  explicit MqttWs(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
