// How often a decoder takes noise or a damaged frame for a good one.
//
//   false_accepts [FRAMES [EVERY [TYPE...]]]      (default: 100000 2, all types)
//
// A flight of the simulator teaches one decoder; its frames, damaged, go up the whole ladder of
// that decoder (one in EVERY) or the cold rungs of one that has never heard anything. A frame that
// passes with content that was not sent is a false accept. One that the taught decoder makes a
// record of that could be uploaded, with a serial or a place that was not sent, is a false record.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "decoders/sonde.hpp"
#include "simulator/flight.hpp"
#include "simulator/transmitter.hpp"

namespace {

using namespace omnisonde;

constexpr UtcMillis kStart = from_civil({2026, 10, 20, 12, 0, 0});
constexpr int kTaughtFrames = 120;

struct Sent {
  std::vector<std::uint8_t> bits;  ///< from the sync on
  Frame frame;                     ///< what they decode to
  ReceiveContext context;
};

struct Flight {
  std::vector<Sent> frames;
  std::unique_ptr<SondeDecoder> taught;
  std::optional<Telemetry> last;  ///< with serial
};

struct Tally {
  std::uint64_t frames = 0, right = 0, cold = 0, taught = 0, records = 0;
};

std::vector<std::uint8_t> data_bits(const std::vector<std::uint8_t>& symbols, const SondeSpec& spec,
                                    std::size_t phase, bool inverted) {
  const bool manchester = spec.modem.line_code == dsp::LineCode::kManchester;
  std::vector<std::uint8_t> bits;
  for (std::size_t i = manchester ? phase + 1 : phase; i < symbols.size();
       i += manchester ? 2 : 1) {
    bits.push_back(symbols[i] ^ (inverted ? 1U : 0U));
  }
  return bits;
}

std::vector<std::size_t> syncs_in(const std::vector<std::uint8_t>& bits, std::string_view sync) {
  std::vector<std::size_t> places;
  const auto same = [](std::uint8_t bit, char c) { return bit == (c == '1' ? 1 : 0); };
  for (auto from = bits.begin();;) {
    const auto at = std::search(from, bits.end(), sync.begin(), sync.end(), same);
    if (at == bits.end()) return places;
    places.push_back(static_cast<std::size_t>(at - bits.begin()));
    from = at + 1;
  }
}

std::vector<float> certain(const std::vector<std::uint8_t>& bits) {
  std::vector<float> llr;
  for (const std::uint8_t bit : bits) llr.push_back(bit != 0 ? 8.0F : -8.0F);
  return llr;
}

// The frames that begin in the first `count` of these symbols and that the decoder takes; they
// teach it.
void learn(const SondeSpec& spec, const std::vector<std::uint8_t>& symbols, std::size_t count,
           UtcMillis now, Flight& flight) {
  if (spec.modem.line_code == dsp::LineCode::kManchester) count /= 2;
  for (const unsigned way : {0U, 1U, 2U, 3U}) {
    const bool inverted = (way & 1U) != 0, second = (way & 2U) != 0;
    if (inverted && !spec.accept_inverted && !spec.random_polarity) continue;
    if (second && spec.modem.line_code != dsp::LineCode::kManchester) continue;
    const auto all = data_bits(symbols, spec, second ? 1 : 0, inverted);
    for (const std::size_t at : syncs_in(all, spec.sync_bits)) {
      if (at >= count) break;
      Sent sent;
      sent.bits.assign(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
      sent.bits.resize(spec.max_frame_bits);
      auto llr = certain(sent.bits);
      sent.bits.resize(flight.taught->frame_bits(llr));
      llr = certain(sent.bits);
      sent.frame.inverted = inverted;
      if (!flight.taught->correct(llr, Effort::kHard, sent.frame)) continue;
      sent.context = {.received = now, .frequency_hz = 403e6};
      auto record = flight.taught->parse(sent.frame, sent.context);
      if (record && !record->serial.empty()) flight.last = std::move(record);
      flight.frames.push_back(std::move(sent));
    }
  }
}

std::optional<Flight> fly(const SondeType& type) {
  const auto transmitter = sim::make_transmitter(type.spec->type, {});
  if (!transmitter) return std::nullopt;
  Flight flight;
  flight.taught = type.make();
  sim::Flight path({.start = {52.21, 14.12, 12'000}, .wind = {{0, 20, 270}}}, kStart);
  const double rate_hz = type.spec->modem.symbol_rate_hz;
  std::vector<std::uint8_t> before;
  double now_s = 0;
  for (int i = 0; i < 20 * kTaughtFrames && flight.frames.size() < kTaughtFrames; ++i) {
    const sim::FlightState state = path.at(now_s);
    auto symbols = transmitter->next_frame(state);
    const double length_s = static_cast<double>(symbols.size()) / rate_hz;
    now_s += std::max(transmitter->burst_period_s(), length_s);
    if (transmitter->burst_period_s() > 0) {
      learn(*type.spec, symbols, symbols.size(), state.utc, flight);
      continue;
    }
    // A frame of a stream may end within the next piece of it.
    const std::size_t begun = before.size();
    before.insert(before.end(), symbols.begin(), symbols.end());
    learn(*type.spec, before, begun, state.utc, flight);
    before = std::move(symbols);
  }
  if (flight.frames.empty()) return std::nullopt;
  return flight;
}

using Random = std::mt19937_64;

double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

// White noise on antipodal signals, as true log-likelihood ratios.
void add_noise(std::vector<float>& llr, double es_n0_db, bool signal, Random& random) {
  const double sigma2 = 0.5 * std::pow(10.0, -es_n0_db / 10);
  std::normal_distribution<double> noise(0, std::sqrt(sigma2));
  for (float& x : llr) {
    const double sent = !signal ? 0 : x > 0 ? 1 : -1;
    x = static_cast<float>(2 * (sent + noise(random)) / sigma2);
  }
}

void flip(std::vector<float>& llr, double share, Random& random) {
  for (float& x : llr) {
    if (uniform(random, 0, 1) < share) x = -x;
  }
}

void overwrite(std::vector<float>& llr, Random& random) {
  const auto bursts = 1 + random() % 8;
  for (std::uint64_t b = 0; b < bursts; ++b) {
    const std::size_t from = random() % llr.size(), length = 8 + random() % 192;
    for (std::size_t i = from; i < std::min(llr.size(), from + length); ++i)
      llr[i] = (random() & 1U) != 0 ? 8.0F : -8.0F;
  }
}

// Half of all is noise, the other half frames damaged up to and far beyond what can be mended.
std::vector<float> damaged(const Sent& sent, std::uint64_t turn, Random& random) {
  auto llr = certain(sent.bits);
  if (turn % 2 == 0) {
    add_noise(llr, uniform(random, -12, 6), false, random);
  } else if (turn % 4 == 1) {
    add_noise(llr, uniform(random, -8, 4), true, random);
  } else if (turn % 8 == 3) {
    flip(llr, uniform(random, 0.005, 0.3), random);
  } else {
    overwrite(llr, random);
  }
  return llr;
}

bool same_content(const Frame& got, const Frame& sent) {
  if (got.bytes.size() != sent.bytes.size()) return false;
  for (std::size_t i = 0; i < got.bytes.size(); ++i) {
    const bool vouched = got.byte_ok.empty() || got.byte_ok[i] != 0;
    if (vouched && got.bytes[i] != sent.bytes[i]) return false;
  }
  return true;
}

// @returns whether it passed on one of the rungs.
bool climb(SondeDecoder& decoder, const std::vector<float>& llr, std::span<const Effort> rungs,
           Frame& out) {
  for (const Effort effort : rungs) {
    std::vector<float> work = llr;
    if (effort >= Effort::kPriors) decoder.add_priors(work);
    out.effort = effort;
    if (decoder.correct(work, effort, out)) return true;
  }
  return false;
}

bool false_record(const Telemetry& record, const Flight& flight) {
  if (!record.hold_reason.empty() || record.serial.empty() || !record.position) return false;
  if (!flight.last || !flight.last->position) return true;
  const GeoPosition &got = *record.position, &sent = *flight.last->position;
  return record.serial != flight.last->serial ||
         std::abs(got.latitude_deg - sent.latitude_deg) > 0.2 ||
         std::abs(got.longitude_deg - sent.longitude_deg) > 0.2 ||
         std::abs(got.altitude_m - sent.altitude_m) > 2000;
}

Tally bombard(const SondeType& type, Flight& flight, std::uint64_t frames, std::uint64_t every) {
  constexpr std::array kCold = {Effort::kHard, Effort::kErasures};
  constexpr std::array kAll = {Effort::kHard, Effort::kErasures, Effort::kPriors, Effort::kDeep};
  const auto cold = type.make();
  Random random(20261020);
  Tally tally;
  Frame frame;
  for (; tally.frames < frames; ++tally.frames) {
    const Sent& sent = flight.frames[random() % flight.frames.size()];
    const auto llr = damaged(sent, tally.frames / every, random);
    const bool taught = tally.frames % every == 0;
    SondeDecoder& decoder = taught ? *flight.taught : *cold;
    frame.inverted = sent.frame.inverted;
    if (!climb(decoder, llr, taught ? std::span<const Effort>(kAll) : kCold, frame)) continue;
    if (same_content(frame, sent.frame)) {
      ++tally.right;
      continue;
    }
    ++(taught ? tally.taught : tally.cold);
    const auto record = flight.taught->parse(frame, flight.frames.back().context);
    tally.records += record && false_record(*record, flight) ? 1 : 0;
  }
  return tally;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t frames = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const std::uint64_t every = argc > 2 ? std::max(1ULL, std::strtoull(argv[2], nullptr, 10)) : 2;
  const std::vector<std::string_view> wanted(argv + std::min(argc, 3), argv + argc);
  std::printf(
      "| type | frames | mended | false, cold | false, taught | false records | CPU us a frame |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const SondeType& type : sonde_types()) {
    const std::string_view name = type.spec->type;
    if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
    auto flight = fly(type);
    if (!flight) {
      std::printf("| %.*s | no frame of the simulator decodes |\n", static_cast<int>(name.size()),
                  name.data());
      return 1;
    }
    const std::clock_t start = std::clock();
    const Tally t = bombard(type, *flight, frames, every);
    const double took_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("| %.*s | %llu | %llu | %llu | %llu | %llu | %.0f |\n",
                static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(t.frames), static_cast<unsigned long long>(t.right),
                static_cast<unsigned long long>(t.cold), static_cast<unsigned long long>(t.taught),
                static_cast<unsigned long long>(t.records),
                1e6 * took_s / static_cast<double>(frames));
    std::fflush(stdout);
  }
}
