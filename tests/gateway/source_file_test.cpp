#include "gateway/source_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace omnisonde {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Builds files byte by byte.
class Blob {
 public:
  Blob& text(std::string_view s) {
    bytes_.append(s);
    return *this;
  }
  template <typename T>
  Blob& le(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF));
    }
    return *this;
  }
  Blob& f32(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return le(bits);
  }
  [[nodiscard]] const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

struct WavShape {
  std::uint16_t tag = 1, channels = 2, bits = 16;
  std::uint32_t rate_hz = 48'000;
  bool extensible = false;
  std::string extra_chunks = {};  // between format and data
};

// A WAV head whose data chunk promises `data_bytes`.
std::string wav_head(const WavShape& shape, std::uint32_t data_bytes) {
  Blob blob;
  const auto block = static_cast<std::uint16_t>(shape.channels * shape.bits / 8);
  blob.text("RIFF").le(36U + data_bytes).text("WAVEfmt ").le(shape.extensible ? 40U : 16U);
  blob.le(shape.extensible ? std::uint16_t{0xFFFE} : shape.tag).le(shape.channels);
  blob.le(shape.rate_hz).le(shape.rate_hz * block).le(block).le(shape.bits);
  if (shape.extensible) {
    blob.le(std::uint16_t{22}).le(shape.bits).le(0U).le(shape.tag);
    blob.text(std::string("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14));
  }
  return blob.text(shape.extra_chunks).text("data").le(data_bytes).str();
}

struct Delivered {
  std::string bytes;
  std::string error;  // of read(), empty when the end was reached
};

Delivered read_all(Source& source, std::size_t buffer_bytes = 64) {
  Delivered out;
  std::vector<std::byte> buffer(buffer_bytes);
  const std::size_t size = dsp::bytes_per_sample(source.info().format);
  for (int call = 0; call < 100'000; ++call) {
    const auto got = source.read(buffer);
    if (!got) {
      out.error = got.error().line();
      return out;
    }
    if (got->end) return out;
    out.bytes.append(reinterpret_cast<const char*>(buffer.data()), got->samples * size);
  }
  ADD_FAILURE() << "no end";
  return out;
}

std::vector<float> floats(const std::string& bytes) {
  std::vector<float> out(bytes.size() / 4);
  std::memcpy(out.data(), bytes.data(), out.size() * 4);
  return out;
}

class FileSource : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "source_file_test.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) const {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::unique_ptr<Source> open(const FileSourceOptions& options) {
    auto source = open_file_source(options);
    if (!source) {
      ADD_FAILURE() << source.error().line();
      return nullptr;
    }
    return std::move(source).value();
  }
  static std::string open_error(const FileSourceOptions& options) {
    const auto source = open_file_source(options);
    return source ? "opened" : source.error().line();
  }

  fs::path folder_;
};

TEST_F(FileSource, TwoChannelWavIsIqInItsOwnFormat) {
  const std::string data = "abcdefgh";
  const auto source = open({.path = write("x", wav_head({}, 8) + data)});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->info().format, dsp::SampleFormat::kCs16);
  EXPECT_EQ(source->info().sample_rate_hz, 48'000);
  EXPECT_EQ(source->info().centre_hz, 0);
  EXPECT_FALSE(source->info().live);
  const auto got = read_all(*source);
  EXPECT_EQ(got.bytes, data);
  EXPECT_EQ(got.error, "");
}

TEST_F(FileSource, OneChannelWavIsFmAudio) {
  const auto u8 = open({.path = write("a.wav", wav_head({.channels = 1, .bits = 8}, 3) + "xyz")});
  ASSERT_TRUE(u8);
  EXPECT_EQ(u8->info().format, dsp::SampleFormat::kFmU8);
  EXPECT_EQ(read_all(*u8, 2).bytes, "xyz");
  const auto f32 =
      open({.path = write("b.wav", wav_head({.tag = 3, .channels = 1, .bits = 32}, 4) + "1234")});
  ASSERT_TRUE(f32);
  EXPECT_EQ(f32->info().format, dsp::SampleFormat::kFmF32);
}

TEST_F(FileSource, ExtensibleWavTakesTheTagFromItsGuid) {
  const WavShape shape{.tag = 3, .bits = 32, .extensible = true};
  const auto source = open({.path = write("x.wav", wav_head(shape, 8) + "12345678")});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->info().format, dsp::SampleFormat::kCf32);
  EXPECT_EQ(read_all(*source).bytes, "12345678");
}

