#include "uploader/outbox.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>

#include "tests/uploader/sample.hpp"

namespace omnisonde::uploader {
namespace {

using testing::kNow;
using testing::TempFolder;

NewRecord record(std::uint32_t n, const std::string& serial = "S1") {
  NewRecord r;
  r.serial = serial;
  r.type = "RS41";
  r.frame = n;
  r.datetime = r.received = UtcMillis{kNow.ms + 1000LL * n};
  r.body = "{\"frame\":" + std::to_string(n) + "}";
  r.outputs = 1;
  return r;
}

struct Log {
  std::mutex mutex;
  std::string text;
};

OutboxOptions options(const std::string& path, Log* log = nullptr) {
  OutboxOptions o;
  o.storage.path = path;
  o.storage.commit_interval_s = 0.02;
  o.outputs = {"hub", "broker"};
  o.now = [] { return kNow; };
  o.clock_good = [] { return true; };
  o.log = [log](LogLevel, const std::string& text) {
    if (log == nullptr) return;
    const std::lock_guard lock(log->mutex);
    log->text += text + "\n";
  };
  return o;
}

std::unique_ptr<Outbox> must_open(OutboxOptions o) {
  auto opened = Outbox::open(std::move(o));
  if (!opened) {
    ADD_FAILURE() << opened.error().line();
    return nullptr;
  }
  return std::move(*opened);
}

TEST(Outbox, GivesBackWhatWasAddedInOrder) {
  const TempFolder folder;
  auto outbox = must_open(options(folder.path()));
  for (std::uint32_t n = 0; n < 50; ++n) outbox->add(record(n));
  ASSERT_TRUE(outbox->flush(5));
  const auto waiting = outbox->waiting_after(0, 0, 100);
  ASSERT_EQ(waiting.size(), 50U);
  for (std::uint32_t n = 0; n < 50; ++n) EXPECT_EQ(waiting[n].meta.frame, n);
  EXPECT_EQ(waiting[7].body, "{\"frame\":7}");
  EXPECT_EQ(waiting[7].meta.datetime.ms, kNow.ms + 7000);
  EXPECT_TRUE(outbox->waiting_after(1, 0, 100).empty());  // not asked for by this output
  const auto newest = outbox->waiting_newest_first(0, 3);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[0].frame, 49U);
}

TEST(Outbox, TakesEachKeyOnce) {
  const TempFolder folder;
  auto outbox = must_open(options(folder.path()));
  outbox->add(record(1));
  ASSERT_TRUE(outbox->flush(5));
  outbox->add(record(1));
  outbox->add(record(1, "S2"));
  NewRecord better = record(1, "S2");
  better.snr_db = 20;
  better.body = "{\"better\":1}";
  outbox->add(better);
  ASSERT_TRUE(outbox->flush(5));
  const auto waiting = outbox->waiting_after(0, 0, 100);
  EXPECT_EQ(waiting.size(), 2U);
  EXPECT_EQ(outbox->counts().accepted, 2U);
  EXPECT_EQ(outbox->counts().duplicates, 2U);
}

TEST(Outbox, OutputsAreIndependent) {
  const TempFolder folder;
  auto outbox = must_open(options(folder.path()));
  NewRecord r = record(1);
  r.outputs = 3;
  outbox->add(r);
  ASSERT_TRUE(outbox->flush(5));
  const auto id = outbox->waiting_after(0, 0, 1).at(0).meta.id;
  outbox->settle(0, {{id, kDelivered, "", false}});
  EXPECT_TRUE(outbox->waiting_after(0, 0, 1).empty()) << "gone at once, not after the commit";
  ASSERT_TRUE(outbox->flush(5));
  EXPECT_EQ(outbox->waiting_after(1, 0, 1).size(), 1U);
  const OutboxCounts counts = outbox->counts();
  EXPECT_EQ(counts.outputs[0].waiting, 0U);
  EXPECT_EQ(counts.outputs[0].outcomes.at(kDelivered).count, 1U);
  EXPECT_EQ(counts.outputs[1].waiting, 1U);
  outbox->settle(0, {{id, kDelivered, "", false}});  // twice counts once
  ASSERT_TRUE(outbox->flush(5));
  EXPECT_EQ(outbox->counts().outputs[0].outcomes.at(kDelivered).count, 1U);
}

TEST(Outbox, StateSurvivesARestart) {
  const TempFolder folder;
  {
    auto outbox = must_open(options(folder.path()));
    for (std::uint32_t n = 0; n < 10; ++n) outbox->add(record(n));
    ASSERT_TRUE(outbox->flush(5));
    const auto waiting = outbox->waiting_after(0, 0, 4);
    for (const auto& w : waiting) outbox->settle(0, {{w.meta.id, "hub_outlier", "z", true}});
    outbox->add(record(10));
  }  // the destructor commits
  auto outbox = must_open(options(folder.path()));
  EXPECT_EQ(outbox->counts().outputs[0].waiting, 7U);
  EXPECT_EQ(outbox->waiting_after(0, 0, 100).size(), 7U);
  outbox->add(record(2));  // settled before the restart: still known as a duplicate
  ASSERT_TRUE(outbox->flush(5));
  EXPECT_EQ(outbox->counts().duplicates, 1U);
}

// A child process adds records and reports each commit; it is killed in the middle.
TEST(Outbox, KillLosesNothingThatWasCommitted) {
  const TempFolder folder;
  std::array<int, 2> pipe_fds{};
  ASSERT_EQ(::pipe(pipe_fds.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto opened = Outbox::open(options(folder.path()));
    if (!opened) ::_exit(1);
    for (std::uint32_t n = 0;; ++n) {
      (*opened)->add(record(n));
      if (n % 10 != 9) continue;
      if (!(*opened)->flush(5) || ::write(pipe_fds[1], &n, sizeof n) != sizeof n) ::_exit(1);
    }
  }
  std::uint32_t committed = 0;
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(::read(pipe_fds[0], &committed, sizeof committed),
              static_cast<ssize_t>(sizeof committed));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
  auto outbox = must_open(options(folder.path()));
  const auto waiting = outbox->waiting_after(0, 0, 100'000);
  ASSERT_GE(waiting.size(), committed + 1);
  for (std::uint32_t n = 0; n <= committed; ++n) ASSERT_EQ(waiting[n].meta.frame, n);
  EXPECT_EQ(outbox->counts().state, "ok");
}

TEST(Outbox, ReadOnlyFolderIsAClearError) {
  const TempFolder folder;
  std::filesystem::permissions(
      folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const bool was_root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (was_root) {
    std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const auto opened = Outbox::open(options(folder.path()));
  if (was_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().what.find(folder.path()), std::string::npos);
  EXPECT_NE(opened.error().what.find("Permission denied"), std::string::npos);
  EXPECT_FALSE(opened.error().remedy.empty());
}

TEST(Outbox, FolderThatCannotBeIsAClearError) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  const auto opened = Outbox::open(options(folder.path() + "/file/state"));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().what.find("/file/state"), std::string::npos);
}

TEST(Outbox, TwoGatewaysDoNotShareAFolder) {
  const TempFolder folder;
  auto first = must_open(options(folder.path()));
  const auto second = Outbox::open(options(folder.path()));
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().what.find("in use"), std::string::npos);
}

std::vector<std::string> set_aside(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("outbox.corrupt-", 0) == 0 && name.ends_with(".sqlite3")) names.push_back(name);
  }
  return names;
}

