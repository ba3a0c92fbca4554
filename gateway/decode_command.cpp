#include "gateway/decode_command.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "decoders/physics/derived.hpp"
#include "gateway/base/system_clock.hpp"
#include "gateway/offline_receiver.hpp"
#include "gateway/slice_class.hpp"
#include "gateway/stream_reader.hpp"
#include "gateway/type_list.hpp"
#include "gateway/web/derived_json.hpp"
#include "uploader/policy.hpp"
#include "uploader/record.hpp"

namespace omnisonde {
namespace {

using Json = nlohmann::ordered_json;

int fail(const Error& error) {
  std::cerr << "omnisonde: " << error.line() << '\n';
  return 1;
}

// "402.7e6", "-11000:DFM": Hz from the centre when that is unknown, else absolute.
Expected<FixedChannel> parse_channel(const std::string& text, double base_hz) {
  const std::size_t colon = text.find(':');
  const std::string number = text.substr(0, colon);
  std::size_t used = 0;
  FixedChannel channel;
  try {
    channel.frequency_hz = base_hz + std::stod(number, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != number.size() || !std::isfinite(channel.frequency_hz)) {
    return Error{"--channel " + text + ": no frequency in Hz",
                 "write HZ or HZ:TYPE, as in 402700000:RS41"};
  }
  if (colon != std::string::npos) {
    const auto types = select_types(std::vector{text.substr(colon + 1)});
    if (!types) return Error{"--channel " + text + ": " + types.error().what, types.error().remedy};
    channel.type = types->front();
  }
  return channel;
}

// Types asked for by name: a recording too narrow for all of them would give nothing, silently.
Expected<void> some_type_fits(const DecodeOptions& options,
                              const std::vector<const SondeType*>& types, const StreamInfo& info) {
  if (options.types.empty() || dsp::is_fm_audio(info.format)) return {};
  Expected<void> last;
  for (const SondeType* type : types) {
    last = fits_stream(*type, info.sample_rate_hz);
    if (last) return {};
  }
  if (!last) return Error{"--types: " + last.error().what, last.error().remedy};
  return {};
}

Expected<std::vector<FixedChannel>> parse_channels(const DecodeOptions& options,
                                                   const StreamInfo& info) {
  // With --center the frequencies are absolute, without they are offsets from the recording's
  // centre.
  const double base_hz = options.input.centre_hz ? 0 : info.centre_hz;
  std::vector<FixedChannel> channels;
  for (const std::string& text : options.channels) {
    auto channel = parse_channel(text, base_hz);
    if (!channel) return channel.error();
    const double offset = channel->frequency_hz - info.centre_hz;
    if (!dsp::is_fm_audio(info.format) && std::abs(offset) > info.sample_rate_hz / 2) {
      return Error{
          "--channel " + text + " lies outside the recording",
          "it covers " + std::to_string(std::llround(info.sample_rate_hz / 2)) +
              " Hz either side of its centre; without --center give the offset from there"};
    }
    if (channel->type != nullptr && !dsp::is_fm_audio(info.format)) {
      const auto fits = fits_stream(*channel->type, info.sample_rate_hz);
      if (!fits) return Error{"--channel " + text + ": " + fits.error().what, fits.error().remedy};
    }
    channels.push_back(*channel);
  }
  return channels;
}

// Why a gateway must not send it: what decoder and tracks say, else the hub's own rules. The age of
// a record can be judged only by a wall clock, which a recording has when --start gave it one.
std::string hold_reason(const Telemetry& t, bool has_clock) {
  if (!t.hold_reason.empty()) return t.hold_reason;
  const auto refusal = uploader::refusal(t, {}, t.rx.received, has_clock);
  return refusal ? refusal->words : std::string{};
}

std::string json_line(const Telemetry& t, const physics::Derived& derived, bool has_clock) {
  Json line = uploader::telemetry_fields(t);
  web::add_derived(derived, line);
  if (has_clock) line["time_received"] = to_iso8601(t.rx.received);
  line["t"] = std::round(t.rx.t_s * 1e6) / 1e6;
  line["effort"] = effort_name(t.rx.effort);
  line["corrected"] = t.rx.bits_corrected;
  if (const std::string reason = hold_reason(t, has_clock); !reason.empty()) {
    line["uploadable"] = false;
    line["reason"] = reason;
  }
  return uploader::to_text(line);
}

/// Prints what a receiver has decoded; notes go to standard error.
class Printer {
 public:
  explicit Printer(bool has_clock) : has_clock_(has_clock) {}

  void print(OfflineReceiver& receiver, std::vector<Telemetry>& records) {
    for (const std::string& note : receiver.take_notes())
      std::cerr << "omnisonde: " << note << '\n';
    for (const Telemetry& t : records) {
      if (t.hold_reason == "no GPS ephemeris" && !std::exchange(told_, true)) {
        std::cerr << "omnisonde: " << t.type << " " << t.serial
                  << " has no position without GPS orbits (name a file with --ephemeris)\n";
      }
      if (air_.size() > kMostSondes) air_.clear();
      std::cout << json_line(t, air_[t.type + "/" + t.serial].add(t), has_clock_) << '\n';
    }
    if (!records.empty()) std::cout.flush();
    records.clear();
  }

 private:
  static constexpr std::size_t kMostSondes = 500;
  bool has_clock_;
  bool told_ = false;  ///< that orbits are missing
  std::map<std::string, physics::AirColumn> air_;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

Json statistics(const StreamReader& reader, const OfflineReceiver& receiver, const StreamInfo& info,
                double cpu_s, double wall_s) {
  const double signal_s = static_cast<double>(reader.samples_in()) / info.sample_rate_hz;
  Json channels = Json::array();
  const ChannelStats stats = receiver.channel_stats();
  for (const ChannelCount& c : stats.entries()) {
    channels.push_back({{"frequency_hz", std::round(c.frequency_hz)},
                        {"type", c.type},
                        {"syncs", c.counts.syncs},
                        {"frames_good", c.counts.good},
                        {"frames_bad", c.counts.bad}});
  }
  return {{"samples_in", reader.samples_in()},
          {"samples_lost", reader.samples_lost()},
          {"samples_clipped", reader.samples_clipped()},
          {"sample_rate_hz", info.sample_rate_hz},
          {"signal_s", signal_s},
          {"cpu_s", cpu_s},
          {"wall_s", wall_s},
          {"cpu_s_per_signal_s", signal_s > 0 ? cpu_s / signal_s : 0},
          {"real_time_factor", wall_s > 0 ? signal_s / wall_s : 0},
          {"peak_memory_kib", peak_memory_kib()},
          {"duplicate_frames", receiver.duplicates()},
          {"channels", channels}};
}

// Reads to the end; what was decoded before a fault is printed all the same.
Expected<void> run(StreamReader& reader, OfflineReceiver& receiver, bool has_clock) {
  std::vector<Telemetry> records;
  Printer printer(has_clock);
  while (true) {
    const auto block = reader.next();
    if (!block || block->end || block->samples.empty()) {
      if (block && !block->end) continue;
      if (block && !block->samples.empty()) receiver.process(block->samples, records);
      receiver.finish(records);
      printer.print(receiver, records);
      if (!block) return block.error();
      return {};
    }
    receiver.process(block->samples, records);
    printer.print(receiver, records);
  }
}

Expected<void> write_statistics(const std::string& path, const Json& statistics) {
  std::ofstream file(path);
  file << statistics.dump(2) << '\n';
  file.flush();
  if (!file)
    return Error{"cannot write the statistics to " + path, "check the folder and its permissions"};
  return {};
}

// Null without --ephemeris.
Expected<std::shared_ptr<const OrbitShelf>> read_orbits(const DecodeOptions& options,
                                                        const StreamInfo& info) {
  if (options.ephemeris_path.empty()) return std::shared_ptr<const OrbitShelf>{};
  auto shelf = std::make_shared<OrbitShelf>(options.ephemeris_path);
  const auto read = shelf->refresh(info.start.value_or(system_now()));
  if (!read) return read.error();
  return std::shared_ptr<const OrbitShelf>(std::move(shelf));
}

}  // namespace

int decode_command(const DecodeOptions& options) {
  const auto types = select_types(options.types);
  if (!types) return fail(types.error());
  auto source = open_file_source(options.input);
  if (!source) return fail(source.error());
  const StreamInfo info = (*source)->info();
  if (const auto fits = some_type_fits(options, *types, info); !fits) return fail(fits.error());
  auto channels = parse_channels(options, info);
  if (!channels) return fail(channels.error());

  const auto orbits = read_orbits(options, info);
  if (!orbits) return fail(orbits.error());

  const auto begin = std::chrono::steady_clock::now();
  const double cpu_before = cpu_seconds();
  OfflineReceiver receiver({.sample_rate_hz = info.sample_rate_hz,
                            .centre_hz = info.centre_hz,
                            .fm_audio = dsp::is_fm_audio(info.format),
                            .types = *types,
                            .fixed = *channels,
                            .start = info.start,
                            .orbits = *orbits});
  StreamReader reader(**source, receiver.block_samples());
  const auto result = run(reader, receiver, info.start.has_value());

  if (!options.stats_path.empty()) {
    const double wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto written = write_statistics(
        options.stats_path, statistics(reader, receiver, info, cpu_seconds() - cpu_before, wall_s));
    if (!written) return fail(written.error());
  }
  std::cout.flush();
  if (!std::cout) return fail({"cannot write to standard output", "check where it leads to"});
  return result ? 0 : fail(result.error());
}

}  // namespace omnisonde
