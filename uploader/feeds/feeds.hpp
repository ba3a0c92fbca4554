// The front door of the feeds: what is decoded goes to everything else that an operator wants to
// feed, each on its own thread, and events are told from it.
#pragma once

#include <memory>
#include <vector>

#include "decoders/telemetry.hpp"
#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/event.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {

/// All functions may be called from any thread.
class Feeds {
 public:
  /// @returns an Error for a setting that cannot be used; a server that cannot be reached is a
  ///          state and no error.
  static Expected<std::unique_ptr<Feeds>> start(const FeedsConfig& config, Hooks hooks);
  ~Feeds();
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  /// Takes one record. Those with a hold_reason, or without serial, frame number, time or position,
  /// feed nothing (encrypted ones make an event). Quick: no disk, no network.
  void accept(const Telemetry& t);

  /// How the gateway's stages are. Call about every 10 s: silence is noticed here as well.
  void watch(const std::vector<StageState>& stages);

  /// One entry per feed that is switched on.
  [[nodiscard]] std::vector<OutputStatus> status() const;

  void stop();

 private:
  struct Impl;
  explicit Feeds(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
