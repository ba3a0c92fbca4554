#include "gateway/sigmf.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace omnisonde {
namespace {

using nlohmann::json;

std::optional<dsp::SampleFormat> format_of(std::string_view datatype) {
  if (datatype == "cu8") return dsp::SampleFormat::kCu8;
  if (datatype == "ci8") return dsp::SampleFormat::kCs8;
  if (datatype == "ci16_le") return dsp::SampleFormat::kCs16;
  if (datatype == "cf32_le") return dsp::SampleFormat::kCf32;
  return std::nullopt;
}

std::optional<double> number_at(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  const auto value = it->get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::string> text_at(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

// What would make the data file something else than one plain run of samples.
std::optional<Error> unsupported_layout(const json& global, const json& capture) {
  if (number_at(global, "core:num_channels").value_or(1) != 1) {
    return Error{"SigMF core:num_channels is not 1", "extract one channel"};
  }
  if (number_at(capture, "core:header_bytes").value_or(0) != 0) {
    return Error{"SigMF core:header_bytes is not supported", "strip the header from the data"};
  }
  if (text_at(global, "core:dataset")) {
    return Error{"SigMF core:dataset is not supported", "name the data file .sigmf-data"};
  }
  return std::nullopt;
}

}  // namespace

Expected<SigmfMeta> parse_sigmf_meta(std::string_view text) {
  const json meta = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (meta.is_discarded() || !meta.is_object()) {
    return Error{"SigMF metadata is not a JSON object", "check that it is the .sigmf-meta file"};
  }
  const auto global = meta.find("global");
  if (global == meta.end() || !global->is_object()) {
    return Error{"SigMF metadata has no \"global\" object", "repair the .sigmf-meta file"};
  }
  json capture = json::object();
  const auto captures = meta.find("captures");
  if (captures != meta.end() && captures->is_array() && !captures->empty() &&
      captures->front().is_object()) {
    capture = captures->front();
  }
  if (auto error = unsupported_layout(*global, capture)) return *error;

  const auto datatype = text_at(*global, "core:datatype");
  if (!datatype) return Error{"SigMF core:datatype is missing", "repair the .sigmf-meta file"};
  const auto format = format_of(*datatype);
  if (!format) {
    return Error{"SigMF core:datatype " + *datatype + " is not supported",
                 "convert to cu8, ci8, ci16_le or cf32_le"};
  }
  SigmfMeta result{.format = *format,
                   .sample_rate_hz = number_at(*global, "core:sample_rate"),
                   .centre_hz = number_at(capture, "core:frequency"),
                   .start = std::nullopt};
  if (const auto datetime = text_at(capture, "core:datetime")) {
    result.start = parse_iso8601(*datetime);
    if (!result.start) {
      return Error{"SigMF core:datetime " + *datetime + " is not a time",
                   "write it as 2026-10-20T12:00:00Z"};
    }
  }
  return result;
}

}  // namespace omnisonde
