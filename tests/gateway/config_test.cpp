// Settings: what is accepted, and that everything else is named with line and remedy, all at once.
#include "gateway/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "gateway/config_keys.hpp"
#include "gateway/config_values.hpp"
#include "gateway/ini_file.hpp"

namespace omnisonde {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// A configuration file that is gone after the test.
class ConfigText : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  ConfigRequest request(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    ConfigRequest out;
    out.path = path_;
    out.sonde_types = {"RS41", "DFM"};
    return out;
  }

  Config load(const std::string& text) {
    auto config = load_config(request(text));
    EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().what);
    return config.ok() ? *config : Config{};
  }

  /// The problems of `text`, the file's name cut off: "3: [band] min_mhz: ...".
  std::vector<std::string> problems(const std::string& text) {
    std::vector<std::string> out;
    for (const ConfigProblem& p : check_config(request(text))) {
      std::string line = p.text();
      if (line.starts_with(path_)) line.erase(0, path_.size() + 1);
      out.push_back(line);
    }
    return out;
  }

  const std::string path_ = ::testing::TempDir() + "omnisonde_config_" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                            ".ini";
};

using Ini = ConfigText;
using ConfigErrors = ConfigText;

TEST_F(ConfigText, TakesEveryKindOfValue) {
  const Config c = load(
      "[station]\ncallsign = DL1ABC-9\nlatitude_deg = 48.1\nlongitude_deg = -11.5\n"
      "altitude_m = 520\nantenna = Yagi #2 (5 elements)\n"
      "[sdr:roof]\ndriver = rtlsdr\nserial = 00000001\ngain_db = 40.2 ; dB\nbias_tee = yes\n"
      "frequency_error_ppm = -1.5\ncenter_mhz = 403.0\nsample_rate_hz = 2048000\n"
      "[sdr:attic]\ndriver = airspy\ngain_db = agc\n"
      "[frequencies]\nonly_mhz = 402.3,\n   403.01, 404\nfixed_mhz = 401.5:rs41\n"
      "[decode]\ntypes = dfm\nencrypted = log\n"
      "[sondehub]\npublish_position = coarse\n"
      "[mqtt:home]\nurl = wss://broker.example:443/x/y\nqos = 0\n"
      "[web]\nlisten = [::]:8080\n");
  EXPECT_EQ(c.station.callsign, "DL1ABC-9");
  EXPECT_EQ(c.station.antenna, "Yagi #2 (5 elements)");
  EXPECT_DOUBLE_EQ(*c.station.longitude_deg, -11.5);
  ASSERT_EQ(c.sdr.size(), 2U);
  EXPECT_EQ(c.sdr[0].name, "roof");
  EXPECT_EQ(c.sdr[0].serial, "00000001");
  ASSERT_TRUE(c.sdr[0].gain_db.has_value());
  EXPECT_FALSE(c.sdr[0].gain_auto || c.sdr[1].gain_auto || c.sdr[0].frequency_error_auto);
  EXPECT_DOUBLE_EQ(*c.sdr[0].gain_db, 40.2);
  EXPECT_TRUE(c.sdr[0].bias_tee);
  EXPECT_DOUBLE_EQ(c.sdr[0].frequency_error_ppm, -1.5);
  EXPECT_DOUBLE_EQ(*c.sdr[0].center_mhz, 403);
  EXPECT_FALSE(c.sdr[1].gain_db.has_value());
  EXPECT_DOUBLE_EQ(c.sdr[1].frequency_error_ppm, 0);
  EXPECT_FALSE(c.sdr[1].center_mhz.has_value());
  EXPECT_THAT(c.frequencies.only_mhz, ElementsAre(402.3, 403.01, 404));
  ASSERT_EQ(c.frequencies.fixed_mhz.size(), 1U);
  EXPECT_EQ(c.frequencies.fixed_mhz[0].type, "RS41");
  EXPECT_THAT(c.decode.types, ElementsAre("DFM"));
  EXPECT_EQ(c.decode.encrypted, EncryptedMode::kLog);
  EXPECT_EQ(c.sondehub.publish_position, PublishPosition::kCoarse);
  ASSERT_EQ(c.mqtt.size(), 1U);
  EXPECT_EQ(c.mqtt[0].name, "home");
  EXPECT_EQ(c.mqtt[0].qos, 0);
  EXPECT_EQ(c.web.address, "::");
  EXPECT_EQ(c.web.port, 8080);
}

