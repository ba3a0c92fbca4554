// `omnisonde types`: what can be decoded, as a table.
#pragma once

#include <ostream>

namespace omnisonde {

/// One line for each type: name, maker, variants, fields. With `markdown` as README shows it.
void print_types(std::ostream& out, bool markdown);

}  // namespace omnisonde
