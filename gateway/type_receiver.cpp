#include "gateway/type_receiver.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/afsk_audio_demod.hpp"
#include "dsp/afsk_demod.hpp"
#include "dsp/audio_demod.hpp"
#include "dsp/fsk_demod.hpp"

namespace omnisonde {
namespace {

constexpr double kMargin_bits = 8;         // samples that the demodulator wants after a frame
constexpr std::size_t kShortFrame = 1000;  // bits: the dearest block costs nothing on such
constexpr std::size_t kLongSync = 32;      // bits that give timing and carrier by themselves
constexpr double kPlausibleStep_hz = 250;  // of a carrier from one frame to the next
constexpr std::size_t kMaxPending = 12;
constexpr float kBesideSync_db = 1.5F;
constexpr double kDeepPerSecond = 3, kDeepBurst = 6;
constexpr double kTryPerSecond = 6, kTryBurst = 12;
constexpr float kNearBest = 0.9F;
constexpr double kBestScoreLife_s = 20;  // several periods of the slowest type

// Score at which a search takes a place for a sync: about 4.7 standard deviations of noise, less
// for short patterns, whose frames are cheap to try and refused by their own checks.
float search_threshold(double pattern_symbols) {
  return static_cast<float>(std::min(4.7 / std::sqrt(pattern_symbols), 0.64));
}

std::unique_ptr<dsp::FrameDemod> make_demod(const dsp::ModemParams& modem, double rate_hz,
                                            dsp::SignalKind kind,
                                            std::shared_ptr<dsp::Workspace> workspace) {
  if (modem.modulation == dsp::Modulation::kAfsk) {
    if (kind == dsp::SignalKind::kFmAudio)
      return std::make_unique<dsp::AfskAudioDemod>(modem, rate_hz, kind);
    return std::make_unique<dsp::AfskDemod>(modem, rate_hz);
  }
  if (kind == dsp::SignalKind::kFmAudio) return std::make_unique<dsp::AudioDemod>(modem, rate_hz);
  return std::make_unique<dsp::FskDemod>(modem, rate_hz, std::move(workspace));
}

std::shared_ptr<dsp::SearchBuffers> search_buffers(std::shared_ptr<dsp::Workspace> workspace) {
  dsp::SearchBuffers* buffers = &workspace->search;
  return {std::move(workspace), buffers};
}

}  // namespace

TypeReceiver::TypeReceiver(const SondeType& type, double rate_hz, dsp::SignalKind kind,
                           std::shared_ptr<const OrbitShelf> orbits,
                           std::shared_ptr<dsp::Workspace> workspace)
    : type_(&type),
      rate_hz_(rate_hz),
      kind_(kind),
      workspace_(workspace ? std::move(workspace) : std::make_shared<dsp::Workspace>()),
      search_(type.spec->modem, type.spec->sync_bits, type.spec->accept_inverted, rate_hz, kind,
              search_buffers(workspace_)),
      demod_(make_demod(type.spec->modem, rate_hz, kind, workspace_)),
      decoder_(type.make()),
      orbits_(std::move(orbits)),
      threshold_(
          search_threshold(search_.pattern_samples() * type.spec->modem.symbol_rate_hz / rate_hz)),
      try_tokens_(kTryBurst),
      deep_tokens_(kDeepBurst) {
  const SondeSpec& spec = *type.spec;
  if (kind != dsp::SignalKind::kIq || spec.modem.modulation != dsp::Modulation::kFsk) return;
  quick_search_.emplace(spec.modem, spec.sync_bits, spec.accept_inverted, rate_hz,
                        dsp::SignalKind::kFmAudio, search_buffers(workspace_));
  if (spec.modem.line_code == dsp::LineCode::kManchester) return;
  const auto ones = static_cast<double>(std::ranges::count(spec.sync_bits, '1'));
  sync_mean_ = 2 * ones / static_cast<double>(spec.sync_bits.size()) - 1;
}

void TypeReceiver::earn_tokens(double seconds) {
  deep_tokens_ = std::min(kDeepBurst, deep_tokens_ + kDeepPerSecond * seconds);
  try_tokens_ = std::min(kTryBurst, try_tokens_ + kTryPerSecond * seconds);
  best_score_ *= static_cast<float>(std::exp(-seconds / kBestScoreLife_s));
}

double TypeReceiver::samples(std::size_t bits) const {
  const double scale = lock_ ? lock_->unit_scale : 1.0;
  return static_cast<double>(bits) * demod_->unit_samples() * scale;
}

double TypeReceiver::period() const {
  return spec().frame_period_s * rate_hz_ * (lock_ ? lock_->unit_scale : 1.0);
}

void TypeReceiver::recentre(double hz) {
  if (lock_) lock_->carrier_hz -= hz;
  for (Pending& p : pending_) p.fit.carrier_hz -= hz;
}

void TypeReceiver::gap(std::int64_t next_index) {
  pending_.clear();
  searched_to_ = next_index;
  if (lock_) lock_->missed = kMaxMissed;  // the flywheel's clock is void
}

void TypeReceiver::process(const dsp::SampleRing& ring, const StreamClock& clock, double centre_hz,
                           double reach_hz, const dsp::SampleRing* audio,
                           std::vector<GoodFrame>& out) {
  find_syncs(ring, reach_hz, audio);
  finish_pending(ring, clock, centre_hz, out);
}

// Some types' content resembles their sync all through the frame (RS92: start and stop bits; iMet:
// runs of one tone). The scarcer the tries, the nearer to the best of late a place must come.
bool TypeReceiver::worth_a_try(float score) {
  best_score_ = std::max(best_score_, score);
  const auto scarcity = static_cast<float>(1 - try_tokens_ / kTryBurst);
  const float least = threshold_ + (kNearBest * best_score_ - threshold_) * scarcity;
  if (try_tokens_ < 1 || score < least) return false;
  try_tokens_ -= 1;
  return true;
}

void TypeReceiver::add_hit(const dsp::SyncHit& hit, bool predicted) {
  if (hit.start < decoded_to_ - 2 * demod_->unit_samples()) return;
  // At the end of a stretch a place beside the sync can look like one, until the next stretch.
  const double near = 1.5 * rate_hz_ / spec().modem.symbol_rate_hz;
  const auto beside = std::ranges::find_if(
      pending_, [&](const Pending& p) { return std::abs(p.fit.start - hit.start) < near; });
  if (beside != pending_.end()) {
    if (beside->score >= hit.score) return;
    pending_.erase(beside);
  } else if (!identified() && !worth_a_try(hit.score)) {
    return;
  }
  if (pending_.size() >= kMaxPending) {
    const auto weakest = std::ranges::min_element(pending_, {}, &Pending::score);
    if (weakest->score >= hit.score) return;
    pending_.erase(weakest);
  }
  Pending p;
  p.fit = {.start = hit.start,
           .unit_scale = lock_ ? lock_->unit_scale : 1.0,
           .carrier_hz = hit.carrier_hz};
  p.inverted = hit.inverted;
  p.score = hit.score;
  p.predicted = predicted;
  pending_.push_back(p);
}

void TypeReceiver::finish_pending(const dsp::SampleRing& ring, const StreamClock& clock,
                                  double centre_hz, std::vector<GoodFrame>& out) {
  const auto complete = [&](const Pending& p, std::size_t bits) {
    return static_cast<double>(ring.end()) >=
           p.fit.start + samples(bits) + kMargin_bits * demod_->unit_samples();
  };
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& p = pending_[i];
    const bool head_ready = p.bits != 0 || complete(p, spec().head_bits);
    if (!head_ready || (p.bits == 0 && !read_head(ring, p)) || !complete(p, p.bits)) {
      ++i;
      continue;
    }
    const Pending done = p;
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    if (done.fit.start < decoded_to_ - 2 * demod_->unit_samples()) continue;  // inside a good frame
    if (done.score >= threshold_) ++counts_.syncs;
    count_try(done.bits);
    if (decode(ring, done)) {
      good_frame(done, clock, centre_hz, out);
      i = 0;
    } else {
      bad_frame(done);
    }
  }
}