TEST(Outbox, CorruptFileIsSetAsideByName) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/outbox.sqlite3") << std::string(20'000, 'x');
  Log log;
  auto outbox = must_open(options(folder.path(), &log));
  outbox->add(record(1));
  ASSERT_TRUE(outbox->flush(5));
  const auto aside = set_aside(folder.path());
  ASSERT_EQ(aside.size(), 1U);
  EXPECT_NE(log.text.find(aside[0]), std::string::npos) << log.text;
  EXPECT_EQ(outbox->waiting_after(0, 0, 10).size(), 1U);
}

TEST(Outbox, DamageInsideAGoodFileIsSetAsideToo) {
  const TempFolder folder;
  {
    auto outbox = must_open(options(folder.path()));
    for (std::uint32_t n = 0; n < 2000; ++n) outbox->add(record(n));
    ASSERT_TRUE(outbox->flush(10));
  }
  {
    std::fstream file(folder.path() + "/outbox.sqlite3",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);  // all but the first page
    file << std::string(200'000, '\xA5');
  }
  auto outbox = must_open(options(folder.path()));
  const auto works = [&outbox] {
    (void)outbox->waiting_newest_first(0, 100);
    outbox->add(record(9999));
    return outbox->flush(1) && !outbox->waiting_after(0, 0, 10).empty();
  };
  EXPECT_TRUE(testing::eventually(works));
  EXPECT_EQ(set_aside(folder.path()).size(), 1U);
}

// RLIMIT_FSIZE makes the kernel refuse writes, as a full disk does.
TEST(Outbox, FullDiskIsSurvived) {
  const TempFolder folder;
  Log log;
  auto outbox = must_open(options(folder.path(), &log));
  outbox->add(record(0));
  ASSERT_TRUE(outbox->flush(5));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight{1000, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  for (std::uint32_t n = 1; n <= 100; ++n) outbox->add(record(n));
  EXPECT_FALSE(outbox->flush(0.5));
  const std::string state = outbox->counts().state;
  ::setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_NE(state, "ok");
  EXPECT_TRUE(testing::eventually([&] { return outbox->counts().state == "ok"; }));
  ASSERT_TRUE(outbox->flush(5));
  EXPECT_EQ(outbox->waiting_after(0, 0, 200).size(), 101U);
  EXPECT_TRUE(set_aside(folder.path()).empty());
  EXPECT_NE(log.text.find("takes nothing"), std::string::npos);
}

TEST(Outbox, OldRecordsExpireOnlyByAGoodClock) {
  const TempFolder folder;
  {
    auto outbox = must_open(options(folder.path()));
    outbox->add(record(1));
    ASSERT_TRUE(outbox->flush(5));
  }
  OutboxOptions late = options(folder.path());
  late.now = [] { return UtcMillis{kNow.ms + 47 * 3600'000LL + 60'000}; };
  late.clock_good = [] { return false; };
  {
    auto outbox = must_open(late);
    EXPECT_EQ(outbox->waiting_after(0, 0, 10).size(), 1U);
  }
  late.clock_good = [] { return true; };
  auto outbox = must_open(late);
  EXPECT_TRUE(outbox->waiting_after(0, 0, 10).empty());
  EXPECT_EQ(outbox->counts().outputs[0].outcomes.at("expired").count, 1U);
  EXPECT_EQ(outbox->counts().outputs[0].waiting, 0U);
}

TEST(Outbox, QuotaDropsTheOldestAndCountsThem) {
  const TempFolder folder;
  {
    auto outbox = must_open(options(folder.path()));
    for (std::uint32_t n = 0; n < 5000; ++n) {
      NewRecord r = record(n);
      r.body = "\"" + std::string(700, 'b') + "\"";
      outbox->add(r);
    }
    ASSERT_TRUE(outbox->flush(20));
  }
  OutboxOptions tight = options(folder.path());
  tight.storage.max_mb = 2;
  auto outbox = must_open(tight);
  const auto waiting = outbox->waiting_after(0, 0, 10'000);
  const OutputCounts counts = outbox->counts().outputs[0];
  EXPECT_LT(outbox->counts().size_mb, 2.0);
  ASSERT_GT(waiting.size(), 500U);
  EXPECT_EQ(waiting.back().meta.frame, 4999U);
  EXPECT_EQ(waiting.size() + counts.outcomes.at("quota").count, 5000U);
  EXPECT_EQ(counts.waiting, waiting.size());
}

}  // namespace
}  // namespace omnisonde::uploader
