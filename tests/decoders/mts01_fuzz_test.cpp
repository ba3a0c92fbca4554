// The fuzz target as a plain test.
#include <gtest/gtest.h>

#include "tests/decoders/fuzz_as_test.hpp"

// Every fuzz target has this one name; the test program holds several.
#define LLVMFuzzerTestOneInput fuzz_mts01
#include "tests/fuzz/mts01_fuzz.cpp"  // NOLINT(bugprone-suspicious-include): the target itself

namespace omnisonde {
namespace {

TEST(Mts01Fuzz, RandomBytesHurtNothing) { fuzz_as_test::random_bytes(fuzz_mts01, 200, 4800); }
TEST(Mts01Fuzz, SpecialFloatsHurtNothing) { fuzz_as_test::special_floats(fuzz_mts01, 100, 1080); }

}  // namespace
}  // namespace omnisonde
