// The seam between the receiver and a sonde type: what a type is (data) and what it does (three
// functions). Bits in, telemetry out; no samples, sockets, files, threads or clocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "decoders/telemetry.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde {

namespace geo {
class OrbitBook;
}

/// A corrected, whole frame. Reused from frame to frame, so that decoding does not allocate.
struct Frame {
  std::vector<std::uint8_t> bytes;  ///< what the type's `parse` expects, unwhitened
  std::vector<float> reliability;   ///< per byte, min |llr| of its bits; 0 where erased or unknown
  std::vector<std::uint8_t>
      byte_ok;  ///< per byte, 1 where a code or checksum vouches for it; may be empty = all
  bool inverted = false;  ///< received with complemented symbols (evidence, not proof)
  int bits_corrected = 0;
  Effort effort = Effort::kHard;
};

/// What a decoder may know of the reception: types that send no date need the clock, and
/// iMet's public id is made from time and frequency. What is in files comes from here as well.
struct ReceiveContext {
  UtcMillis received;       ///< wall clock at the start of the frame (injected, never the system's)
  double frequency_hz = 0;  ///< measured carrier
  /// GPS orbits for sondes that send only what their receiver measured (RS92); valid during the
  /// call, null when the operator gave none.
  const geo::OrbitBook* orbits = nullptr;
};

/// How far a true record may lie beside a smooth flight, by resolution and noise. The defaults suit
/// every type; a finer grain makes wrong fixes stand out earlier (gateway/plausibility.hpp).
struct FlightGrain {
  double time_s = 1;       ///< of the time that comes with a position
  double position_m = 20;  ///< of a position against the one before
};

/// A sonde type as data.
struct SondeSpec {
  std::string_view type;          ///< the hub's `type` and the name in `[decode] types`
  std::string_view manufacturer;  ///< the hub's name
  std::string_view variants;      ///< for `omnisonde types`: "SG, SGP, SGM"
  std::string_view fields = {};   ///< beyond position, time and frame: "velocity, T, RH, battery"
  std::string_view aliases = {};  ///< other hub types that the same decoder tells apart, as names
                                  ///< for the same receiver: "M20"; separated by ", "
  dsp::ModemParams modem;
  std::string_view sync_bits;      ///< '0'/'1' data bits in time order; the frame starts with them
  bool accept_inverted = true;     ///< search the complement of the sync as well
  bool random_polarity = false;    ///< each frame may come either way (biphase line codes)
  std::size_t head_bits = 0;       ///< bits from the sync on that frame_bits() needs to see
  std::size_t max_frame_bits = 0;  ///< longest frame, sync included
  double frame_period_s = 0;       ///< start to start when regular; 0 means not
  FlightGrain grain = {};
  /// Records that must agree in their serial before it counts on a new carrier: more than one where
  /// a frame is vouched for by nothing more than 16 bits of checksum.
  int serial_records = 1;
};

/// Decodes the frames of one sonde. One object per tracked sonde; one thread at a time; its
/// functions never throw and accept any input.
class SondeDecoder {
 public:
  virtual ~SondeDecoder() = default;

  /// How long this frame is, sync included, judged from its first spec().head_bits LLRs.
  /// @returns a value in [head_bits, max_frame_bits].
  [[nodiscard]] virtual std::size_t frame_bits(std::span<const float> head) const = 0;

  /// Corrects one frame with at most `effort`.
  /// @param llr  ln P(1)/P(0) of each data bit on air (after the line code, before unwhitening),
  ///             the first sync bit first, polarity already put right; 0 is an erasure. May be
  ///             changed by the call.
  /// @param out  filled on success; `out.inverted` is an input.
  /// @returns    false if the checks fail: nothing of the frame may be used.
  virtual bool correct(std::span<float> llr, Effort effort, Frame& out) = 0;

  /// Adds what this flight has taught us to `llr` (same shape as for `correct`). Called only for
  /// Effort::kPriors and above. Default: nothing is known.
  virtual void add_priors(std::span<float> llr) const { (void)llr; }

  /// Updates calibration and identity, and makes the record.
  /// @returns nothing when the frame completes no record (a DFM sends one in 4.5 frames).
  virtual std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) = 0;
};

/// One line of the registry (decoders/sondes.def).
struct SondeType {
  const SondeSpec* spec;
  std::unique_ptr<SondeDecoder> (*make)();
};

/// All types, in the order of sondes.def. Several may share a name: receivers for one type of sonde
/// whose modulation differs too much for one search.
[[nodiscard]] std::span<const SondeType> sonde_types();

/// @returns the first type of that name or alias (letter case ignored), or null.
[[nodiscard]] const SondeType* find_sonde_type(std::string_view name);

/// @returns all that have the name of `type` as their name or alias, itself among them.
[[nodiscard]] std::vector<const SondeType*> receivers_of(const SondeType& type);

/// Every name that find_sonde_type knows, aliases after their type.
[[nodiscard]] std::vector<std::string_view> sonde_type_names();

}  // namespace omnisonde
