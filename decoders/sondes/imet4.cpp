// The narrow (12 kHz) form of InterMet's AFSK: iMet-4 as usually set, and narrow iMet-1.
//
// The FM deviation is not published; 3.8 kHz follows from 12 kHz by Carson's rule, and the
// demodulator measures what is really sent.
#include "decoders/sondes/imet.hpp"
#include "decoders/sondes/imet_packets.hpp"

namespace omnisonde {
namespace imet {
namespace {

constexpr SondeSpec kNarrow{
    .type = "iMet-4",
    .manufacturer = "Intermet Systems",
    .variants = "narrow (12 kHz); iMet-1 as well",
    .fields = "velocity (GPSX), T, RH, P, battery, satellites, XDATA",
    .modem = {.symbol_rate_hz = 1200,
              .deviation_hz = 3800,
              .bt = 0,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 16'000,
              .line_code = dsp::LineCode::kNrz,
              .modulation = dsp::Modulation::kAfsk,
              .mark_hz = 1200,
              .space_hz = 2200},
    .sync_bits = kSync,
    .accept_inverted = false,  // tones survive a mirrored spectrum
    .head_bits = kFrameBits,
    .max_frame_bits = kFrameBits,
    .frame_period_s = 1,
};

}  // namespace
}  // namespace imet

namespace sondes {
extern const SondeType imet4;
const SondeType imet4{&imet::kNarrow, &imet::make_decoder};
}  // namespace sondes

}  // namespace omnisonde
