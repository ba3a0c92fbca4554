// Messages about events: webhooks and e-mail. Each has a queue of its own in memory.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

/// What became of one attempt.
struct NotifyResult {
  std::string fault;                 ///< empty: delivered
  bool for_good = false;             ///< trying again would not help
  std::optional<double> retry_in_s;  ///< the other end's wish
};

/// One attempt to deliver an event; called on the feed's thread.
using Notify = std::function<NotifyResult(const Event&)>;

/// Delivers events in order, each until it succeeds, is refused for good or is a day old; waits
/// `first_backoff_s`, doubled up to 5 min, between attempts. At most 200 wait; then the oldest
/// goes, counted.
/// @param stopping  is set while the feed ends; `notify` ends soon then.
[[nodiscard]] std::unique_ptr<Feed> make_notify_feed(std::string name, std::vector<EventKind> kinds,
                                                     Notify notify,
                                                     std::shared_ptr<std::atomic<bool>> stopping,
                                                     double first_backoff_s, Hooks hooks);

/// @returns the kinds named; all for an empty list; an Error for an unknown name.
[[nodiscard]] Expected<std::vector<EventKind>> event_kinds(const std::vector<std::string>& names);

[[nodiscard]] Expected<std::unique_ptr<Feed>> make_webhook_feed(const WebhookConfig& config,
                                                                const std::string& callsign,
                                                                Hooks hooks);

[[nodiscard]] Expected<std::unique_ptr<Feed>> make_email_feed(const EmailConfig& config,
                                                              const std::string& callsign,
                                                              Hooks hooks);

}  // namespace omnisonde::uploader
