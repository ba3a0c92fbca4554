// `omnisonde bench`: how many sondes this machine can follow.
#pragma once

#include <ostream>

namespace omnisonde {

/// Measures one 2.4 MS/s window with 0, 1, 4 and 16 sondes and says what that means. Takes some
/// 15 s of processor time on a PC.
/// @returns the program's exit status: 0 if the sondes in the measuring signal were decoded
int bench_command(std::ostream& out);

}  // namespace omnisonde
