#include "uploader/hub_answer.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace omnisonde::uploader {
namespace {

using Json = nlohmann::json;

constexpr long kOk = 200, kAccepted = 202, kBadRequest = 400, kRequestTimeout = 408,
               kTooLarge = 413, kTooMany = 429, kServerError = 500;

// A piece of the hub's message, and our name for the rule behind it.
constexpr std::array<std::pair<const char*, const char*>, 17> kMessages = {{
    {"z-check", "hub_outlier"},
    {"enough data", "hub_too_few"},
    {"1000m", "hub_too_few"},
    {"Zero Lat", "hub_zero_position"},
    {"altitude cap", "hub_altitude_too_high"},
    {"exactly 0m", "hub_altitude_zero"},
    {"below 0", "hub_negative_value"},
    {"SVs", "hub_few_satellites"},
    {"radius cap", "hub_too_far"},
    {"above 360", "hub_heading_above_360"},
    {"too far from current", "hub_too_old"},
    {"too far in the future", "hub_in_the_future"},
    {"Unable to parse time", "hub_bad_time"},
    {"is invalid", "hub_invalid_serial"},
    {"not a number", "hub_invalid_serial"},
    {"contact us", "hub_blocked"},
    {"dev", "dry_run"},
}};

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

HubRejection read_rejection(const Json& entry) {
  HubRejection out;
  out.message = text_of(entry, "error_message");
  out.key = rejection_key(out.message);
  const auto payload = entry.find("payload");
  if (payload == entry.end() || !payload->is_object()) return out;
  out.serial = text_of(*payload, "serial");
  out.datetime = text_of(*payload, "datetime");
  const auto frame = payload->find("frame");
  if (frame != payload->end() && frame->is_number_integer()) out.frame = frame->get<std::int64_t>();
  return out;
}

// A 202 that cannot be read is done all the same: the function had finished.
void read_accepted(const std::string& body, HubVerdict& verdict) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    verdict.words = "the hub's list of rejected records could not be read";
    return;
  }
  if (const auto errors = json.find("errors"); errors != json.end() && errors->is_array()) {
    for (const Json& entry : *errors) {
      if (entry.is_object()) verdict.rejected.push_back(read_rejection(entry));
    }
  }
  if (const auto warnings = json.find("warnings"); warnings != json.end() && warnings->is_array()) {
    for (const Json& entry : *warnings) {
      if (entry.is_object()) verdict.warnings.push_back(text_of(entry, "warning_message"));
    }
  }
}

std::string answered(const HttpAnswer& answer) {
  constexpr std::size_t kSample = 200;
  std::string text = answer.body.substr(0, kSample);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return "the hub answered " + std::to_string(answer.status) + (text.empty() ? "" : ": " + text);
}

}  // namespace

std::string rejection_key(const std::string& message) {
  for (const auto& [piece, key] : kMessages) {
    if (message.find(piece) != std::string::npos) return key;
  }
  return "hub_other";
}

HubVerdict judge_answer(const HttpAnswer& answer, std::size_t records) {
  HubVerdict verdict;
  verdict.retry_after_s = answer.retry_after_s;
  if (answer.aborted) {
    verdict.action = HubAction::kAborted;
    return verdict;
  }
  if (answer.status == 0) {
    verdict.words = "no answer from the hub: " + answer.fault;
    verdict.alarm = answer.bad_certificate;
    verdict.unreached = answer.unreached;
    if (answer.bad_certificate) verdict.words += "; check [sondehub] url and ca_file";
    return verdict;
  }
  if (answer.status == kOk || answer.status == kAccepted) {
    verdict.action = HubAction::kDone;
    if (answer.status == kAccepted) read_accepted(answer.body, verdict);
    return verdict;
  }
  verdict.words = answered(answer);
  if (answer.status == kBadRequest) {
    verdict.action = records > 1 ? HubAction::kSplit : HubAction::kQuarantine;
  } else if (answer.status == kTooLarge) {
    verdict.action = records > 1 ? HubAction::kSmaller : HubAction::kQuarantine;
  } else if (answer.status == kRequestTimeout || answer.status == kTooMany ||
             answer.status >= kServerError) {
    verdict.action = HubAction::kRetry;
  } else {
    verdict.action = HubAction::kRefused;
    verdict.alarm = true;
  }
  return verdict;
}

}  // namespace omnisonde::uploader
