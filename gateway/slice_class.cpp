#include "gateway/slice_class.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace omnisonde {

std::vector<SliceClass> slice_classes(const std::vector<const SondeType*>& types,
                                      double stream_rate_hz) {
  // Slice rate, then 0, 1, 2 for narrow, middle, wide.
  std::map<std::pair<double, int>, SliceClass> by_key;
  for (const SondeType* type : types) {
    const dsp::ModemParams& modem = type->spec->modem;
    if (modem.bandwidth_hz > stream_rate_hz) continue;
    const int bucket = modem.bandwidth_hz <= SliceClass::kNarrow_hz ? 0
                       : modem.bandwidth_hz <= SliceClass::kWide_hz ? 1
                                                                    : 2;
    SliceClass& entry = by_key[{modem.channel_rate_hz, bucket}];
    if (entry.types.empty()) entry.width_hz = 0;
    entry.rate_hz = modem.channel_rate_hz;
    entry.width_hz = std::max(entry.width_hz, modem.bandwidth_hz);
    entry.types.push_back(type);
  }
  std::vector<SliceClass> classes;
  for (auto& [key, entry] : by_key) {
    entry.slicer = std::make_unique<dsp::Slicer>(entry.rate_hz);
    classes.push_back(std::move(entry));
  }
  return classes;
}

}  // namespace omnisonde
