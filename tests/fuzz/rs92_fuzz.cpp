// Any bytes as soft bits into the RS92's correction, any bytes into its parser (with orbits), and
// any text into the orbits' reader.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/geo/orbit_files.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/rs92_frame.hpp"

namespace {

using namespace omnisonde;  // NOLINT: a program of its own

constexpr UtcMillis kNow = from_civil({2015, 10, 18, 12, 0, 0});

/// Aborts on a broken promise, in every build.
void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Telemetry& t) {
  require(t.serial.empty() || t.serial.size() == 8);
  require(t.type == "RS92");
  if (t.position) {
    require(std::fabs(t.position->latitude_deg) <= 90);
    require(std::fabs(t.position->longitude_deg) <= 180);
    require(std::isfinite(t.position->altitude_m));
  }
  for (const auto& value : {t.temperature_c, t.humidity_pct, t.pressure_hpa, t.velocity_h_mps,
                            t.velocity_v_mps, t.heading_deg}) {
    require(!value || std::isfinite(*value));
  }
  require(t.position || !t.hold_reason.empty());
}

/// Each byte becomes one soft bit.
void correct_anything(SondeDecoder& decoder, std::span<const std::uint8_t> data, Effort effort) {
  std::vector<float> llr(decoder.frame_bits({}));
  for (std::size_t i = 0; i < std::min(data.size(), llr.size()); ++i) {
    llr[i] = static_cast<float>(static_cast<std::int8_t>(data[i])) / 8;
    if (data[i] == 0x80) llr[i] = NAN;
    if (data[i] == 0x81) llr[i] = INFINITY;
  }
  if (effort >= Effort::kPriors) decoder.add_priors(llr);
  Frame frame;
  if (!decoder.correct(llr, effort, frame)) return;
  require(frame.bytes.size() == rs92::kFrameBytes);
  if (const auto t = decoder.parse(frame, {.received = kNow, .frequency_hz = 403e6})) check(*t);
}

/// One plausible satellite per 8 bytes.
geo::OrbitBook book_from(std::span<const std::uint8_t> data) {
  geo::OrbitBook book;
  for (std::size_t i = 0; i + 8 <= data.size() && i < 8 * 32; i += 8) {
    geo::OrbitElements el;
    el.prn = static_cast<int>(i / 8 + 1);
    el.almanac = (data[i] & 1U) != 0;
    el.toe_s = el.toc_s = geo::to_gps_seconds(geo::gps_time(kNow)) + 100.0 * data[i + 1];
    el.sqrt_a = 5153 + data[i + 2] / 100.0;
    el.eccentricity = data[i + 3] / 1500.0;
    el.m0_rad = data[i + 4] / 40.0;
    el.omega0_rad = data[i + 5] / 40.0;
    el.i0_rad = data[i + 6] / 80.0;
    el.af0_s = data[i + 7] / 1e6;
    book.add(el);
  }
  return book;
}

void put_checksums(std::vector<std::uint8_t>& frame) {
  for (const rs92::FixedByte& fixed : rs92::kFixed) frame[fixed.at] = fixed.value;
  for (const rs92::Block& block : rs92::kBlocks) {
    const auto sum = rs92::checksum(block.of(frame));
    frame[block.at + block.length] = sum[0];
    frame[block.at + block.length + 1] = sum[1];
  }
}

/// Frame after frame with good checksums, so that what one taught meets the next.
void parse_anything(SondeDecoder& decoder, std::span<const std::uint8_t> data) {
  const geo::OrbitBook book = book_from(data);
  for (std::size_t at = 0; at < data.size(); at += rs92::kFrameBytes) {
    const auto part = data.subspan(at, std::min(rs92::kFrameBytes, data.size() - at));
    Frame frame;
    frame.bytes.assign(part.begin(), part.end());
    if (part.size() == rs92::kFrameBytes && part[0] % 8 != 0) put_checksums(frame.bytes);
    const ReceiveContext context{.received = kNow, .frequency_hz = 403e6, .orbits = &book};
    if (const auto t = decoder.parse(frame, context)) check(*t);
    std::vector<float> llr(decoder.frame_bits({}), 0.5F);
    decoder.add_priors(llr);
    correct_anything(decoder, part, Effort::kErasures);
  }
}

void read_any_text(std::span<const std::uint8_t> data) {
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  const auto check_book = [](const Expected<geo::OrbitBook>& book) {
    if (!book) return;
    for (int prn = 1; prn <= 32; ++prn) {
      const geo::OrbitElements* el = book->find(prn, 1.1e9);
      if (el != nullptr) require(std::isfinite(el->toe_s));
    }
  };
  check_book(geo::parse_orbits(text, kNow));
  const std::string rinex =
      "     3.04           NAVIGATION DATA     M                   RINEX VERSION / TYPE\n"
      "                                                            END OF HEADER\n";
  check_book(geo::parse_orbits(rinex + std::string(text), kNow));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// The first byte chooses what is done.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto decoder = find_sonde_type(data[0] % 2 == 0 ? "RS92" : "RS92-NGP")->make();
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  const unsigned choice = data[0] / 2 % 8;
  if (choice < 3) {
    correct_anything(*decoder, rest, static_cast<Effort>(choice));
  } else if (choice == 3) {
    read_any_text(rest);
  } else {
    parse_anything(*decoder, rest);
  }
  return 0;
}
