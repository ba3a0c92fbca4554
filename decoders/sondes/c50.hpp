// What the two entries of the registry for Meteolabor's sondes share: their decoder.
#pragma once

#include <memory>

#include "decoders/sonde.hpp"
#include "decoders/sondes/c50_packet.hpp"

namespace omnisonde::c50 {

[[nodiscard]] std::unique_ptr<SondeDecoder> make_decoder(Model model);

/// AFSK on FM, 2400 baud, 1 is 3000 Hz (1 1/4 cycles a bit), 0 is 4800 Hz (two cycles). The FM
/// deviation is not published; the demodulator measures it.
inline constexpr dsp::ModemParams kModem{.symbol_rate_hz = 2400,
                                         .deviation_hz = 3000,
                                         .bt = 0,
                                         .channel_rate_hz = 48'000,
                                         .bandwidth_hz = 17'500,
                                         .line_code = dsp::LineCode::kNrz,
                                         .modulation = dsp::Modulation::kAfsk,
                                         .mark_hz = 3000,
                                         .space_hz = 4800};

}  // namespace omnisonde::c50
