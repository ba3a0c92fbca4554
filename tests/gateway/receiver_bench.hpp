// Simulated air into the recording pipeline, for the tests of the receiver.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/offline_receiver.hpp"
#include "gateway/type_list.hpp"
#include "simulator/stream_generator.hpp"

namespace omnisonde::testing {

struct Air {
  std::vector<dsp::Sample> samples;
  std::vector<Telemetry> truth;  ///< of the frames that end within the samples
  std::vector<Telemetry> begun;  ///< and of those that only begin there
  double rate_hz = 0, centre_hz = 0;
};

/// @param ini  a scenario without [stream] start; the stream begins at a fixed UTC.
inline Air simulate(const std::string& ini, double seconds) {
  sim::Scenario scenario = sim::parse_scenario(ini, "test").value();
  scenario.stream.start = UtcMillis{1'792'497'600'000};  // 2026-10-20T12:00:00Z
  auto generator = sim::StreamGenerator::create(scenario).value();
  Air air;
  air.rate_hz = scenario.stream.sample_rate_hz;
  air.centre_hz = scenario.stream.centre_hz;
  air.samples.resize(static_cast<std::size_t>(std::llround(seconds * air.rate_hz)));
  generator.next_block(air.samples);
  air.truth = generator.take_truth();
  std::vector<dsp::Sample> after(static_cast<std::size_t>(air.rate_hz));
  generator.next_block(after);
  air.begun = air.truth;
  for (Telemetry& t : generator.take_truth()) {
    if (t.rx.t_s < seconds) air.begun.push_back(std::move(t));
  }
  return air;
}

/// All enabled types, whole band, as `omnisonde decode` without options.
inline OfflinePlan plan_for(const Air& air) {
  OfflinePlan plan;
  plan.sample_rate_hz = air.rate_hz;
  plan.centre_hz = air.centre_hz;
  plan.types = select_types({}).value();
  return plan;
}

inline std::vector<Telemetry> decode(OfflineReceiver& receiver,
                                     std::span<const dsp::Sample> samples) {
  std::vector<Telemetry> records;
  std::vector<dsp::Sample> last(receiver.block_samples());
  while (samples.size() >= receiver.block_samples()) {
    receiver.process(samples.first(receiver.block_samples()), records);
    samples = samples.subspan(receiver.block_samples());
  }
  if (!samples.empty()) {
    std::ranges::copy(samples, last.begin());
    receiver.process(last, records);
  }
  receiver.finish(records);
  return records;
}

inline std::vector<Telemetry> decode(const OfflinePlan& plan,
                                     std::span<const dsp::Sample> samples) {
  OfflineReceiver receiver(plan);
  return decode(receiver, samples);
}

// Type and frame number: a DFM tells its serial only after a dozen seconds.
using FrameId = std::pair<std::string, std::uint32_t>;

inline std::set<FrameId> ids(std::span<const Telemetry> records, double from_s = 0) {
  std::set<FrameId> out;
  for (const Telemetry& t : records) {
    if (t.rx.t_s >= from_s) out.insert({t.type, t.frame_number.value_or(0)});
  }
  return out;
}

/// Frames of `wanted` that started at `from_s` or later and were not received.
inline std::vector<FrameId> missing(std::span<const Telemetry> wanted,
                                    std::span<const Telemetry> got, double from_s) {
  const auto have = ids(got);
  std::vector<FrameId> out;
  for (const FrameId& id : ids(wanted, from_s)) {
    if (!have.contains(id)) out.push_back(id);
  }
  return out;
}

/// Frames received that nobody sent.
inline std::vector<FrameId> false_frames(std::span<const Telemetry> sent,
                                         std::span<const Telemetry> got) {
  const auto true_ids = ids(sent);
  std::vector<FrameId> out;
  for (const FrameId& id : ids(got)) {
    if (!true_ids.contains(id)) out.push_back(id);
  }
  return out;
}

/// Everything of a record as text: equal texts mean equal records.
inline std::string text_of(const Telemetry& t) {
  std::string s = t.type + " " + t.subtype + " " + t.serial + " " + t.hold_reason;
  const auto add = [&s](double x) { s += " " + std::to_string(x); };
  add(t.frame_number.value_or(0));
  add(static_cast<double>(t.datetime.value_or(UtcMillis{}).ms));
  const GeoPosition p = t.position.value_or(GeoPosition{});
  add(p.latitude_deg), add(p.longitude_deg), add(p.altitude_m);
  for (const auto& v : {t.velocity_h_mps, t.velocity_v_mps, t.heading_deg, t.temperature_c,
                        t.humidity_pct, t.pressure_hpa, t.battery_v, t.rx.snr_db}) {
    add(static_cast<double>(v.value_or(-999)));
  }
  add(t.rx.t_s), add(t.rx.frequency_hz), add(t.rx.bits_corrected);
  add(static_cast<double>(t.rx.effort));
  return s;
}

}  // namespace omnisonde::testing
