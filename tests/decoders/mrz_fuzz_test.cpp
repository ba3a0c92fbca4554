// The fuzz target as a plain test.
#include <gtest/gtest.h>

#include "tests/decoders/fuzz_as_test.hpp"

// Every fuzz target has this one name; the test program holds several.
#define LLVMFuzzerTestOneInput fuzz_mrz
#include "tests/fuzz/mrz_fuzz.cpp"  // NOLINT(bugprone-suspicious-include): the target itself

namespace omnisonde {
namespace {

TEST(MrzFuzz, RandomBytesHurtNothing) { fuzz_as_test::random_bytes(fuzz_mrz, 300, 2400); }
TEST(MrzFuzz, SpecialFloatsHurtNothing) { fuzz_as_test::special_floats(fuzz_mrz, 300, 408); }

}  // namespace
}  // namespace omnisonde