TEST_F(FileSource, IntegersOf24And32BitsBecomeFloats) {
  const std::string s24("\x00\x00\x80\x00\x00\x40", 6);  // -1, 0.5
  const auto a = open({.path = write("a.wav", wav_head({.bits = 24}, 6) + s24)});
  ASSERT_TRUE(a);
  EXPECT_EQ(a->info().format, dsp::SampleFormat::kCf32);
  EXPECT_EQ(floats(read_all(*a).bytes), (std::vector<float>{-1.0F, 0.5F}));
  Blob s32;
  s32.le(std::int32_t{1 << 29}).le(std::int32_t{-(1 << 30)});
  const auto b =
      open({.path = write("b.wav", wav_head({.channels = 1, .bits = 32}, 8) + s32.str())});
  ASSERT_TRUE(b);
  EXPECT_EQ(b->info().format, dsp::SampleFormat::kFmF32);
  EXPECT_EQ(floats(read_all(*b).bytes), (std::vector<float>{0.25F, -0.5F}));
}

TEST_F(FileSource, FmFormatTakesTheLeftChannelOfAStereoWav) {
  Blob data;
  data.le(std::int16_t{16384}).le(std::int16_t{1}).le(std::int16_t{-32768}).le(std::int16_t{2});
  const auto source =
      open({.path = write("x.wav", wav_head({}, 8) + data.str()), .format = FileFormat::kFm});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->info().format, dsp::SampleFormat::kFmF32);
  EXPECT_EQ(floats(read_all(*source).bytes), (std::vector<float>{0.5F, -1.0F}));
}

TEST_F(FileSource, ChunksBeforeAndAfterTheDataAreNoSamples) {
  Blob extra;
  extra.text("LIST").le(5U).text("hello").le(std::uint8_t{0});  // odd size, padded
  extra.text("junk").le(9000U).text(std::string(9000, 'x'));    // beyond the first look
  const std::string file =
      wav_head({.extra_chunks = extra.str()}, 4) + "dataLIST" + std::string("\x00\x00\x00\x00", 4);
  const auto source = open({.path = write("x.wav", file)});
  ASSERT_TRUE(source);
  const auto got = read_all(*source);
  EXPECT_EQ(got.bytes, "data");
  EXPECT_EQ(got.error, "");
}

TEST_F(FileSource, TruncatedWavDeliversWhatIsThereAndThenSaysWhatIsMissing) {
  const auto source = open({.path = write("x.wav", wav_head({}, 400) + std::string(10, 'd'))});
  ASSERT_TRUE(source);
  const auto got = read_all(*source);
  EXPECT_EQ(got.bytes, std::string(8, 'd'));
  EXPECT_THAT(got.error, HasSubstr("truncated: its header promises 100 samples, it holds 2"));
  std::vector<std::byte> buffer(64);
  EXPECT_FALSE(source->read(buffer)) << "the fault must not go away";
}

TEST_F(FileSource, SizesLeftOpenByAPipeWriterAreNoFault) {
  for (const std::uint32_t size : {0U, 0xFFFFFFFFU, 0x7FFFF000U, 0x7FFFFFFFU, 0x80000000U}) {
    const auto source = open({.path = write("x.wav", wav_head({}, size) + "12345678")});
    ASSERT_TRUE(source);
    const auto got = read_all(*source);
    EXPECT_EQ(got.bytes, "12345678") << size;
    EXPECT_EQ(got.error, "") << size;
  }
}

TEST_F(FileSource, DataThatEndsWithinASampleIsAnErrorAfterTheWholeOnes) {
  const auto by_promise = open({.path = write("a.wav", wav_head({}, 6) + "123456" + "LIST")});
  ASSERT_TRUE(by_promise);
  auto got = read_all(*by_promise);
  EXPECT_EQ(got.bytes, "1234");
  EXPECT_THAT(got.error, HasSubstr("ends within a sample: 2 bytes follow"));
  const auto raw = open({.path = write("a.cs16", "123456789"), .sample_rate_hz = 48e3});
  ASSERT_TRUE(raw);
  got = read_all(*raw, 7);
  EXPECT_EQ(got.bytes, "12345678");
  EXPECT_THAT(got.error, HasSubstr("ends within a sample: 1 bytes follow the last of 2 whole"));
}

TEST_F(FileSource, Rf64TakesItsSizeFromDs64) {
  Blob blob;
  blob.text("RF64").le(0xFFFFFFFFU).text("WAVEds64").le(28U);
  blob.le(std::uint64_t{0}).le(std::uint64_t{12}).le(std::uint64_t{0}).le(0U);
  std::string file = blob.str() + wav_head({}, 0xFFFFFFFFU).substr(12) + "12345678";
  const auto source = open({.path = write("x.wav", file)});
  ASSERT_TRUE(source);
  const auto got = read_all(*source);
  EXPECT_EQ(got.bytes, "12345678");
  EXPECT_THAT(got.error, HasSubstr("promises 3 samples, it holds 2"));
}

