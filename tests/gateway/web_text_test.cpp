// What the API, the metrics and the page's messages say, as plain text; no sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "gateway/web/api.hpp"
#include "gateway/web/assets.hpp"
#include "gateway/web/metrics.hpp"
#include "gateway/web/status_json.hpp"
#include "tests/gateway/web_sample.hpp"

namespace omnisonde::web {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

StatusProvider sample_provider() {
  return {[](bool with_paths) { return test::sample_status(1, with_paths); },
          [] { return std::vector{test::sample_spectrum(test::sample_status(1, false), 1)}; }};
}

Answer get(std::string_view target) { return answer(target, "", sample_provider()); }

TEST(WebApi, TracksAreListedWithoutAndOneWithItsPath) {
  const json all = json::parse(get("/api/v1/tracks").body);
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(all[0]["serial"], "W2450311");
  EXPECT_EQ(all[0]["state"], "tracking");
  EXPECT_FALSE(all[0].contains("path"));
  const json one = json::parse(get("/api/v1/tracks/W2450311?x=1").body);
  EXPECT_GT(one["path"].size(), 100U);
  EXPECT_EQ(one["path"][0].size(), 4U);
}

TEST(WebApi, AbsentStaysAbsent) {
  GatewayStatus s = test::sample_status(1, false);
  s.tracks.resize(1);
  s.tracks[0].last.humidity_pct.reset();
  s.tracks[0].last.temperature_c = std::numeric_limits<float>::quiet_NaN();
  const json track = json::parse(tracks_document(s))[0];
  EXPECT_FALSE(track.contains("humidity_pct"));
  EXPECT_FALSE(track.contains("temp_c")) << "NaN must not become null";
  EXPECT_TRUE(track.contains("pressure_hpa"));
}

TEST(WebApi, BrokenUtf8FromTheAirIsShownNotThrown) {
  GatewayStatus s = test::sample_status(1, false);
  s.tracks[0].last.serial = "S\xFF\x80 1";
  EXPECT_TRUE(json::accept(tracks_document(s)));
}

TEST(WebApi, PathsAreExact) {
  for (const char* target :
       {"/index.htm", "/../etc/passwd", "//index.html", "/api/v1/", "/app.js/", "/api/v1/tracks/",
        "/api/v1/tracks/../status", "/%69ndex.html", "", "x"}) {
    EXPECT_EQ(get(target).status, 404U) << target;
  }
  EXPECT_EQ(get("/").status, 200U);
  EXPECT_EQ(get("/?from=phone").body, get("/index.html").body);
}

TEST(WebApi, FilesAreNotSentAgainWhenUnchanged) {
  for (const Asset& asset : assets()) {
    const Answer first = get(asset.path);
    EXPECT_EQ(first.status, 200U);
    EXPECT_FALSE(first.body.empty()) << asset.path;
    const Answer second = answer(asset.path, first.etag, sample_provider());
    EXPECT_EQ(second.status, 304U);
    EXPECT_TRUE(second.body.empty());
  }
}

TEST(WebApi, PageLoadsNothingThatIsNotThere) {
  const std::string page = get("/").body;
  for (std::size_t at = 0; (at = page.find("=\"", at)) != std::string::npos; ++at) {
    const std::string value = page.substr(at + 2, page.find('"', at + 2) - at - 2);
    const bool file = value.ends_with(".js") || value.ends_with(".css") || value.ends_with(".svg");
    EXPECT_TRUE(!file || get("/" + value).status == 200U) << value;
  }
  EXPECT_THAT(page, Not(HasSubstr("style=\""))) << "the content policy forbids inline styles";
  EXPECT_THAT(page, Not(HasSubstr("onclick")));
}

TEST(WebApi, HealthNamesTheBrokenStage) {
  StatusProvider provider = sample_provider();
  EXPECT_EQ(answer("/health", "", provider).status, 200U);
  provider.status = [](bool) {
    GatewayStatus s = test::sample_status(1, false);
    s.health[0] = {"receiver", false, "no samples for 12 s: check the dongle and its cable"};
    return s;
  };
  const Answer broken = answer("/health", "", provider);
  EXPECT_EQ(broken.status, 503U);
  const json j = json::parse(broken.body);
  EXPECT_EQ(j["status"], "failing");
  EXPECT_EQ(j["stages"][0]["stage"], "receiver");
  EXPECT_THAT(std::string(j["stages"][0]["reason"]), HasSubstr("no samples"));
}

TEST(WebApi, SpectrumBytesGiveBackThePowers) {
  SpectrumStatus s{"roof", 1, 402.7e6, 2.4e6, {-90.0F, -80.5F, -60.25F, -10.0F, -90.0F}};
  const json j = json::parse(spectrum_message(s));
  EXPECT_EQ(j["points"], 5);
  const std::string text = j["data"];
  ASSERT_EQ(text.size(), 8U);
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<int> bytes;
  for (std::size_t i = 0; i < 8; i += 4) {
    unsigned word = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t digit = kDigits.find(text[i + k]);
      word = word << 6U | static_cast<unsigned>(digit == std::string_view::npos ? 0 : digit);
    }
    for (const unsigned shift : {16U, 8U, 0U})
      bytes.push_back(static_cast<int>(word >> shift & 255U));
  }
  for (std::size_t i = 0; i < s.power_db.size(); ++i) {
    const double back = j["floor_db"].get<double>() + bytes[i] * j["step_db"].get<double>();
    EXPECT_NEAR(back, static_cast<double>(s.power_db[i]), 0.26);
  }
}

TEST(WebMetrics, FollowPrometheusText) {
  GatewayStatus s = test::sample_status(1, false);
  s.outputs[0].rejected = {{"a \"quoted\"\nreason\\", 2}};
  const std::string text = metrics_text(s);
  EXPECT_THAT(text, HasSubstr("# TYPE omnisonde_decode_frames_good_total counter\n"
                              "omnisonde_decode_frames_good_total 21904\n"));
  EXPECT_THAT(text, HasSubstr("reason=\"a \\\"quoted\\\"\\nreason\\\\\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("omnisonde_sondes{type=\"RS41\"} 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("W2450311"))) << "serials would make a series per flight";
}

}  // namespace
}  // namespace omnisonde::web
