// The fuzz target as a plain test.
#include <gtest/gtest.h>

#include "tests/decoders/fuzz_as_test.hpp"

// Every fuzz target has this one name; the test program holds several.
#define LLVMFuzzerTestOneInput fuzz_meisei
#include "tests/fuzz/meisei_fuzz.cpp"  // NOLINT(bugprone-suspicious-include): the target itself

namespace omnisonde {
namespace {

TEST(MeiseiFuzz, RandomBytesHurtNothing) { fuzz_as_test::random_bytes(fuzz_meisei, 150, 5400); }
TEST(MeiseiFuzz, SpecialFloatsHurtNothing) { fuzz_as_test::special_floats(fuzz_meisei, 60, 1200); }

}  // namespace
}  // namespace omnisonde