TEST_F(ConfigText, EmptyFileGivesTheDefaultsOfTheTable) {
  const Config c = load("");
  EXPECT_DOUBLE_EQ(c.band.min_mhz, 400.05);
  EXPECT_DOUBLE_EQ(c.band.max_mhz, 406);
  EXPECT_EQ(c.decode.max_tracks, 32);
  EXPECT_DOUBLE_EQ(c.decode.track_timeout_s, 600);
  EXPECT_EQ(c.sondehub.url, "https://api.v2.sondehub.org");
  EXPECT_EQ(c.web.address, "0.0.0.0");
  EXPECT_EQ(c.web.port, 8073);
  EXPECT_FALSE(c.sondehub.enabled) << "without a callsign nothing may be uploaded";
  EXPECT_TRUE(load("[station]\ncallsign = DL1ABC\n").sondehub.enabled);
}

TEST_F(ConfigText, OverridesWinAndAreCheckedAlike) {
  const auto self = load_config(
      request("[sdr:roof]\ndriver = rtlsdr\ngain_db = auto\nfrequency_error_ppm = auto\n"));
  ASSERT_TRUE(self) << self.error().what;
  EXPECT_TRUE(self->sdr[0].gain_auto && self->sdr[0].frequency_error_auto);
  EXPECT_FALSE(self->sdr[0].gain_db.has_value());

  ConfigRequest r = request("[sdr:roof]\ndriver = rtlsdr\ngain_db = 30\n");
  r.overrides = {"sdr:roof.gain_db=40", "sdr:roof.gain_db=45", "sdr:sim.driver=sondesim",
                 "web.listen=off"};
  const auto config = load_config(r);
  ASSERT_TRUE(config.ok()) << config.error().what;
  EXPECT_DOUBLE_EQ(config->sdr[0].gain_db.value_or(0), 45);
  EXPECT_EQ(config->sdr[1].driver, "sondesim");
  EXPECT_FALSE(config->web.enabled);

  r.overrides = {"band.min_mhz=410", "bnad.min_mhz=400", "nonsense"};
  const auto bad = check_config(r);
  ASSERT_EQ(bad.size(), 3U);
  for (const ConfigProblem& p : bad) EXPECT_THAT(p.text(), StartsWith("--set: "));
}

TEST_F(ConfigErrors, AreReportedAllAtOnceByLine) {
  EXPECT_THAT(
      problems("[station]\nlatitude_deg = 100\n[sdr:roof]\ndriver = rtlsdr\nsample_rat = 2400000\n"
               "gain_db = 40dB\ncenter_mhz = 403000000\n[bnad]\nmin_mhz = 400\n[web]\nbanana\n"),
      ElementsAre(
          AllOf(StartsWith("2: [station] latitude_deg: `100` is outside -90 to 90 deg")),
          AllOf(StartsWith("5: [sdr:roof] sample_rat: unknown key, did you mean sample_rate_hz?")),
          AllOf(StartsWith("6: [sdr:roof] gain_db:"), HasSubstr("always dB, write 40")),
          AllOf(StartsWith("7: [sdr:roof] center_mhz:"), HasSubstr("looks like Hz"),
                HasSubstr("403")),
          AllOf(StartsWith("8: [bnad]: unknown section, did you mean [band]?")),
          AllOf(StartsWith("11: "), HasSubstr("`banana`"))));
}

TEST_F(ConfigErrors, LoadFailsWithOneLineEach) {
  const auto config = load_config(request("[band]\nmin_mhz = 410\nmax_mhz = 402\nx = 1\n"));
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().what, HasSubstr("[band] max_mhz: min_mhz 410 is not below"));
  EXPECT_EQ(std::count(config.error().what.begin(), config.error().what.end(), '\n'), 1);
}

TEST_F(ConfigErrors, NameTheUnitThatWasMeant) {
  EXPECT_THAT(problems("[band]\nmin_mhz = 400050\n"), ElementsAre(HasSubstr("looks like kHz")));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\nsample_rate_hz = 2.4\n"),
              ElementsAre(AllOf(HasSubstr("looks like MHz"), HasSubstr("2400000"))));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\nsample_rate_hz = 2.4M\n"),
              ElementsAre(HasSubstr("write 2400000")));
  EXPECT_THAT(problems("[filter]\nmax_altitude_m = 50 km\n"),
              ElementsAre(HasSubstr("write 50000")));
  EXPECT_THAT(problems("[band]\nmin_mhz = 400,05\n"), ElementsAre(HasSubstr("400.05")));
  EXPECT_THAT(problems("[band]\nmin_mhz = 401 # low end\n"),
              ElementsAre(HasSubstr("comment after a value begins with ` ;`")));
}

