// The wide (50 to 60 kHz) form of InterMet's AFSK: iMet-1 as usually built, and wide iMet-4.
//
// The FM deviation is not published; 22.8 kHz follows from 50 kHz by Carson's rule and 27.8 kHz
// from 60 kHz. The demodulator measures what is really sent.
#include "decoders/sondes/imet.hpp"
#include "decoders/sondes/imet_packets.hpp"

namespace omnisonde {
namespace imet {
namespace {

constexpr SondeSpec kWide{
    .type = "iMet-1",
    .manufacturer = "Intermet Systems",
    .variants = "wide (50 to 60 kHz); iMet-4 as well",
    .fields = "velocity (GPSX), T, RH, P, battery, satellites, XDATA",
    .modem = {.symbol_rate_hz = 1200,
              .deviation_hz = 25'300,
              .bt = 0,
              .channel_rate_hz = 96'000,
              .bandwidth_hz = 64'000,
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
extern const SondeType imet1;
const SondeType imet1{&imet::kWide, &imet::make_decoder};
}  // namespace sondes

}  // namespace omnisonde