bool TypeReceiver::read_head(const dsp::SampleRing& ring, Pending& pending) {
  if (spec().head_bits >= spec().max_frame_bits) {
    pending.bits = spec().max_frame_bits;
    return true;
  }
  llr_.resize(spec().head_bits);
  demod_->load(ring, pending.fit, llr_.size());
  demod_->refine_on_known(spec().sync_bits, pending.inverted);
  pending.fit = demod_->fit();
  demod_->detect(3, llr_);
  if (pending.inverted) {
    for (float& x : llr_) x = -x;
  }
  pending.bits = decoder_->frame_bits(llr_);
  return true;
}

bool TypeReceiver::attempt(Effort effort, bool inverted) {
  work_ = llr_;
  if (inverted) {
    for (float& x : work_) x = -x;
  }
  if (effort >= Effort::kPriors) decoder_->add_priors(work_);
  frame_.inverted = inverted;
  frame_.effort = effort;
  return decoder_->correct(work_, effort, frame_);
}

bool TypeReceiver::decode(const dsp::SampleRing& ring, const Pending& pending) {
  demod_->load(ring, pending.fit, pending.bits);
  demod_->refine_on_known(spec().sync_bits, pending.inverted);
  if (pending.predicted && spec().sync_bits.size() < kLongSync &&
      std::abs(demod_->fit().carrier_hz - pending.fit.carrier_hz) > kPlausibleStep_hz) {
    // So few known bits can mistake the carrier by a bit rate; the flight knows better.
    dsp::FrameFit fit = demod_->fit();
    fit.carrier_hz = pending.fit.carrier_hz;
    demod_->load(ring, fit, pending.bits);
  }
  settle_carrier(ring, pending);
  llr_.resize(pending.bits);
  const bool good = decide(ring, pending);
  if (good && !identified()) {
    choose_carrier(ring, pending);
    // Units of one type differ by a fifth; short frames look for themselves.
    if (pending.bits >= kShortFrame) demod_->adapt_deviation(llr_);
  }
  return good;
}