TEST_F(FileSource, AuxiGivesCentreAndStartAndOptionsGoBeforeThem) {
  Blob auxi;
  auxi.text("auxi").le(36U);
  for (const int field : {2024, 5, 3, 8, 11, 22, 33, 44})
    auxi.le(static_cast<std::uint16_t>(field));
  auxi.text(std::string(16, '\0')).le(403'500'000U);
  const std::string path = write("x.wav", wav_head({.extra_chunks = auxi.str()}, 4) + "1234");
  const auto source = open({.path = path});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->info().centre_hz, 403'500'000);
  EXPECT_EQ(to_iso8601(source->info().start.value()), "2024-05-08T11:22:33.044Z");
  const auto told =
      open({.path = path, .sample_rate_hz = 96'000, .centre_hz = 1e6, .start = UtcMillis{5}});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->info().sample_rate_hz, 96'000);
  EXPECT_EQ(told->info().centre_hz, 1e6);
  EXPECT_EQ(told->info().start, UtcMillis{5});
}

TEST_F(FileSource, RawFormatComesFromTheExtensionOrTheOption) {
  const auto by_name = open({.path = write("x.CU8", "ab"), .sample_rate_hz = 48e3});
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->info().format, dsp::SampleFormat::kCu8);
  const auto by_option =
      open({.path = write("y.cu8", "ab"), .format = FileFormat::kCs8, .sample_rate_hz = 48e3});
  ASSERT_TRUE(by_option);
  EXPECT_EQ(by_option->info().format, dsp::SampleFormat::kCs8);
  const auto fm =
      open({.path = write("z", "abcd"), .format = FileFormat::kFm, .sample_rate_hz = 48e3});
  ASSERT_TRUE(fm);
  EXPECT_EQ(fm->info().format, dsp::SampleFormat::kFmS16);
}

TEST_F(FileSource, SigmfOpensFromEitherOfItsTwoFiles) {
  const std::string meta = write("x.sigmf-meta", R"({"global": {"core:datatype": "ci16_le",
      "core:sample_rate": 250000}, "captures": [{"core:sample_start": 0, "core:frequency": 4.03e8,
      "core:datetime": "2026-10-20T12:01:08.5Z"}], "annotations": []})");
  const std::string data = write("x.sigmf-data", "12345678");
  for (const auto& path : {meta, data}) {
    const auto source = open({.path = path});
    ASSERT_TRUE(source);
    EXPECT_EQ(source->info().format, dsp::SampleFormat::kCs16);
    EXPECT_EQ(source->info().sample_rate_hz, 250'000);
    EXPECT_EQ(source->info().centre_hz, 4.03e8);
    EXPECT_EQ(to_iso8601(source->info().start.value()), "2026-10-20T12:01:08.500Z");
    EXPECT_EQ(read_all(*source).bytes, "12345678");
  }
}

