#include <utility>

#include "uploader/feeds/notify_feed.hpp"
#include "uploader/feeds/smtp.hpp"
#include "uploader/feeds/template.hpp"

namespace omnisonde::uploader {
namespace {

// The sentence, then what is known, a line each.
std::string mail_text(const Event& e, const std::string& callsign) {
  const Tokens tokens = event_tokens(e, callsign);
  std::string out = e.text + "\n\n";
  const auto line = [&](const char* label, const char* name, const char* unit) {
    const std::string& value = tokens.at(name);
    if (!value.empty()) out += std::string(label) + ": " + value + unit + "\n";
  };
  line("Time", "time", "");
  line("Serial", "serial", "");
  line("Type", "type", "");
  line("Frequency", "frequency_mhz", " MHz");
  line("Latitude", "latitude", "");
  line("Longitude", "longitude", "");
  line("Altitude", "altitude_m", " m");
  line("Distance", "distance_km", " km");
  line("Bearing", "bearing_deg", " deg");
  line("Expected landing, latitude", "predicted_latitude", "");
  line("Expected landing, longitude", "predicted_longitude", "");
  line("Map", "map", "");
  line("Station", "callsign", "");
  return out;
}

}  // namespace

Expected<std::unique_ptr<Feed>> make_email_feed(const EmailConfig& config,
                                                const std::string& callsign, Hooks hooks) {
  auto kinds = event_kinds(config.events);
  if (!kinds) return kinds.error();
  if (config.from.empty() || config.to.empty()) {
    return Error{"from and to are needed", "write both"};
  }
  auto stopping = std::make_shared<std::atomic<bool>>(false);
  Notify notify = [config, callsign, stopping](const Event& e) {
    Mail mail;
    mail.from = config.from;
    mail.to = config.to;
    mail.subject = fill(config.subject, event_tokens(e, callsign), Escape::kNone);
    mail.text = mail_text(e, callsign);
    mail.date = e.time;
    const SmtpResult sent = send_mail(config, mail, *stopping);
    return NotifyResult{sent.fault, sent.for_good, {}};
  };
  return make_notify_feed("email", *kinds, std::move(notify), stopping, config.first_backoff_s,
                          std::move(hooks));
}

}  // namespace omnisonde::uploader
