#include "uploader/test_upload.hpp"

#include <atomic>
#include <nlohmann/json.hpp>

#include "uploader/hub_answer.hpp"
#include "uploader/hub_door.hpp"
#include "uploader/policy.hpp"
#include "uploader/record.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {
namespace {

Telemetry invented(const StationConfig& station, UtcMillis now) {
  constexpr double kAbove_m = 1000, kLatitude_deg = 52, kLongitude_deg = 13;
  Telemetry t;
  t.type = "RS41";
  t.subtype = "RS41-SG";
  t.manufacturer = "Vaisala";
  t.serial = "Z0000000";
  t.frame_number = 1;
  t.datetime = now;
  t.time_reference = TimeReference::kGps;
  t.position = station.position.value_or(GeoPosition{kLatitude_deg, kLongitude_deg, 0});
  t.position->altitude_m += kAbove_m;
  t.satellites = 9;
  t.rx.received = now;
  t.rx.frequency_hz = 402'700'000;
  return t;
}

void explain_accepted(const HubVerdict& verdict, TestUpload& out) {
  if (verdict.rejected.empty()) {
    out.lines.emplace_back(
        "the hub took the record without looking at its dev flag: it may show up on the map");
    return;
  }
  const HubRejection& r = verdict.rejected.front();
  out.ok = r.key == "dry_run";
  out.lines.push_back(out.ok
                          ? "the hub has checked the record, found no fault, and stored nothing: "
                            "uploads will work (its words: " +
                                r.message + ")"
                          : "the hub rejects the record: " + r.message);
}

void explain(const HubVerdict& verdict, TestUpload& out) {
  switch (verdict.action) {
    case HubAction::kDone:
      return explain_accepted(verdict, out);
    case HubAction::kRetry:
      out.lines.push_back(verdict.words + ". A gateway would wait and try again.");
      return;
    case HubAction::kRefused:
      out.lines.push_back(verdict.words +
                          ". The hub does not want these uploads; trying again does not help.");
      return;
    default:
      out.lines.push_back(verdict.words + ". The hub cannot read what we send: please report it.");
  }
}

}  // namespace

TestUpload test_upload(const Config& config, UtcMillis now, bool clock_good) {
  TestUpload out;
  if (const auto fault = callsign_fault(config.station.callsign)) {
    out.lines.push_back("no upload: " + *fault);
    return out;
  }
  out.lines.push_back("callsign " + config.station.callsign);
  out.lines.emplace_back(clock_good
                             ? "this computer's clock is synchronised"
                             : "this computer's clock is not synchronised: a gateway would wait "
                               "until it is, or until a sonde's GPS time agrees with it");
  const Telemetry t = invented(config.station, now);
  if (const auto fault = refusal(t, config.station, now, true)) {
    out.lines.push_back("not sent: " + fault->words);
    return out;
  }
  const std::atomic<bool> stop{false};
  const auto door = HubDoor::open(config.sondehub, stop);
  if (!door) {
    out.lines.push_back(door.error().line());
    return out;
  }
  StoredRecord record;
  record.body = to_text(hub_record(t, config.station));
  out.lines.push_back("one record to " + config.sondehub.url + kTelemetryPath);
  explain(judge_answer((*door)->put(kTelemetryPath, upload_body({record}, true), now), 1), out);
  return out;
}

}  // namespace omnisonde::uploader
