// Meteolabor SRS-C34: the packets of the C50 with two more mark bits behind each byte, and
// positions with one decimal less. The hub does not list it, so its records are held. Facts:
// rs1729/RS (c34dft), dxlAPRS.
#include "decoders/sondes/c50.hpp"

namespace omnisonde {
namespace c50 {
namespace {

constexpr SondeSpec kC34Spec{
    .type = "SRS-C34",
    .manufacturer = "Meteolabor",
    .variants = "shown only",
    .fields = "T, RH, satellites",
    .modem = kModem,
    .sync_bits = kSyncC34,
    .accept_inverted = false,  // tones survive a mirrored spectrum
    .head_bits = frame_bits(Model::kC34),
    .max_frame_bits = frame_bits(Model::kC34),
    .frame_period_s = 0,
    .serial_records = 2,
};

std::unique_ptr<SondeDecoder> make_c34() { return make_decoder(Model::kC34); }

}  // namespace
}  // namespace c50

namespace sondes {
extern const SondeType c34;
const SondeType c34{&c50::kC34Spec, &c50::make_c34};
}  // namespace sondes

}  // namespace omnisonde
