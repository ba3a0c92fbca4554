// sondesim: writes a scenario's samples, and the truth, to files.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/system_clock.hpp"
#include "simulator/quantise.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "simulator/stream_generator.hpp"
#include "simulator/truth_json.hpp"

namespace {

using namespace omnisonde;

struct Arguments {
  std::string scenario, out = "-", format, truth, ephemeris, start, seed;
  double duration_s = -1;
  std::vector<std::string> settings;
};

/// The options are shorthand for scenario keys.
std::vector<std::string> overrides(const Arguments& arguments) {
  std::vector<std::string> all = arguments.settings;
  if (!arguments.start.empty()) all.push_back("stream.start=" + arguments.start);
  if (!arguments.seed.empty()) all.push_back("stream.seed=" + arguments.seed);
  if (!arguments.format.empty() && arguments.format != "wav") {
    all.push_back("stream.format=" + arguments.format);
  }
  return all;
}

/// RIFF header for two channels (I, Q) of 16 bits. A size that is not known or does not fit is
/// written as the largest one, which readers take as "until the end".
std::array<unsigned char, 44> wav_header(double rate_hz, double samples) {
  std::array<unsigned char, 44> header{};
  std::memcpy(header.data(), "RIFF....WAVEfmt ", 16);
  std::memcpy(header.data() + 36, "data", 4);
  const auto put = [&](std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      header[at + i] = static_cast<unsigned char>(value >> (8 * i));
    }
  };
  const double bytes = samples > 0 ? samples * 4 : 4e9 + 4e9;
  const auto rate = static_cast<std::uint32_t>(rate_hz);
  const bool fits = bytes < 4294967295.0 - 36;
  put(4, fits ? static_cast<std::uint32_t>(bytes) + 36 : 0xFFFFFFFF, 4);
  put(16, 16, 4);  // size of the format chunk
  put(20, 1, 2);   // integers
  put(22, 2, 2);   // channels
  put(24, rate, 4);
  put(28, rate * 4, 4);  // bytes per second
  put(32, 4, 2);         // bytes per frame
  put(34, 16, 2);        // bits
  put(40, fits ? static_cast<std::uint32_t>(bytes) : 0xFFFFFFFF, 4);
  return header;
}

Error write_error(const std::string& name) {
  return {"cannot write " + name + ": " + std::strerror(errno), "check folder, rights and space"};
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

Expected<void> write_stream(sim::StreamGenerator& generator, const sim::StreamSpec& spec, bool wav,
                            const Arguments& arguments) {
  File opened;
  std::FILE* out = stdout;
  if (arguments.out != "-") {
    opened.reset(std::fopen(arguments.out.c_str(), "wb"));
    if (opened == nullptr) return write_error(arguments.out);
    out = opened.get();
  }
  std::ofstream truth;
  if (!arguments.truth.empty()) {
    truth.open(arguments.truth);
    if (!truth) return write_error(arguments.truth);
  }
  const double total = std::round(spec.duration_s * spec.sample_rate_hz);
  if (wav) {
    const auto header = wav_header(spec.sample_rate_hz, total);
    if (std::fwrite(header.data(), 1, header.size(), out) != header.size()) {
      return write_error(arguments.out);
    }
  }
  std::vector<dsp::Sample> samples(generator.block_samples());
  std::vector<std::byte> bytes(samples.size() * dsp::bytes_per_sample(spec.format));
  for (double done = 0; spec.duration_s <= 0 || done < total;) {
    const double left = spec.duration_s > 0 ? total - done : 1e18;
    const auto count = std::min(samples.size(), static_cast<std::size_t>(left));
    const std::span<dsp::Sample> block = std::span(samples).first(count);
    generator.next_block(block);
    sim::quantise(spec.format, block, bytes);
    const std::size_t size = count * dsp::bytes_per_sample(spec.format);
    if (std::fwrite(bytes.data(), 1, size, out) != size) return write_error(arguments.out);
    for (const Telemetry& record : generator.take_truth()) {
      truth << sim::truth_json_line(record) << '\n';
    }
    done += static_cast<double>(count);
  }
  if (std::fflush(out) != 0) return write_error(arguments.out);
  truth.flush();
  if (!arguments.truth.empty() && !truth) return write_error(arguments.truth);
  return {};
}

Expected<void> run(const Arguments& arguments) {
  Expected<sim::Scenario> scenario = sim::load_scenario(arguments.scenario, overrides(arguments));
  if (!scenario) return scenario.error();
  const bool wav = arguments.format == "wav";
  if (wav) scenario->stream.format = dsp::SampleFormat::kCs16;
  if (arguments.duration_s >= 0) scenario->stream.duration_s = arguments.duration_s;
  if (scenario->stream.duration_s <= 0 && arguments.out != "-") {
    return Error{"the scenario is endless and would fill " + arguments.out, "give --duration S"};
  }
  if (arguments.out == "-" && isatty(STDOUT_FILENO) == 1) {
    return Error{"samples would go to the terminal", "give --out FILE or a pipe"};
  }
  if (!arguments.ephemeris.empty()) {
    std::ofstream orbits(arguments.ephemeris);
    orbits << sim::gps_rinex(scenario->stream.start.value_or(system_now()));
    orbits.flush();
    if (!orbits) return write_error(arguments.ephemeris);
  }
  Expected<sim::StreamGenerator> generator = sim::StreamGenerator::create(*scenario);
  if (!generator) return generator.error();
  return write_stream(*generator, scenario->stream, wav, arguments);
}

/// @returns the exit status.
int parse_and_run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Writes the samples that a receiver would get from simulated radiosondes.");
  app.add_option("scenario", arguments.scenario, "scenario file (see docs/simulator.md)")
      ->required();
  app.add_option("--out", arguments.out, "file for the samples; - is standard output");
  app.add_option("--format", arguments.format, "instead of the scenario's")
      ->check(CLI::IsMember({"cu8", "cs8", "cs16", "cf32", "wav"}));
  app.add_option("--duration", arguments.duration_s, "seconds; 0 is endless")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--truth", arguments.truth, "file for what was sent, as JSON lines");
  app.add_option("--ephemeris", arguments.ephemeris,
                 "file for the orbits of the simulated GPS satellites (RINEX), which RS92 need");
  app.add_option("--start", arguments.start, "UTC of the first sample, ISO 8601, or now");
  app.add_option("--seed", arguments.seed, "of noise and fading");
  app.add_option("--set", arguments.settings, "section.key=value (sonde:A.ebn0_db=12); repeatable");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) return app.exit(fault);
    std::fprintf(stderr, "sondesim: %s (see sondesim --help)\n", fault.what());
    return 64;
  }
  const Expected<void> done = run(arguments);
  if (done) return 0;
  std::fprintf(stderr, "sondesim: %s\n", done.error().line().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& fault) {  // out of memory and the like
    std::fprintf(stderr, "sondesim: %s\n", fault.what());
    return 1;
  }
}
