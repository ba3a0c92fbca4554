// The program's command line: which sub-command, with which options.
#include <CLI/CLI.hpp>
#include <iostream>

#include "gateway/decode_command.hpp"

namespace {

using namespace omnisonde;

void add_decode(CLI::App& app, DecodeOptions& options, std::string& format, std::string& start) {
  CLI::App* decode = app.add_subcommand(
      "decode", "decode a recording; one JSON object per frame to standard output");
  decode->add_option("INPUT", options.input.path, "WAV, SigMF or raw samples; - is standard input")
      ->required();
  decode->add_option("--format", format, "auto, wav, cu8, cs8, cs16, cf32 or fm")
      ->default_str("auto");
  decode->add_option("--sample-rate", options.input.sample_rate_hz, "Hz; required for raw samples");
  decode->add_option("--center", options.input.centre_hz, "RF frequency of 0 Hz, in Hz");
  decode
      ->add_option("--channel", options.channels,
                   "HZ[:TYPE]: decode there without searching; repeatable; an offset when --center "
                   "is absent")
      ->allow_extra_args(false);
  decode->add_option("--types", options.types, "only these types, comma-separated")->delimiter(',');
  decode->add_option("--start", start, "wall clock of the first sample, ISO 8601");
  decode->add_option("--stats", options.stats_path, "write statistics to this file, as JSON");
}

int run_decode(DecodeOptions& options, const std::string& format, const std::string& start) {
  const auto parsed = parse_file_format(format);
  if (!parsed) {
    std::cerr << "omnisonde: --format " << format
              << ": no such format (auto, wav, cu8, cs8, cs16, cf32 or fm)\n";
    return 2;
  }
  options.input.format = *parsed;
  if (!start.empty()) {
    options.input.start = parse_iso8601(start);
    if (!options.input.start) {
      std::cerr << "omnisonde: --start " << start
                << ": no ISO 8601 time (write 2026-10-20T12:00:00Z)\n";
      return 2;
    }
  }
  return decode_command(options);
}

int run(int argc, char** argv) {
  CLI::App app{"omnisonde: every radiosonde in the band at once"};
  app.require_subcommand(1);
  DecodeOptions decode;
  std::string format = "auto", start;
  add_decode(app, decode, format, start);
  CLI11_PARSE(app, argc, argv);
  return run_decode(decode, format, start);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    std::cerr << "omnisonde: " << fault.what() << '\n';
    return 70;  // EX_SOFTWARE: a fault of ours
  }
}