TEST_F(ConfigErrors, SampleRatesMustFitTheChannelizer) {
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\nsample_rate_hz = 2800000\n"),
              ElementsAre(AllOf(HasSubstr("2560000"), HasSubstr("3000000"))));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\nsample_rate_hz = 2400500\n"),
              ElementsAre(HasSubstr("2400000")));
  for (const double hz : {1.024e6, 2.048e6, 2.4e6, 2.5e6, 3e6, 3.2e6, 6e6, 10e6}) {
    EXPECT_TRUE(is_supported_sample_rate(hz)) << hz;
  }
  for (const double hz : {2.8e6, 2.4e6 + 1, 0.0, -1.0, 7e6}) {
    EXPECT_FALSE(is_supported_sample_rate(hz)) << hz;
  }
}

TEST_F(ConfigErrors, ImpossibleCombinationsAreNamed) {
  EXPECT_THAT(problems("[station]\nlatitude_deg = 0\nlongitude_deg = 0\n"),
              ElementsAre(StartsWith("2: [station] latitude_deg: 0, 0")));
  EXPECT_THAT(problems("[station]\nlatitude_deg = 48\n"),
              ElementsAre(HasSubstr("longitude_deg is missing")));
  EXPECT_THAT(problems("[frequencies]\nonly_mhz = 402, 1680\n"),
              ElementsAre(HasSubstr("1680 lies outside [band]")));
  EXPECT_THAT(problems("[sdr:a]\ngain_db = 1\n"), ElementsAre(HasSubstr("driver is missing")));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\n[sdr:b]\ndriver = x\n"),
              ElementsAre(HasSubstr("same receiver as [sdr:a]")));
  EXPECT_THAT(problems("[sondehub]\nenabled = yes\n"),
              ElementsAre(HasSubstr("need a [station] callsign")));
  EXPECT_THAT(problems("[station]\ncallsign = X1Y\n[mqtt:a]\nqos = 1\n"),
              ElementsAre(HasSubstr("url is missing")));
  EXPECT_THAT(problems("[mqtt]\nurl = ws://x\n"), ElementsAre(HasSubstr("write [mqtt:NAME]")));
  EXPECT_THAT(problems("[band:x]\n"), ElementsAre(HasSubstr("write [band]")));
  EXPECT_THAT(problems("[band]\ncallsign = X\n"), ElementsAre(HasSubstr("into [station]")));
}

TEST_F(ConfigErrors, WordsAndTypesGetTheNearestValidOne) {
  EXPECT_THAT(problems("[decode]\ntypes = RS41, DMF\n"), ElementsAre(HasSubstr("mean DFM?")));
  EXPECT_THAT(problems("[decode]\nencrypted = lsit\n"), ElementsAre(HasSubstr("mean list?")));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\nbias_tee = on\n"),
              ElementsAre(HasSubstr("write yes")));
  EXPECT_THAT(problems("[frequencies]\nfixed_mhz = 402.1\n"), ElementsAre(HasSubstr("no type")));
  EXPECT_THAT(problems("[frequencies]\nonly_mhz = [402.1]\n"),
              ElementsAre(HasSubstr("without brackets")));
  EXPECT_THAT(problems("[web]\nlisten = 8073\n"), ElementsAre(HasSubstr("not address:port")));
  EXPECT_THAT(problems("[sondehub]\nurl = api.v2.sondehub.org\n"),
              ElementsAre(HasSubstr("https://host")));
  EXPECT_THAT(problems("[sdr:a]\ndriver = x\ngain = 3\n"), ElementsAre(HasSubstr("gain_db?")));
}

TEST_F(ConfigErrors, SecretsInAddressesAreNotRepeated) {
  EXPECT_THAT(problems("[station]\ncallsign = X1Y\n[mqtt:a]\nurl = ws://me:hunter2@host/\n"),
              testing::Contains(Not(HasSubstr("hunter2"))));
}

TEST_F(ConfigErrors, DaemonNeedsAReceiver) {
  ConfigRequest r = request("");
  r.for_run = true;
  EXPECT_FALSE(load_config(r).ok());
  r = request("[sdr:a]\ndriver = rtlsdr\n");
  r.for_run = true;
  const auto config = load_config(r);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->warnings.size(), 2U) << "no callsign and no position are warnings";
}

TEST_F(ConfigErrors, MissingFileIsNamed) {
  const auto config = load_config("/nowhere/omnisonde.ini");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().what, HasSubstr("/nowhere/omnisonde.ini: cannot read"));
}

TEST_F(Ini, LinesAreCountedThroughCommentsContinuationsAndBom) {
  std::istringstream in(
      "\xEF\xBB\xBF# c\n[a]\n\n  x = 1\r\n  y = 2 ; c\n; c\nz = 1,\n\t2\n\n[b]\n x=3");
  const IniFile f = parse_ini(in);
  EXPECT_THAT(f.problems, IsEmpty());
  ASSERT_EQ(f.sections.size(), 2U);
  EXPECT_EQ(f.sections[1].line, 10);
  ASSERT_EQ(f.entries.size(), 4U);
  EXPECT_EQ(f.entries[0].line, 4);
  EXPECT_EQ(f.entries[0].value, "1");
  EXPECT_EQ(f.entries[1].value, "2");
  EXPECT_EQ(f.entries[2].line, 7);
  EXPECT_EQ(f.entries[2].value, "1, 2");
  EXPECT_EQ(f.entries[2].continued_line, 8);
  EXPECT_EQ(f.entries[3].section, "b");
  EXPECT_EQ(f.entries[3].line, 11);
}

