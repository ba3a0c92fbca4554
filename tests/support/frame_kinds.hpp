// The two kinds of frame that the tests of the dsp room send: a long one of plain bits and a short
// Manchester one, in the shapes of an RS41 and a DFM.
#pragma once

#include <cstddef>
#include <string_view>

#include "dsp/modem_params.hpp"

namespace omnisonde::testing {

struct FrameKind {
  const char* name;
  dsp::ModemParams modem;
  std::string_view sync;
  std::size_t bits;  ///< of a frame, sync included
};

inline constexpr FrameKind kLong{"LongNrz",
                                 {.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F},
                                 "0000100001101101010100111000100001000100011010010100100000011111",
                                 2560};
inline constexpr FrameKind kShort{
    "ShortManchester",
    {.symbol_rate_hz = 2500, .deviation_hz = 2400, .line_code = dsp::LineCode::kManchester},
    "0100010111001111",
    280};

}  // namespace omnisonde::testing
