// The output to SondeHub: telemetry in batches and the station's report, by HTTPS.
#pragma once

#include <memory>

#include "gateway/base/expected.hpp"
#include "uploader/config.hpp"
#include "uploader/output.hpp"

namespace omnisonde::uploader {

/// A worker with one connection and one request in flight. Takes what waits in the outbox, sends
/// it as hub_plan says and settles it as hub_answer says.
class HubHttps : public Output {
 public:
  /// @returns an Error for settings that can never work (no such CA file).
  static Expected<std::unique_ptr<HubHttps>> create(SondehubConfig config, OutputContext context);
  ~HubHttps() override;
  void start() override;
  void stop() override;

 private:
  struct Impl;
  explicit HubHttps(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