// A sync tells the carrier modulo the unit rate only; the flight knows which it is.
void TypeReceiver::settle_carrier(const dsp::SampleRing& ring, const Pending& pending) {
  if (!identified() || !sync_leaves_carrier_open()) return;
  const double unit_rate_hz = rate_hz_ / demod_->unit_samples();
  dsp::FrameFit fit = demod_->fit();
  const double off_hz = fit.carrier_hz - lock_->carrier_hz;
  const double whole_hz = std::round(off_hz / unit_rate_hz) * unit_rate_hz;
  if (whole_hz == 0 || std::abs(off_hz - whole_hz) > kPlausibleStep_hz) return;
  fit.carrier_hz -= whole_hz;
  demod_->load(ring, fit, pending.bits);
}

// The first frame has decoded: was it on its carrier or a unit rate beside it?
void TypeReceiver::choose_carrier(const dsp::SampleRing& ring, const Pending& pending) {
  if (!sync_leaves_carrier_open()) return;
  const double unit_rate_hz = rate_hz_ / demod_->unit_samples();
  const dsp::FrameFit found = demod_->fit();
  dsp::FrameFit best = found;
  float best_db = -1000;
  work_.resize(pending.bits);
  for (const double shift : {0.0, -1.0, 1.0, 0.0}) {
    dsp::FrameFit fit = shift == 0 && best_db > -1000 ? best : found;
    fit.carrier_hz += shift * unit_rate_hz;
    demod_->load(ring, fit, pending.bits);
    demod_->detect(3, work_);
    if (pending.bits < kShortFrame) {
      // Decided on the wrong carrier, these have taken over a deviation that fits nowhere else.
      demod_->adapt_deviation(work_);
      demod_->detect(3, work_);
    }
    // The sync's word counts: a wandering oscillator fits the carriers beside it almost as well.
    const float level_db = demod_->level().ebn0_db - (shift == 0 ? 0 : kBesideSync_db);
    if (level_db <= best_db) continue;
    best_db = level_db;
    best = fit;
  }
}

bool TypeReceiver::decide(const dsp::SampleRing& ring, const Pending& pending) {
  const bool learn_clock = !identified();
  if (look(pending)) {
    if (learn_clock && pending.bits >= kShortFrame) demod_->refine_on_decisions(llr_);
    return true;
  }
  if (spec().modem.other_symbol_rate_hz > 0 && !locked() && try_other_clock(ring, pending)) {
    return true;
  }
  if (spec().modem.modulation == dsp::Modulation::kAfsk && kind_ == dsp::SignalKind::kIq &&
      look_behind_discriminator(ring, pending)) {
    return true;
  }
  return pending.bits >= kShortFrame && climb(pending);
}

// The waveform of AFSK is known to the audio's phase only while its tones are the nominal ones. For
// a transmitter whose are not, a discriminator's audio does; who has decoded so once stays with it.
bool TypeReceiver::look_behind_discriminator(const dsp::SampleRing& ring, const Pending& pending) {
  if (!other_demod_) {
    other_demod_ = std::make_unique<dsp::AfskAudioDemod>(spec().modem, rate_hz_, kind_);
  }
  std::swap(demod_, other_demod_);
  demod_->load(ring, pending.fit, pending.bits);
  demod_->refine_on_known(spec().sync_bits, pending.inverted);
  if (look(pending)) return true;
  std::swap(demod_, other_demod_);
  if (pending.bits >= kShortFrame) demod_->detect(3, llr_);
  return false;
}

// The first rung for long frames, the whole ladder for short ones.
bool TypeReceiver::look(const Pending& pending) {
  if (pending.bits < kShortFrame) {
    demod_->detect_best(llr_);
    return attempt(Effort::kHard, pending.inverted) ||
           attempt(Effort::kErasures, pending.inverted) ||
           (identified() && attempt(Effort::kPriors, pending.inverted));
  }
  demod_->detect(3, llr_);
  return attempt(Effort::kHard, pending.inverted);
}

