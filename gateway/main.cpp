// The program's command line: which sub-command, with which options.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "gateway/bench_command.hpp"
#include "gateway/config.hpp"
#include "gateway/decode_command.hpp"
#include "gateway/run_command.hpp"
#include "gateway/sample_command.hpp"
#include "gateway/source_soapy.hpp"
#include "gateway/test_upload_command.hpp"
#include "gateway/type_list.hpp"
#include "gateway/types_command.hpp"
#include "uploader/record.hpp"

namespace {

using namespace omnisonde;

constexpr int kUsage = 64;  // EX_USAGE of sysexits.h

int usage_fault(const std::string& text) {
  std::cerr << "omnisonde: " << text << '\n';
  return kUsage;
}

struct DecodeArguments {
  DecodeOptions options;
  std::string format = "auto";
  std::string start;
};

CLI::App* add_decode(CLI::App& app, DecodeArguments& arguments) {
  DecodeOptions& options = arguments.options;
  CLI::App* decode = app.add_subcommand(
      "decode", "decode a recording: one JSON object per frame on standard output");
  decode->add_option("INPUT", options.input.path, "WAV, SigMF or raw samples; - is standard input")
      ->required();
  decode->add_option("--format", arguments.format,
                     "auto, wav, cu8, cs8, cs16, cf32 or fm (default: auto)");
  decode->add_option("--sample-rate", options.input.sample_rate_hz, "Hz; required for raw samples");
  decode->add_option("--center", options.input.centre_hz,
                     "RF frequency of 0 Hz, in Hz (default: 0)");
  decode
      ->add_option("--channel", options.channels,
                   "HZ[:TYPE]: decode there without searching; repeatable; an offset when --center "
                   "is absent")
      ->allow_extra_args(false);
  decode->add_option("--types", options.types, "only these types, separated by commas")
      ->delimiter(',');
  decode->add_option("--start", arguments.start, "wall clock of the first sample, ISO 8601");
  decode->add_option("--ephemeris", options.ephemeris_path,
                     "GPS orbits for RS92: RINEX navigation file, SEM or YUMA almanac");
  decode->add_option("--stats", options.stats_path, "write statistics to this file, as JSON");
  return decode;
}

int run_decode(DecodeArguments& arguments) {
  const auto format = parse_file_format(arguments.format);
  if (!format) {
    return usage_fault("--format " + arguments.format +
                       ": no such format (auto, wav, cu8, cs8, cs16, cf32 or fm)");
  }
  arguments.options.input.format = *format;
  if (!arguments.start.empty()) {
    const auto start = parse_iso8601(arguments.start);
    if (!start)
      return usage_fault("--start " + arguments.start +
                         ": no ISO 8601 time (write 2026-10-20T12:00:00Z)");
    arguments.options.input.start = start;
  }
  return decode_command(arguments.options);
}

int list_all_devices() {
  const auto list = list_devices();
  if (!list) {
    std::cerr << "omnisonde: " << list.error().line() << '\n';
    return 1;
  }
  std::cout << describe(*list);
  return 0;
}

int check_file(const std::string& path) {
  ConfigRequest request;
  request.path = path;
  for (const std::string_view name : sonde_type_names()) request.sonde_types.emplace_back(name);
  request.for_run = true;
  bool fatal = false;
  for (const ConfigProblem& problem : check_config(request)) {
    std::cerr << (problem.fatal ? "" : "warning: ") << problem.text() << '\n';
    fatal = fatal || problem.fatal;
  }
  if (fatal) return kExitConfig;
  std::cout << path << ": ok\n";
  return 0;
}

CLI::App* add_with_config(CLI::App& app, const char* name, const char* help, RunOptions& options) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--config", options.config_path, "INI file");
  command
      ->add_option("--set", options.overrides,
                   "section.key=value, goes before the file; repeatable")
      ->allow_extra_args(false);
  return command;
}

CLI::App* add_sample(CLI::App& app, SampleOptions& options) {
  CLI::App* command = app.add_subcommand("sample-telemetry",
                                         "from lines of `omnisonde decode --start`: one upload "
                                         "body per type, for the hub's admission");
  command->add_option("--out", options.folder, "folder for TYPE.json")->required();
  command->add_option("--callsign", options.callsign, "instead of SAMPLE");
  return command;
}

int run(int argc, char** argv) {
  CLI::App app{"omnisonde: every radiosonde in the band at once"};
  app.require_subcommand(1);

  RunOptions run_options;
  CLI::App* run_app =
      add_with_config(app, "run", "receive, decode and upload until stopped", run_options);
  DecodeArguments decode_arguments;
  CLI::App* decode_app = add_decode(app, decode_arguments);
  CLI::App* devices_app = app.add_subcommand("devices", "list the receivers that are plugged in");
  std::string config_file;
  CLI::App* check_app =
      app.add_subcommand("check-config", "check an INI file and name all its faults");
  check_app->add_option("FILE", config_file, "INI file")->required();
  bool types_markdown = false;
  CLI::App* types_app = app.add_subcommand("types", "list what can be decoded");
  types_app->add_flag("--markdown", types_markdown, "as README shows it");
  SampleOptions sample_options;
  CLI::App* sample_app = add_sample(app, sample_options);
  RunOptions test_options;
  CLI::App* test_app = add_with_config(
      app, "test-upload", "send one record to the hub for checking only, and explain its verdict",
      test_options);
  CLI::App* bench_app =
      app.add_subcommand("bench", "measure how many sondes this machine can follow");
  CLI::App* version_app = app.add_subcommand("version", "print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& fault) {
    return usage_fault(std::string(fault.what()) + " (see omnisonde --help)");
  }
  if (*run_app) return run_command(run_options);
  if (*decode_app) return run_decode(decode_arguments);
  if (*devices_app) return list_all_devices();
  if (*check_app) return check_file(config_file);
  if (*bench_app) return bench_command(std::cout);
  if (*types_app) print_types(std::cout, types_markdown);
  if (*sample_app) return sample_command(std::cin, sample_options);
  if (*test_app) return test_upload_command(test_options);
  if (*version_app) std::cout << "omnisonde " << uploader::software_version() << '\n';
  return 0;
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
