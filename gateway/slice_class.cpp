#include "gateway/slice_class.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "dsp/resampler.hpp"

namespace omnisonde {
namespace {

std::string hertz(double value) { return std::to_string(std::llround(value)); }

}  // namespace

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

Expected<void> fits_stream(const SondeType& type, double stream_rate_hz) {
  double narrowest_hz = type.spec->modem.bandwidth_hz;
  for (const SondeType* receiver : receivers_of(type))
    narrowest_hz = std::min(narrowest_hz, receiver->spec->modem.bandwidth_hz);
  if (narrowest_hz <= stream_rate_hz) return {};
  return Error{std::string(type.spec->type) + " is " + hertz(narrowest_hz) +
                   " Hz wide and does not fit into " + hertz(stream_rate_hz) + " samples a second",
               "it needs a sample rate of at least " +
                   hertz(dsp::next_supported_rate(narrowest_hz)) + " Hz"};
}

}  // namespace omnisonde