// The same frame at the type's other symbol rate. Whichever clock makes the cleaner frame stays
// loaded for the dear rungs.
bool TypeReceiver::try_other_clock(const dsp::SampleRing& ring, const Pending& pending) {
  const dsp::ModemParams& modem = spec().modem;
  const double ratio = modem.symbol_rate_hz / modem.other_symbol_rate_hz;
  const auto load_at = [&](double scale) {
    dsp::FrameFit fit = pending.fit;
    fit.unit_scale = scale;
    demod_->load(ring, fit, pending.bits);
    demod_->refine_on_known(spec().sync_bits, pending.inverted);
    settle_carrier(ring, pending);
  };
  const double tried = pending.fit.unit_scale;
  const bool at_nominal = std::abs(tried - 1) < std::abs(tried - ratio);
  const float before_db = demod_->level().ebn0_db;
  load_at(at_nominal ? ratio : 1);
  if (look(pending)) {
    if (pending.bits >= kShortFrame) demod_->refine_on_decisions(llr_);
    return true;
  }
  if (pending.bits >= kShortFrame && before_db > demod_->level().ebn0_db) {
    load_at(tried);
    demod_->detect(3, llr_);
  }
  return false;
}

// The dear rungs, for frames that are worth it: as many a second as the budget allows.
bool TypeReceiver::climb(const Pending& pending) {
  if (deep_tokens_ < 1 || !workspace_->deep) return false;
  deep_tokens_ -= 1;
  demod_->refine_on_decisions(llr_);
  demod_->detect(5, llr_);
  const bool inverted = pending.inverted;
  if (attempt(Effort::kHard, inverted) || attempt(Effort::kErasures, inverted)) return true;
  if (identified() && attempt(Effort::kPriors, inverted)) return true;
  if (!identified()) demod_->adapt_deviation(llr_);
  demod_->refine_on_decisions(llr_);
  demod_->detect(7, llr_);
  return attempt(Effort::kErasures, inverted) || (identified() && attempt(Effort::kDeep, inverted));
}

void TypeReceiver::good_frame(const Pending& pending, const StreamClock& clock, double centre_hz,
                              std::vector<GoodFrame>& out) {
  ++counts_.good;
  const dsp::FrameFit& fit = demod_->fit();
  const dsp::FrameLevel& level = demod_->level();
  const double error = std::clamp(level.carrier_error_hz, -100.0, 100.0);
  const bool refined = pending.bits < kShortFrame || kind_ == dsp::SignalKind::kFmAudio;
  const double carrier = fit.carrier_hz + (refined ? 0 : error);

  double scale = fit.unit_scale;
  const bool tells_clock = spec().modem.other_symbol_rate_hz == 0;  // else bursts by GPS time
  if (lock_ && pending.bits < kShortFrame && spec().frame_period_s > 0 && tells_clock) {
    // Frames back to back: the symbol clock is the distance between their starts.
    const double nominal = spec().frame_period_s * rate_hz_;
    const double frames = std::round((fit.start - lock_->start) / nominal);
    const double measured = frames > 0 ? (fit.start - lock_->start) / (frames * nominal) : 1;
    const bool sane = frames > 0 && frames < 20 && std::abs(measured - 1) < 5e-4;
    scale = lock_->unit_scale + (sane ? 0.1 * (measured - lock_->unit_scale) : 0);
  }
  lock_ = Lock{.start = fit.start,
               .expected = fit.start + spec().frame_period_s * rate_hz_ *
                                           (pending.bits < kShortFrame ? scale : 1.0),
               .carrier_hz = carrier,
               .unit_scale = scale,
               .inverted = pending.inverted,
               .missed = 0};
  decoded_to_ = fit.start + samples(pending.bits);

  GoodFrame good;
  good.start = fit.start;
  good.carrier_hz = carrier;
  const double frequency_hz = centre_hz + carrier;
  const auto orbits = orbits_ ? orbits_->book() : nullptr;
  good.telemetry = decoder_->parse(
      frame_,
      {.received = clock.wall(fit.start), .frequency_hz = frequency_hz, .orbits = orbits.get()});
  if (good.telemetry) {
    Reception& rx = good.telemetry->rx;
    rx.t_s = clock.seconds(fit.start);
    if (clock.has_wall_clock) rx.received = clock.wall(fit.start);
    rx.frequency_hz = frequency_hz;
    rx.snr_db = level.ebn0_db + static_cast<float>(10 * std::log10(spec().modem.symbol_rate_hz /
                                                                   spec().modem.bandwidth_hz));
    rx.effort = frame_.effort;
    rx.bits_corrected = frame_.bits_corrected;
  }
  out.push_back(std::move(good));
}

void TypeReceiver::bad_frame(const Pending& pending) {
  if (pending.score >= threshold_) ++counts_.bad;
  if (lock_ && pending.predicted) ++lock_->missed;
}

}  // namespace omnisonde
