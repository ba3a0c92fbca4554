// Runs a fuzz target without libFuzzer: every file of its seed corpus, each of them damaged in
// many ways, and noise of many lengths. The same inputs every time.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void run(const Input& input) { (void)LLVMFuzzerTestOneInput(input.data(), input.size()); }

Input damaged(Input input, std::mt19937& random) {
  const std::size_t changes = 1 + random() % 4;
  for (std::size_t i = 0; i < changes && !input.empty(); ++i) {
    const std::size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<std::uint8_t>(random());
        break;
      case 1:
        input[at] ^= static_cast<std::uint8_t>(1U << (random() % 8));
        break;
      case 2:
        input[at] = random() % 2 == 0 ? 0xFF : 0x00;
        break;
      default:
        input.resize(at);
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kDamagedPerSeed = 300, kNoiseInputs = 200;
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp,bugprone-*): the same inputs every time
  run({});
  std::size_t seeds = 0;
  for (int i = 1; i < argc; ++i) {
    for (const Input& seed : read_corpus(argv[i])) {
      ++seeds;
      run(seed);
      for (int k = 0; k < kDamagedPerSeed; ++k) run(damaged(seed, random));
    }
  }
  for (int i = 0; i < kNoiseInputs; ++i) {
    Input noise(random() % 4096);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
    run(noise);
  }
  std::printf("%zu seeds\n", seeds);
  return argc > 1 && seeds == 0 ? 1 : 0;  // a corpus that went missing
}
