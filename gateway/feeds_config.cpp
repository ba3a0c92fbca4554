#include "gateway/feeds_config.hpp"

#include "gateway/run_plan.hpp"

namespace omnisonde {

Expected<uploader::FeedsConfig> feeds_config(const Config& config,
                                             const uploader::StationConfig& station) {
  uploader::FeedsConfig out = config.feeds;
  out.station = station;
  if (out.aprs.callsign.empty()) out.aprs.callsign = station.callsign;
  if (out.aprs.enabled) {
    const auto passcode = first_line(out.aprs.passcode_file, "[aprs] passcode_file");
    if (!passcode) return passcode.error();
    out.aprs.passcode = *passcode;
  }
  for (uploader::WebhookConfig& hook : out.webhooks) {
    const auto token = first_line(hook.token_file, "[webhook] token_file");
    if (!token) return token.error();
    hook.token = *token;
    if (!hook.url.empty()) continue;
    const auto url = first_line(hook.url_file, "[webhook] url_file");
    if (!url) return url.error();
    hook.url = *url;
  }
  if (out.email.enabled) {
    const auto password = first_line(out.email.password_file, "[email] smtp_password_file");
    if (!password) return password.error();
    out.email.password = *password;
  }
  return out;
}

}  // namespace omnisonde
