#include "gateway/web/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

namespace omnisonde::web {
namespace {

/// Label values are quoted; the format asks for these three escapes.
std::string label(std::string_view name, std::string_view value) {
  std::string out(name);
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + "\"";
}

std::string number(double value) {
  std::array<char, 40> text{};
  if (!std::isfinite(value)) return "NaN";
  (void)std::snprintf(text.data(), text.size(), "%.12g", value);
  return text.data();
}

class Text {
 public:
  void family(const std::string& name, const char* type, const std::string& help) {
    out_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    name_ = name;
  }
  void sample(const std::string& labels, double value) {
    out_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + number(value) + "\n";
  }
  /// A sample of a histogram's family.
  void part(const char* suffix, const std::string& labels, double value) {
    out_ += name_ + suffix + "{" + labels + "} " + number(value) + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_, name_;
};

void devices(Text& text, const GatewayStatus& s) {
  const auto each = [&](auto value) {
    for (const DeviceStatus& d : s.devices) text.sample(label("device", d.name), value(d));
  };
  text.family("omnisonde_device_up", "gauge", "1 while the receiver delivers samples.");
  each([](const DeviceStatus& d) { return d.healthy ? 1.0 : 0.0; });
  text.family("omnisonde_device_centre_hz", "gauge", "Middle of the received window.");
  each([](const DeviceStatus& d) { return d.centre_hz; });
  text.family("omnisonde_device_sample_rate_hz", "gauge", "Width of the received window.");
  each([](const DeviceStatus& d) { return d.sample_rate_hz; });
  text.family("omnisonde_device_lost_samples_total", "counter", "Samples that were lost.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.lost_samples); });
  const auto lost = [&](const char* hop, auto value) {
    for (const DeviceStatus& d : s.devices)
      text.sample(label("device", d.name) + "," + label("hop", hop), static_cast<double>(value(d)));
  };
  text.family("omnisonde_device_lost_at_samples_total", "counter",
              "Samples lost, by the hop; retune: thrown away on purpose.");
  lost("driver", [](const DeviceStatus& d) { return d.lost_driver; });
  lost("queue", [](const DeviceStatus& d) { return d.lost_queue; });
  lost("away", [](const DeviceStatus& d) { return d.lost_away; });
  lost("retune", [](const DeviceStatus& d) { return d.lost_retune; });
  text.family("omnisonde_device_gain_db", "gauge", "Gain; absent while the tuner rules itself.");
  for (const DeviceStatus& d : s.devices) {
    if (d.gain_db) text.sample(label("device", d.name), *d.gain_db);
  }
  text.family("omnisonde_device_noise_dbfs", "gauge", "Noise in the whole window.");
  for (const DeviceStatus& d : s.devices) {
    if (d.noise_dbfs) text.sample(label("device", d.name), *d.noise_dbfs);
  }
  text.family("omnisonde_device_dc_dbfs", "gauge", "DC offset that is removed.");
  for (const DeviceStatus& d : s.devices) {
    if (d.dc_dbfs) text.sample(label("device", d.name), *d.dc_dbfs);
  }
  text.family("omnisonde_device_images_total", "counter", "Images of stronger sondes given up.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.images); });
  text.family("omnisonde_device_frequency_error_ppm", "gauge", "Crystal error that is corrected.");
  each([](const DeviceStatus& d) { return d.frequency_error_ppm; });
  text.family("omnisonde_device_bias_tee", "gauge", "1 while a preamplifier is fed.");
  each([](const DeviceStatus& d) { return d.bias_tee ? 1.0 : 0.0; });
  text.family("omnisonde_device_overloads_total", "counter", "Times clipping lowered the gain.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.overloads); });
  text.family("omnisonde_device_spurs", "gauge", "Carriers that are left alone as no sondes.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.spurs.size()); });
  text.family("omnisonde_device_retunes_total", "counter", "Moves of the window.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.retunes); });
  text.family("omnisonde_device_reopened_total", "counter", "Times it was gone and came back.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.reopened); });
  text.family("omnisonde_device_clipped_samples_total", "counter", "Samples at full scale.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.clipped_samples); });
  text.family("omnisonde_device_overflows_total", "counter", "Losses reported by the driver.");
  each([](const DeviceStatus& d) { return static_cast<double>(d.overflows); });
  text.family("omnisonde_device_clipping_ratio", "gauge", "Share of samples at full scale.");
  for (const DeviceStatus& d : s.devices) {
    if (d.clipping_pct) text.sample(label("device", d.name), *d.clipping_pct / 100);
  }
}

void band(Text& text, const BandStatus& b) {
  text.family("omnisonde_band_wanted_hz", "gauge", "Band that should be watched.");
  text.sample("", b.wanted_hz);
  text.family("omnisonde_band_watched_hz", "gauge", "Band that is being watched now.");
  text.sample("", b.watched_hz);
  text.family("omnisonde_band_missed_sondes", "gauge", "Sondes expected where nobody looks now.");
  text.sample("", static_cast<double>(b.missed_hz.size()));
  // By whole MHz; the longest of what is within. Few enough series, and they do not change.
  std::map<int, double> unwatched_s;
  for (const BandStretch& s : b.stretches) {
    for (int mhz = static_cast<int>(s.low_hz / 1e6); mhz * 1e6 < s.high_hz; ++mhz) {
      double& longest_s = unwatched_s.try_emplace(mhz, 0).first->second;
      longest_s = std::max(longest_s, s.unwatched_s);
    }
  }
  text.family("omnisonde_band_unwatched_seconds", "gauge",
              "Time since all of this MHz was last watched; 0: it is now.");
  for (const auto& [mhz, seconds] : unwatched_s)
    text.sample(label("mhz", std::to_string(mhz)), seconds);
}

void outputs(Text& text, const GatewayStatus& s) {
  const auto each = [&](auto value) {
    for (const OutputStatus& o : s.outputs) text.sample(label("output", o.name), value(o));
  };
  text.family("omnisonde_output_up", "gauge", "1 while the output is well.");
  each([](const OutputStatus& o) { return o.healthy ? 1.0 : 0.0; });
  text.family("omnisonde_output_queued", "gauge", "Records that wait for delivery.");
  each([](const OutputStatus& o) { return static_cast<double>(o.queued); });
  text.family("omnisonde_output_delivered_total", "counter", "Records delivered.");
  each([](const OutputStatus& o) { return static_cast<double>(o.delivered); });
  text.family("omnisonde_output_rejected_total", "counter", "Records refused, by reason.");
  for (const OutputStatus& o : s.outputs) {
    for (const RejectCount& r : o.rejected) {
      text.sample(label("output", o.name) + "," + label("reason", r.key.empty() ? r.reason : r.key),
                  static_cast<double>(r.count));
    }
  }
  text.family("omnisonde_output_last_success_seconds", "gauge", "Unix time of the last delivery.");
  for (const OutputStatus& o : s.outputs) {
    if (o.last_success) {
      text.sample(label("output", o.name), static_cast<double>(o.last_success->ms) / 1000);
    }
  }
}

// Buckets of this format add up: each holds all below its bound.
void latencies(Text& text, const GatewayStatus& s) {
  const std::string name = "omnisonde_output_latency_seconds";
  text.family(name, "histogram", "From the reception of a record to its delivery.");
  for (const OutputStatus& o : s.outputs) {
    const std::string output = label("output", o.name);
    double below = 0;
    for (std::size_t i = 0; i < o.latency.counts.size(); ++i) {
      below += static_cast<double>(o.latency.counts[i]);
      const bool last = i >= o.latency.bounds_s.size();
      const std::string bound = last ? "+Inf" : number(o.latency.bounds_s[i]);
      text.part("_bucket", output + "," + label("le", bound), below);
    }
    text.part("_sum", output, o.latency.sum_s);
    text.part("_count", output, below);
  }
}

}  // namespace

std::string metrics_text(const GatewayStatus& s) {
  Text text;
  text.family("omnisonde_build_info", "gauge", "Always 1; the version is a label.");
  text.sample(label("version", s.version), 1);
  text.family("omnisonde_uptime_seconds", "gauge", "Time since the start.");
  text.sample("", s.uptime_s);
  text.family("omnisonde_stage_up", "gauge", "1 while the stage does its work.");
  for (const StageHealth& h : s.health) text.sample(label("stage", h.stage), h.ok ? 1 : 0);
  // Serials are no labels: every flight would be a new time series.
  std::map<std::string, double> sondes;
  for (const TrackStatus& t : s.tracks) {
    const bool heard = t.state != TrackState::kLost && t.state != TrackState::kProbing;
    if (heard) sondes[t.last.type] += 1;
  }
  text.family("omnisonde_sondes", "gauge", "Sondes that are heard now, by type.");
  for (const auto& [type, count] : sondes) text.sample(label("type", type), count);
  text.family("omnisonde_candidates", "gauge", "Carriers that are not (yet) a sonde.");
  text.sample("", static_cast<double>(s.candidates));
  devices(text, s);
  band(text, s.band);
  outputs(text, s);
  latencies(text, s);
  text.family("omnisonde_records_held_total", "counter",
              "Records that are not uploaded, by reason.");
  for (const RejectCount& r : s.held) {
    text.sample(label("reason", r.reason), static_cast<double>(r.count));
  }
  for (const StageCounter& c : s.counters) {
    text.family("omnisonde_" + c.stage + "_" + c.name + "_total", "counter", c.help);
    text.sample("", static_cast<double>(c.value));
  }
  return text.take();
}

}  // namespace omnisonde::web