TEST_F(Ini, LongLinesDuplicatesAndStrayTextAreProblems) {
  std::istringstream in("[a]\nx = " + std::string(300, '1') + "\ny = 1\ny = 2\n[a]\n[open\nword\n" +
                        "# " + std::string(400, 'c') + "\n");
  const IniFile f = parse_ini(in);
  ASSERT_EQ(f.problems.size(), 5U);
  EXPECT_EQ(f.problems[0].line, 2);
  EXPECT_THAT(f.problems[0].what, HasSubstr("304 characters"));
  EXPECT_EQ(f.problems[1].line, 4);
  EXPECT_THAT(f.problems[1].what, HasSubstr("first in line 3"));
  EXPECT_EQ(f.problems[2].line, 5);
  EXPECT_THAT(f.problems[2].what, HasSubstr("section given twice, first in line 1"));
  EXPECT_EQ(f.problems[3].line, 6);
  EXPECT_EQ(f.problems[4].line, 7);
}

TEST_F(Ini, AnyBytesAreTaken) {
  std::uint32_t state = 1;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 400; ++i) {
      state = state * 1664525U + 1013904223U;
      constexpr std::string_view kAlphabet = "[]=:;#\n\r\t ,.abz019\0\x80\xFF";
      text += kAlphabet[(state >> 24) % kAlphabet.size()];
    }
    for (const ConfigProblem& p : check_config(request(text))) EXPECT_FALSE(p.what.empty());
  }
}

TEST(ConfigKeys, EveryDefaultPassesItsOwnCheck) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const KeySpec& key : config_keys()) {
    EXPECT_TRUE(seen.emplace(key.section, key.key).second) << key.section << "." << key.key;
    EXPECT_FALSE(key.help.empty()) << key.key;
    if (key.default_value.empty()) continue;
    const auto value = parse_value(key, key.default_value, {});
    EXPECT_TRUE(value.ok()) << key.section << "." << key.key;
  }
}

TEST(ConfigKeys, NamesEndInTheirUnit) {
  const std::pair<std::string_view, std::string_view> suffixes[] = {
      {"MHz", "_mhz"}, {"kHz", "_khz"}, {"Hz", "_hz"},  {"dB", "_db"}, {"ppm", "_ppm"},
      {"s", "_s"},     {"h", "_h"},     {"km", "_km"},  {"m", "_m"},   {"m/s", "_m_s"},
      {"deg", "_deg"}, {"MB", "_mb"},   {"min", "_min"}};
  for (const KeySpec& key : config_keys()) {
    for (const auto& [unit, suffix] : suffixes) {
      EXPECT_TRUE(key.unit != unit || key.key.ends_with(suffix)) << key.key;
    }
  }
}

TEST(ConfigKeys, ReferenceInDocsIsTheTable) {
  std::ifstream in(OMNISONDE_SOURCE_DIR "/docs/configuration.md");
  ASSERT_TRUE(in) << "docs/configuration.md is missing";
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, HasSubstr(config_reference()))
      << "run `config_reference docs/configuration.md` from the build folder's bin";
}

TEST(ConfigKeys, ShippedExampleIsValid) {
  ConfigRequest r;
  r.path = OMNISONDE_SOURCE_DIR "/config/omnisonde.ini";
  for (const ConfigProblem& p : check_config(r)) ADD_FAILURE() << p.text();
}

TEST(ConfigKeys, EveryCommentedKeyOfTheExampleIsValidToo) {
  std::ifstream in(OMNISONDE_SOURCE_DIR "/config/omnisonde.ini");
  ASSERT_TRUE(in);
  const std::string path = ::testing::TempDir() + "omnisonde_example.ini";
  std::ofstream out(path);
  for (std::string line; std::getline(in, line);) {
    // "#key = value" and "#[section]" are switched on; "# text" stays a comment.
    const bool off = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out << (off ? line.substr(1) : line) << '\n';
  }
  out.close();
  ConfigRequest r;
  r.path = path;
  r.overrides = {"station.callsign=DL1ABC"};
  r.sonde_types = {"RS41", "DFM"};
  for (const ConfigProblem& p : check_config(r)) ADD_FAILURE() << p.text();
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace omnisonde
