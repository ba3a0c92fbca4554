#include "gateway/source_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "gateway/input_file.hpp"
#include "gateway/sigmf.hpp"
#include "gateway/wav_header.hpp"

namespace omnisonde {
namespace {

using dsp::SampleFormat;

constexpr std::size_t kMaxWavHeaderBytes = 1 << 20;
constexpr std::size_t kMaxSigmfMetaBytes = 16 << 20;

// How samples lie on disk, where that is not already a SampleFormat.
struct Unpacking {
  WavNumber number = WavNumber::kS24;
  unsigned channels = 1;   // on disk
  unsigned delivered = 1;  // the first so many, as floats
};

struct Layout {
  std::size_t disk_bytes = 0;  // of one sample
  std::optional<Unpacking> unpacking = {};
  std::optional<std::uint64_t> promised_bytes = {};
};

float to_float(WavNumber number, const std::byte* at) {
  const auto byte = [at](std::size_t i) { return std::to_integer<std::uint32_t>(at[i]); };
  switch (number) {
    case WavNumber::kU8:
      return (static_cast<float>(byte(0)) - 127.5F) / 127.5F;
    case WavNumber::kS16:
      return static_cast<float>(static_cast<std::int16_t>(byte(0) | byte(1) << 8)) / 32768.0F;
    case WavNumber::kS24: {
      const auto high = static_cast<std::int32_t>(byte(0) << 8 | byte(1) << 16 | byte(2) << 24);
      return static_cast<float>(high) / 2147483648.0F;
    }
    case WavNumber::kS32: {
      const auto value =
          static_cast<std::int32_t>(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
      return static_cast<float>(value) / 2147483648.0F;
    }
    case WavNumber::kF32: {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
  }
  return 0;
}

class FileSource final : public Source {
 public:
  FileSource(InputFile file, StreamInfo info, Layout layout)
      : file_(std::move(file)), info_(std::move(info)), layout_(layout) {}

  [[nodiscard]] const StreamInfo& info() const override { return info_; }

  Expected<ReadResult> read(std::span<std::byte> out) override {
    if (!layout_.unpacking) return read_samples(out);
    const std::size_t out_bytes = dsp::bytes_per_sample(info_.format);
    const std::size_t fits = out.size() / out_bytes;
    packed_.resize(fits * layout_.disk_bytes);
    auto result = read_samples(packed_);
    if (result) unpack(result->samples, out);
    return result;
  }

 private:
  // Fills `out` with whole samples as they lie on disk; a part of one waits for the next call.
  Expected<ReadResult> read_samples(std::span<std::byte> out) {
    const std::size_t size = layout_.disk_bytes;
    if (out.size() < size) return ReadResult{};
    std::size_t room = out.size() / size * size;
    if (layout_.promised_bytes) {
      const std::uint64_t left = (*layout_.promised_bytes - taken_) / size * size;
      if (left == 0) return finish();
      room = static_cast<std::size_t>(std::min<std::uint64_t>(room, left));
    }
    std::memcpy(out.data(), partial_.data(), partial_bytes_);
    std::size_t have = partial_bytes_;
    const auto chunk = file_.read(out.subspan(have, room - have));
    if (!chunk) return chunk.error();
    if (chunk->end) return finish();
    have += chunk->bytes;
    const std::size_t samples = have / size;
    partial_bytes_ = have - samples * size;
    std::memcpy(partial_.data(), out.data() + samples * size, partial_bytes_);
    taken_ += samples * size;
    return ReadResult{.samples = samples};
  }

  Expected<ReadResult> finish() const {
    const std::uint64_t held = taken_ / layout_.disk_bytes;
    const std::uint64_t left = layout_.promised_bytes ? *layout_.promised_bytes - taken_ : 0;
    if (left >= layout_.disk_bytes) {
      return Error{file_.name() + " is truncated: its header promises " +
                       std::to_string(*layout_.promised_bytes / layout_.disk_bytes) +
                       " samples, it holds " + std::to_string(held),
                   "copy the recording again; all samples present were used"};
    }
    const std::uint64_t odd_bytes = layout_.promised_bytes ? left : partial_bytes_;
    if (odd_bytes != 0) {
      return Error{file_.name() + " ends within a sample: " + std::to_string(odd_bytes) +
                       " bytes follow the last of " + std::to_string(held) + " whole ones",
                   "check --format, or copy the recording again"};
    }
    return ReadResult{.end = true};
  }

  void unpack(std::size_t samples, std::span<std::byte> out) const {
    const Unpacking& how = *layout_.unpacking;
    const std::size_t number_bytes = bytes_per_number(how.number);
    std::size_t to = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      for (unsigned channel = 0; channel < how.delivered; ++channel) {
        const float value =
            to_float(how.number, packed_.data() + i * layout_.disk_bytes + channel * number_bytes);
        std::memcpy(out.data() + to, &value, sizeof value);
        to += sizeof value;
      }
    }
  }

  InputFile file_;
  StreamInfo info_;
  Layout layout_;
  std::uint64_t taken_ = 0;  // bytes of whole samples handed out
  std::array<std::byte, 16> partial_{};
  std::size_t partial_bytes_ = 0;
  std::vector<std::byte> packed_;  // grows to the largest read once
};

using Opened = Expected<std::unique_ptr<Source>>;

// Applies what the caller gave and checks the rate, which comes from caller or file.
Opened finish_opening(const FileSourceOptions& options, InputFile file, StreamInfo info,
                      Layout layout) {
  if (options.sample_rate_hz) info.sample_rate_hz = *options.sample_rate_hz;
  if (options.centre_hz) info.centre_hz = *options.centre_hz;
  if (options.start) info.start = options.start;
  info.name = file.name();
  if (info.sample_rate_hz == 0) {
    return Error{info.name + ": raw samples do not tell their rate", "give --sample-rate HZ"};
  }
  if (!std::isfinite(info.sample_rate_hz) || info.sample_rate_hz < 1000 ||
      info.sample_rate_hz > 1e9) {
    return Error{info.name + ": the sample rate is not between 1 kHz and 1 GHz",
                 "check --sample-rate, it is in Hz"};
  }
  return Opened(std::make_unique<FileSource>(std::move(file), std::move(info), layout));
}

Opened open_raw(const FileSourceOptions& options, InputFile file, SampleFormat format) {
  const Layout layout{.disk_bytes = dsp::bytes_per_sample(format)};
  StreamInfo info;
  info.format = format;
  return finish_opening(options, std::move(file), std::move(info), layout);
}

// The SampleFormat that a WAV's numbers already are, if there is one.
std::optional<SampleFormat> direct_format(WavNumber number, bool iq) {
  switch (number) {
    case WavNumber::kU8:
      return iq ? SampleFormat::kCu8 : SampleFormat::kFmU8;
    case WavNumber::kS16:
      return iq ? SampleFormat::kCs16 : SampleFormat::kFmS16;
    case WavNumber::kF32:
      return iq ? SampleFormat::kCf32 : SampleFormat::kFmF32;
    case WavNumber::kS24:
    case WavNumber::kS32:
      return std::nullopt;
  }
  return std::nullopt;
}

Expected<WavHeader> read_wav_header(InputFile& file) {
  for (std::size_t want = 4096;; want *= 2) {
    const auto head = file.peek(want);
    if (!head) return head.error();
    auto header = parse_wav_header(*head);
    if (!header) return Error{file.name() + ": " + header.error().what, header.error().remedy};
    if (*header) return **header;
    if (head->size() < want || want >= kMaxWavHeaderBytes) {
      return Error{file.name() + ": WAV header ends before its data chunk",
                   "the file is cut off or damaged: copy it again"};
    }
  }
}

Opened open_wav(const FileSourceOptions& options, InputFile file) {
  const auto header = read_wav_header(file);
  if (!header) return header.error();
  const auto samples_seen = file.peek(header->data_at + 1);
  if (!samples_seen) return samples_seen.error();
  if (samples_seen->size() <= header->data_at) {
    return Error{file.name() + " holds a WAV header and no samples", "record again"};
  }
  std::vector<std::byte> skipped(header->data_at);
  for (std::size_t done = 0; done < skipped.size();) {  // all of it was read ahead
    const auto chunk = file.read(std::span(skipped).subspan(done));
    if (!chunk) return chunk.error();
    done += chunk->bytes;
  }
  const bool iq = header->channels == 2 && options.format != FileFormat::kFm;
  const unsigned delivered = iq ? 2 : 1;
  StreamInfo info;
  info.sample_rate_hz = header->sample_rate_hz;
  info.centre_hz = header->centre_hz.value_or(0);
  info.start = header->start;
  Layout layout{.disk_bytes = header->channels * bytes_per_number(header->number),
                .promised_bytes = header->data_bytes};
  const auto direct = direct_format(header->number, iq);
  if (direct && delivered == header->channels) {
    info.format = *direct;
  } else {
    info.format = iq ? SampleFormat::kCf32 : SampleFormat::kFmF32;
    layout.unpacking = Unpacking{header->number, header->channels, delivered};
  }
  return finish_opening(options, std::move(file), std::move(info), layout);
}

Opened open_sigmf(const FileSourceOptions& options, const std::string& stem) {
  const std::string meta_path = stem + ".sigmf-meta";
  auto meta_file = InputFile::open(meta_path);
  if (!meta_file) return meta_file.error();
  const auto text = meta_file->peek(kMaxSigmfMetaBytes);
  if (!text) return text.error();
  auto meta = parse_sigmf_meta({reinterpret_cast<const char*>(text->data()), text->size()});
  if (!meta) return Error{meta_path + ": " + meta.error().what, meta.error().remedy};
  auto data = InputFile::open(stem + ".sigmf-data");
  if (!data) return data.error();
  if (data->size() == 0) return Error{data->name() + " is empty", "record again"};
  StreamInfo info;
  info.format = meta->format;
  info.sample_rate_hz = meta->sample_rate_hz.value_or(0);
  info.centre_hz = meta->centre_hz.value_or(0);
  info.start = meta->start;
  const Layout layout{.disk_bytes = dsp::bytes_per_sample(meta->format)};
  return finish_opening(options, std::move(*data), std::move(info), layout);
}

std::string lower_extension(const std::string& path) {
  const auto slash = path.find_last_of('/');
  const auto dot = path.find_last_of('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) return "";
  std::string extension = path.substr(dot + 1);
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

// Only extensions that say which numbers are inside: .raw, .iq and .bin are used for all of them.
std::optional<SampleFormat> format_of_extension(const std::string& extension) {
  static constexpr std::array<std::pair<std::string_view, SampleFormat>, 10> kKnown{{
      {"cu8", SampleFormat::kCu8},
      {"cs8", SampleFormat::kCs8},
      {"cs16", SampleFormat::kCs16},
      {"cf32", SampleFormat::kCf32},
      {"ci8", SampleFormat::kCs8},
      {"ci16", SampleFormat::kCs16},
      {"sc8", SampleFormat::kCs8},
      {"sc16", SampleFormat::kCs16},
      {"fc32", SampleFormat::kCf32},
      {"cfile", SampleFormat::kCf32},
  }};
  for (const auto& [name, format] : kKnown) {
    if (extension == name) return format;
  }
  return std::nullopt;
}

std::optional<SampleFormat> raw_format(FileFormat format) {
  switch (format) {
    case FileFormat::kCu8:
      return SampleFormat::kCu8;
    case FileFormat::kCs8:
      return SampleFormat::kCs8;
    case FileFormat::kCs16:
      return SampleFormat::kCs16;
    case FileFormat::kCf32:
      return SampleFormat::kCf32;
    case FileFormat::kFm:
      return SampleFormat::kFmS16;
    case FileFormat::kAuto:
    case FileFormat::kWav:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<FileFormat> parse_file_format(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames{"auto", "wav",  "cu8", "cs8",
                                                          "cs16", "cf32", "fm"};
  const auto* const it = std::find(kNames.begin(), kNames.end(), name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<FileFormat>(it - kNames.begin());
}

Expected<std::unique_ptr<Source>> open_file_source(const FileSourceOptions& options) {
  const std::string extension = lower_extension(options.path);
  const bool automatic = options.format == FileFormat::kAuto;
  if (automatic && (extension == "sigmf-meta" || extension == "sigmf-data")) {
    return open_sigmf(options, options.path.substr(0, options.path.find_last_of('.')));
  }
  auto opened = InputFile::open(options.path);
  if (!opened) return opened.error();
  InputFile file = std::move(*opened);
  const auto head = file.peek(12);
  if (!head) return head.error();
  if (head->empty()) return Error{file.name() + " is empty", "record again, or check the path"};
  const bool is_wav = looks_like_wav(*head);
  if (options.format == FileFormat::kWav || (is_wav && automatic) ||
      (is_wav && options.format == FileFormat::kFm)) {
    return open_wav(options, std::move(file));
  }
  if (is_wav) {
    return Error{file.name() + " is a WAV file, not raw samples", "leave --format out"};
  }
  const auto format = automatic ? format_of_extension(extension) : raw_format(options.format);
  if (!format) {
    return Error{"cannot tell the sample format of " + file.name(),
                 "give --format cu8, cs8, cs16, cf32 or fm"};
  }
  return open_raw(options, std::move(file), *format);
}

}  // namespace omnisonde
