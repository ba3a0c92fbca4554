// The pipeline's counters as one JSON object: the `health` message of MQTT.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "gateway/status.hpp"

namespace omnisonde {

/// `ok`, `waiting` (records, all outputs), `broken` (stages with their reason), `counters` (as in
/// /metrics, `<stage>_<name>`), `outputs` (state, waiting, delivered, rejected by reason).
[[nodiscard]] std::string health_text(const GatewayStatus& status);

/// Where outputs ask for the text before there is one. Thread-safe.
class HealthSource {
 public:
  /// An empty one ends it, and waits until the last question is answered.
  void set(std::function<std::string()> text) {
    const std::scoped_lock lock(mutex_);
    text_ = std::move(text);
  }
  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock(mutex_);
    return text_ ? text_() : "{}";
  }

 private:
  mutable std::mutex mutex_;
  std::function<std::string()> text_;
};

}  // namespace omnisonde
