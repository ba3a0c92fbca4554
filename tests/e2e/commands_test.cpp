// The sub-commands that end by themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::HasSubstr;

class Commands : public ::testing::Test {
 protected:
  /// @returns the exit status, or -1 when it did not end by itself.
  int run(const std::vector<std::string>& arguments) {
    program_ = start_program(arguments, folder_.path());
    const auto end = program_->wait(20);
    return end ? end->status : -1;
  }
  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> program_;
};

TEST_F(Commands, VersionPrintsOneLine) {
  EXPECT_EQ(run({"version"}), 0) << program_->err();
  EXPECT_THAT(program_->out(), ::testing::MatchesRegex("omnisonde [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(program_->err(), "");
}

TEST_F(Commands, DevicesNamesTheInstalledDrivers) {
  EXPECT_EQ(run({"devices"}), 0) << program_->err();
  EXPECT_THAT(program_->out(), HasSubstr("sondesim"));
}

TEST_F(Commands, CheckConfigAcceptsTheShippedFile) {
  EXPECT_EQ(run({"check-config", OMNISONDE_SOURCE_DIR "/config/omnisonde.ini"}), 0)
      << program_->err();
  EXPECT_THAT(program_->out(), HasSubstr(": ok"));
}

TEST_F(Commands, CheckConfigNamesAWrongKey) {
  const std::string file = folder_.path() + "/wrong.ini";
  write_file(file, "[web]\nlissen = off\n");
  EXPECT_GT(run({"check-config", file}), 0);
  EXPECT_THAT(program_->err(), HasSubstr(file + ":2:"));
}

TEST_F(Commands, TypesNamesWhatCanBeDecoded) {
  EXPECT_EQ(run({"types"}), 0) << program_->err();
  EXPECT_THAT(program_->out(), HasSubstr("RS41"));
  EXPECT_THAT(program_->out(), HasSubstr("Graw"));
}

// README's table is this command's output.
TEST_F(Commands, TypesAreTheTableInTheReadme) {
  EXPECT_EQ(run({"types", "--markdown"}), 0) << program_->err();
  EXPECT_THAT(text_of_file(OMNISONDE_SOURCE_DIR "/README.md"), HasSubstr(program_->out()));
}

TEST_F(Commands, UnknownCommandIsAUsageFault) {
  EXPECT_EQ(run({"transmit"}), 64) << program_->err();
  EXPECT_THAT(program_->err(), HasSubstr("--help"));
}

}  // namespace
}  // namespace omnisonde::testing
