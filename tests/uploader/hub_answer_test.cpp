#include "uploader/hub_answer.hpp"

#include <gtest/gtest.h>

namespace omnisonde::uploader {
namespace {

HubAction action_of(long status, std::size_t records = 5, const std::string& body = "") {
  HttpAnswer answer;
  answer.status = status;
  answer.body = body;
  return judge_answer(answer, records).action;
}

TEST(HubAnswer, EachStatusHasItsConsequence) {
  EXPECT_EQ(action_of(200), HubAction::kDone);
  EXPECT_EQ(action_of(202), HubAction::kDone);
  EXPECT_EQ(action_of(400), HubAction::kSplit);
  EXPECT_EQ(action_of(400, 1), HubAction::kQuarantine);
  EXPECT_EQ(action_of(413), HubAction::kSmaller);
  for (const long status : {401L, 403L, 404L, 301L, 418L}) {
    EXPECT_EQ(action_of(status), HubAction::kRefused) << status;
  }
  for (const long status : {0L, 408L, 429L, 500L, 502L, 503L, 504L}) {
    EXPECT_EQ(action_of(status), HubAction::kRetry) << status;
  }
}

TEST(HubAnswer, ACutOffAnswerBehindAGoodStatusIsDone) {
  HttpAnswer answer;
  answer.fault = "transfer closed with outstanding read data remaining";
  for (const long status : {200L, 202L}) {
    answer.status = status;
    answer.body = R"({"message":"some)";
    EXPECT_EQ(judge_answer(answer, 3).action, HubAction::kDone);
  }
}

TEST(HubAnswer, ReadsTheRejectedRecords) {
  HttpAnswer answer;
  answer.status = 202;
  answer.body =
      R"({"message":"x","errors":[{"error_message":"z-check failed","payload":{"serial":"S1","datetime":"T","frame":7}},
          {"error_message":5},"rubbish"],"warnings":[{"warning_message":"changed","payload":{}}]})";
  const HubVerdict v = judge_answer(answer, 3);
  ASSERT_EQ(v.rejected.size(), 2U);
  EXPECT_EQ(v.rejected[0].serial, "S1");
  EXPECT_EQ(v.rejected[0].frame, 7);
  EXPECT_EQ(v.rejected[0].key, "hub_outlier");
  EXPECT_EQ(v.warnings, std::vector<std::string>{"changed"});
}

}  // namespace
}  // namespace omnisonde::uploader