TEST_F(FileSource, SigmfFaultsNameTheField) {
  write("x.sigmf-data", "12345678");
  const auto error = [&](const std::string& json) {
    return open_error({.path = write("x.sigmf-meta", json)});
  };
  EXPECT_THAT(error(R"({"global": {"core:datatype": "cf64_le"}})"),
              HasSubstr("core:datatype cf64_le"));
  EXPECT_THAT(error(R"({"global": {}})"), HasSubstr("core:datatype is missing"));
  EXPECT_THAT(error("[1, 2"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(R"({"global": {"core:datatype": "cu8"}})"), HasSubstr("--sample-rate"));
  EXPECT_THAT(error(R"({"global": {"core:datatype": "cu8", "core:num_channels": 2}})"),
              HasSubstr("core:num_channels"));
  EXPECT_THAT(
      error(R"({"global": {"core:datatype": "cu8"}, "captures": [{"core:datetime": "?"}]})"),
      HasSubstr("core:datetime ?"));
  fs::remove(folder_ / "x.sigmf-data");
  EXPECT_THAT(error(R"({"global": {"core:datatype": "cu8"}})"),
              HasSubstr("x.sigmf-data: No such file"));
}

TEST_F(FileSource, WhatCannotBeOpenedIsNamedWithARemedy) {
  EXPECT_THAT(open_error({.path = folder_ / "absent.wav"}), HasSubstr("absent.wav: No such file"));
  EXPECT_THAT(open_error({.path = folder_}), HasSubstr("is a folder"));
  EXPECT_THAT(open_error({.path = write("empty.wav", "")}), HasSubstr("empty.wav is empty"));
  EXPECT_THAT(open_error({.path = write("x.cu8", "abcd")}), HasSubstr("--sample-rate"));
  EXPECT_THAT(open_error({.path = write("x.iq", "abcd"), .sample_rate_hz = 48e3}),
              HasSubstr("--format"));
  EXPECT_THAT(open_error({.path = write("y", "abcdefghijklmn"), .format = FileFormat::kWav}),
              HasSubstr("not a WAV file"));
  EXPECT_THAT(open_error({.path = write("z.wav", wav_head({}, 4) + "1234"),
                          .format = FileFormat::kCu8,
                          .sample_rate_hz = 48e3}),
              HasSubstr("is a WAV file"));
  EXPECT_THAT(open_error({.path = write("r.cu8", "abcd"), .sample_rate_hz = 2.4}),
              HasSubstr("sample rate"));
  EXPECT_EQ(open_error({.path = folder_ / "absent.wav"}).find('\n'), std::string::npos);
}

TEST_F(FileSource, WavsThatAreNoRecordingAreRefused) {
  const auto error = [&](const WavShape& shape) {
    return open_error({.path = write("x.wav", wav_head(shape, 48) + std::string(48, 'x'))});
  };
  EXPECT_THAT(error({.channels = 3}), HasSubstr("3 channels"));
  EXPECT_THAT(error({.channels = 0}), HasSubstr("0 channels"));
  EXPECT_THAT(error({.tag = 6, .bits = 8}), HasSubstr("format tag 6 and 8 bits"));
  EXPECT_THAT(error({.tag = 3, .bits = 64}), HasSubstr("64 bits"));
  EXPECT_THAT(error({.rate_hz = 0}), HasSubstr("sample rate of 0"));
  EXPECT_THAT(open_error({.path = write("h.wav", wav_head({}, 0))}), HasSubstr("no samples"));
  EXPECT_THAT(open_error({.path = write("c.wav", wav_head({}, 0).substr(0, 30))}),
              HasSubstr("ends before its data chunk"));
}

TEST_F(FileSource, UnreadableFileNamesItsPermissions) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const std::string path = write("x.wav", wav_head({}, 4) + "1234");
  fs::permissions(path, fs::perms::none);
  EXPECT_THAT(open_error({.path = path}), HasSubstr("permissions"));
}

TEST_F(FileSource, PipesDeliverWholeSamplesHoweverTheBytesArrive) {
  const std::string path = folder_ / "pipe.cs16";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::jthread writer([&] {
    std::ofstream pipe(path, std::ios::binary);
    for (const char c : std::string("abcdefghijkl")) {
      pipe << c << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  const auto source = open({.path = path, .sample_rate_hz = 48e3});
  ASSERT_TRUE(source);
  const auto got = read_all(*source);
  EXPECT_EQ(got.bytes, "abcdefghijkl");
  EXPECT_EQ(got.error, "");
}

TEST_F(FileSource, SilentPipeDoesNotBlockTheReader) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "abcdefghijkl", 12), 12);
  const auto source = open({.path = "/dev/fd/" + std::to_string(ends[0]),
                            .format = FileFormat::kCu8,
                            .sample_rate_hz = 48e3});
  ASSERT_TRUE(source);
  std::vector<std::byte> buffer(64);
  EXPECT_EQ(source->read(buffer)->samples, 6U);
  const auto idle = source->read(buffer);
  ASSERT_TRUE(idle);
  EXPECT_EQ(idle->samples, 0U);
  EXPECT_FALSE(idle->end);
  ::close(ends[1]);
  EXPECT_TRUE(source->read(buffer)->end);
  ::close(ends[0]);
}

TEST(FileFormatName, EveryNameOfTheCommandLineIsKnownAndNoOther) {
  EXPECT_EQ(parse_file_format("auto"), FileFormat::kAuto);
  EXPECT_EQ(parse_file_format("wav"), FileFormat::kWav);
  EXPECT_EQ(parse_file_format("cu8"), FileFormat::kCu8);
  EXPECT_EQ(parse_file_format("cs8"), FileFormat::kCs8);
  EXPECT_EQ(parse_file_format("cs16"), FileFormat::kCs16);
  EXPECT_EQ(parse_file_format("cf32"), FileFormat::kCf32);
  EXPECT_EQ(parse_file_format("fm"), FileFormat::kFm);
  EXPECT_EQ(parse_file_format("mp3"), std::nullopt);
}

}  // namespace
}  // namespace omnisonde
