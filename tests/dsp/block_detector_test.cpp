#include "dsp/block_detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <string>
#include <vector>

#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 48'000;
constexpr int kPad = 3;

const ModemParams kGaussianNrz{.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F};
const ModemParams kPlainNrz{.symbol_rate_hz = 4800, .deviation_hz = 2400};
const ModemParams kPlainManchester{
    .symbol_rate_hz = 2500, .deviation_hz = 2400, .line_code = LineCode::kManchester};
const ModemParams kGaussianManchester{
    .symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F, .line_code = LineCode::kManchester};

// The definition: every pattern of the block and its neighbours, each sum from scratch.
std::vector<float> naive_margins(const UnitBank& bank, std::span<const Sample> units, int block,
                                 std::size_t bits) {
  const int half = (block - 1) / 2, spread = bank.context_bits() - 1;
  const int pattern_bits = block + spread;
  std::vector<float> margins;
  for (int centre = 0; centre < static_cast<int>(bits); ++centre) {
    std::array<double, 2> best{};
    for (int p = 0; p < 1 << pattern_bits; ++p) {
      std::complex<double> sum, turn{1, 0};
      for (int m = 0; m < block; ++m) {
        const int context = (p >> (block - 1 - m)) & (bank.contexts() - 1);
        const int unit = centre - half + m + kPad;
        sum += turn * std::complex<double>(
                          units[static_cast<std::size_t>(unit * bank.contexts() + context)]);
        turn *= std::complex<double>(bank.unwind(context));
      }
      const auto bit = static_cast<std::size_t>((p >> (half + spread / 2)) & 1);
      best[bit] = std::max(best[bit], std::abs(sum));
    }
    margins.push_back(static_cast<float>(best[1] - best[0]));
  }
  return margins;
}

struct Case {
  const char* name;
  const ModemParams* modem;
  int block;
};

class BlockDetectorOf : public ::testing::TestWithParam<Case> {};

TEST_P(BlockDetectorOf, EqualsTheSearchOverAllPatterns) {
  const Case& c = GetParam();
  const std::size_t bits = c.block == 7 ? 12 : 40;
  const UnitBank bank(*c.modem, c.modem->deviation_hz, kRate_hz);
  const auto units =
      testing::white_noise((bits + 2 * kPad) * static_cast<std::size_t>(bank.contexts()), 1, 11);
  BlockDetector detector;
  std::vector<float> margins(bits);
  detector.detect(bank, units, kPad, c.block, margins);
  const auto want = naive_margins(bank, units, c.block, bits);
  for (std::size_t i = 0; i < bits; ++i) EXPECT_NEAR(margins[i], want[i], 2e-4) << i;

  // One object serves blocks of all lengths in any order.
  detector.detect(bank, units, kPad, 1, margins);
  const auto single = naive_margins(bank, units, 1, bits);
  for (std::size_t i = 0; i < bits; ++i) EXPECT_NEAR(margins[i], single[i], 2e-4) << i;
}

INSTANTIATE_TEST_SUITE_P(Blocks, BlockDetectorOf,
                         ::testing::Values(Case{"GaussianNrz1", &kGaussianNrz, 1},
                                           Case{"GaussianNrz3", &kGaussianNrz, 3},
                                           Case{"GaussianNrz5", &kGaussianNrz, 5},
                                           Case{"GaussianNrz7", &kGaussianNrz, 7},
                                           Case{"PlainNrz3", &kPlainNrz, 3},
                                           Case{"PlainNrz7", &kPlainNrz, 7},
                                           Case{"PlainManchester1", &kPlainManchester, 1},
                                           Case{"PlainManchester3", &kPlainManchester, 3},
                                           Case{"PlainManchester5", &kPlainManchester, 5},
                                           Case{"PlainManchester7", &kPlainManchester, 7},
                                           Case{"GaussianManchester3", &kGaussianManchester, 3},
                                           Case{"GaussianManchester5", &kGaussianManchester, 5}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(BlockDetector, ACleanSignalGivesEveryBitItsSign) {
  const auto bits = testing::random_bits(200, 5);
  testing::Channel channel;
  channel.lead_s = 0.01;  // 480 samples = 48 units before the first bit
  const auto x = testing::fsk_signal(kGaussianNrz, bits, channel);
  const UnitBank bank(kGaussianNrz, 2400, kRate_hz);
  const auto contexts = static_cast<std::size_t>(bank.contexts());
  std::vector<Sample> units((bits.size() + 2 * kPad) * contexts);
  for (std::size_t k = 0; k < bits.size() + 2 * kPad; ++k) {
    bank.correlate(x.data() + 480 + 10 * k - 10 * kPad, 0, units.data() + k * contexts);
  }
  BlockDetector detector;
  std::vector<float> margins(bits.size());
  for (const int block : {1, 3, 5, 7}) {
    detector.detect(bank, units, kPad, block, margins);
    for (std::size_t i = 2; i + 2 < bits.size(); ++i) {
      EXPECT_EQ(margins[i] > 0, bits[i] != 0) << i << " block " << block;
    }
  }
}

}  // namespace
}  // namespace omnisonde::dsp
