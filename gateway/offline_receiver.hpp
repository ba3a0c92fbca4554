// The pipeline over a recording: IQ of any rate, or FM-discriminator audio. One thread, lossless,
// the same samples give the same records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsp/resampler.hpp"
#include "gateway/band_receiver.hpp"
#include "gateway/identity_watch.hpp"
#include "gateway/record_gate.hpp"

namespace omnisonde {

struct OfflinePlan {
  double sample_rate_hz = 0;
  double centre_hz = 0;
  bool fm_audio = false;
  std::vector<const SondeType*> types;
  std::vector<FixedChannel> fixed;                ///< absolute; if any, nothing else is searched
  std::optional<UtcMillis> start;                 ///< wall clock of the first sample
  std::shared_ptr<const OrbitShelf> orbits = {};  ///< GPS orbits for sondes that need them
};

class OfflineReceiver {
 public:
  explicit OfflineReceiver(OfflinePlan plan);
  ~OfflineReceiver();

  /// Samples that process() takes at a time.
  [[nodiscard]] std::size_t block_samples() const noexcept { return block_; }

  /// Takes block_samples() samples; finished records are appended to `out`.
  void process(std::span<const dsp::Sample> samples, std::vector<Telemetry>& out);

  /// The recording has ended: the last frames and what waits for a serial come out.
  void finish(std::vector<Telemetry>& out);

  [[nodiscard]] ChannelStats channel_stats() const;
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return gate_.duplicates(); }
  /// What people should know of the sondes' identities, since the last call.
  [[nodiscard]] std::vector<std::string> take_notes() { return watch_.take_notes(); }

 private:
  void process_iq(std::span<const dsp::Sample> samples, std::vector<Telemetry>& out);
  void process_audio(std::span<const dsp::Sample> samples, std::vector<Telemetry>& out);
  void pass_on(std::vector<Telemetry>& out);

  OfflinePlan plan_;
  std::size_t block_;
  std::unique_ptr<BandReceiver> band_;       ///< IQ
  std::optional<dsp::Resampler> resampler_;  ///< where the rate is not the channelizer's
  std::vector<dsp::Sample> resampled_;
  std::unique_ptr<Slot> audio_;  ///< FM audio
  std::int64_t next_index_ = 0;
  IdentityWatch watch_;
  RecordGate gate_;
  std::vector<SlotRecord> records_;
  std::vector<GoodFrame> frames_;
};

}  // namespace omnisonde
