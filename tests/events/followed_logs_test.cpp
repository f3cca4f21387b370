// Logs that are rotated, packed, copied and cut while they are followed: real files, as inodes
// matter. Each line is handed out once, whatever happened between two looks.
#include "core/events/followed_logs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/system.h"
#include "tests/state/scratch.h"

namespace autopilot::events {
namespace {

using autopilot::testing::Scratch;

const Instant kNow = *parse_rfc3339("2026-11-20T10:00:00Z");

class Followed : public ::testing::Test {
 protected:
  // Numbered lines of about 40 bytes.
  void add(const std::string& name, int count) {
    std::ofstream out(scratch.path(name), std::ios::app);
    for (int i = 0; i < count; ++i) out << line(next_++) << "\n";
  }
  static std::string line(int number) {
    return fmt::format("line number {:06} of the log", number);
  }

  // The numbers of the lines that are new, sorted by their order in the files.
  std::vector<int> look() {
    FollowedLogs logs(system.world().files,
                      find_logs(system.world().files, scratch.path(""), {"log*"}), cursors);
    std::vector<int> out;
    std::string_view text;
    cut = 0;
    fault.clear();
    for (FollowedLog& log : logs.logs()) {
      while (log.next(text)) {
        if (text.starts_with("line number "))
          out.push_back(std::stoi(std::string(text.substr(12, 6))));
        log.mark();
      }
      cut += log.was_cut();
      fault += log.fault();
    }
    copies = logs.copies().size();
    now = now + Duration::seconds(60);
    cursors = logs.cursors(now);
    std::sort(out.begin(), out.end());
    return out;
  }
  static std::vector<int> from_to(int first, int last) {
    std::vector<int> out;
    for (int i = first; i < last; ++i) out.push_back(i);
    return out;
  }
  void shell(const std::string& command) const {
    ASSERT_EQ(std::system(("cd " + scratch.path("") + " && " + command).c_str()), 0) << command;
  }
  // A rotation that packs, as logrotate does it.
  void rotate(const std::string& pack) { shell("mv log log.1 && " + pack + " log.1"); }

  System system;
  Scratch scratch;
  std::vector<LogCursor> cursors;
  Instant now = kNow;
  int cut = 0;
  std::size_t copies = 0;
  std::string fault;

  int next_ = 0;
};

TEST_F(Followed, lines_are_numbered_within_the_whole_log) {
  add("log", 3);
  look();
  add("log", 4);
  FollowedLogs logs(system.world().files,
                    find_logs(system.world().files, scratch.path(""), {"log*"}), cursors);
  FollowedLog& log = logs.logs().at(0);
  std::string_view text;
  ASSERT_TRUE(log.next(text));
  EXPECT_EQ(log.line(), 4u);
  ASSERT_TRUE(log.next(text));
  ASSERT_TRUE(log.next(text));
  EXPECT_EQ(log.line(), 6u);
  EXPECT_EQ(text, line(5));
}

TEST_F(Followed, a_log_that_is_renamed_is_read_to_its_end) {
  add("log", 3);
  EXPECT_EQ(look(), from_to(0, 3));
  add("log", 2);
  shell("mv log log.1");
  add("log", 4);
  EXPECT_EQ(look(), from_to(3, 9));
  EXPECT_EQ(look(), from_to(0, 0));
  EXPECT_EQ(cut, 0);
}

TEST_F(Followed, a_log_that_is_packed_between_two_looks_goes_on_where_it_was) {
  for (const char* pack : {"gzip", "zstd -q --rm"}) {
    SCOPED_TRACE(pack);
    add("log", 1000);
    const std::vector<int> first = look();
    ASSERT_EQ(first.size(), 1000u);
    add("log", 500);
    rotate(pack);
    add("log", 7);
    EXPECT_EQ(look(), from_to(first.back() + 1, first.back() + 508));
    EXPECT_EQ(look(), from_to(0, 0));
    shell("rm log.1.*");
    EXPECT_EQ(look(), from_to(0, 0));
  }
}

TEST_F(Followed, a_packed_log_that_was_never_seen_is_read_whole) {
  add("log", 300);
  rotate("gzip");
  add("log", 2);
  EXPECT_EQ(look(), from_to(0, 302));
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, a_packed_log_that_was_read_is_not_unpacked_again) {
  add("log", 300);
  rotate("gzip");
  EXPECT_EQ(look().size(), 300u);
  ASSERT_EQ(cursors.size(), 1u);
  EXPECT_NE(cursors[0].stamp, "");
  shell("mv log.1.gz log.2.gz");
  EXPECT_EQ(look(), from_to(0, 0));
  EXPECT_TRUE(cursors[0].path.ends_with("log.2.gz"));
}

TEST_F(Followed, rotated_day_after_day_no_line_is_lost_or_doubled) {
  int last = 0;
  for (int day = 0; day < 12; ++day) {
    add("log", 50 + day);
    if (day % 3 != 1) {
      const std::vector<int> seen = look();
      EXPECT_EQ(seen, from_to(last, last + static_cast<int>(seen.size())));
      last += static_cast<int>(seen.size());
    }
    // delaycompress: the newest rotated one stays plain for a day.
    shell(
        "for i in 5 4 3 2; do if [ -e log.$i.gz ]; then mv log.$i.gz log.$((i+1)).gz; fi; done; "
        "if [ -e log.1 ]; then gzip -c log.1 > log.2.gz && rm log.1; fi; mv log log.1; rm -f "
        "log.6.gz");
  }
  const std::vector<int> rest = look();
  EXPECT_EQ(rest, from_to(last, 12 * 50 + 66));
}

TEST_F(Followed, while_a_packed_copy_is_made_only_one_of_both_is_read) {
  add("log", 2000);
  EXPECT_EQ(look().size(), 2000u);
  add("log", 100);
  shell(
      "mv log log.1 && gzip -c log.1 > whole && head -c $(($(stat -c %s whole) / 2)) whole > "
      "log.1.gz");
  EXPECT_EQ(look(), from_to(2000, 2100)) << "half of it is packed";
  EXPECT_EQ(copies, 1u);
  shell("cat whole > log.1.gz");
  EXPECT_EQ(look(), from_to(0, 0)) << "both are there";
  EXPECT_EQ(copies, 1u);
  shell("rm log.1 whole");
  EXPECT_EQ(look(), from_to(0, 0)) << "the packed one alone";
  EXPECT_EQ(copies, 0u);
}

TEST_F(Followed, of_two_copies_that_were_never_seen_one_is_read) {
  add("log.1", 400);
  shell("gzip -c log.1 > log.1.gz");
  EXPECT_EQ(look().size(), 400u);
  shell("rm log.1");
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, a_log_that_begins_like_an_older_one_and_holds_more_is_another) {
  add("log", 3);
  EXPECT_EQ(look(), from_to(0, 3));
  shell("mv log log.1 && cp log.1 log");
  EXPECT_EQ(look(), from_to(0, 0)) << "so far it is a copy";
  EXPECT_EQ(copies, 1u);
  add("log", 2);
  EXPECT_EQ(look(), from_to(0, 5));
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, copied_and_cut_the_rest_is_read_in_the_copy) {
  add("log", 500);
  EXPECT_EQ(look(), from_to(0, 500));
  add("log", 30);
  shell("cp log log.1");
  EXPECT_EQ(look(), from_to(500, 530)) << "between the copy and the cut";
  add("log", 20);
  shell("cp log log.1 && : > log");
  add("log", 3);
  EXPECT_EQ(look(), from_to(530, 553));
  EXPECT_EQ(look(), from_to(0, 0));
}

// What is written between the copy and the cut is in neither; it was read, and nothing twice.
TEST_F(Followed, read_further_than_a_copy_goes_the_copy_is_not_read_again) {
  for (const bool packed : {false, true}) {
    SCOPED_TRACE(packed);
    shell("rm -f log*");
    const int first = next_;
    add("log", 500);
    look();
    shell("cp log log.1");
    add("log", 5);
    EXPECT_EQ(look(), from_to(first + 500, first + 505));
    shell(": > log");
    if (packed) shell("gzip log.1");
    add("log", 2);
    EXPECT_EQ(look(), from_to(first + 505, first + 507));
    now = now + FollowedLogs::kForgetAfter - Duration::seconds(86400);
    EXPECT_EQ(look(), from_to(0, 0));
    now = now + FollowedLogs::kForgetAfter - Duration::seconds(86400);
    EXPECT_EQ(look(), from_to(0, 0)) << "it is not forgotten while it is there";
    if (!packed) shell("gzip log.1");
    EXPECT_EQ(look(), from_to(0, 0));
  }
}

TEST_F(Followed, copied_cut_and_packed_between_two_looks_the_rest_is_read_in_the_packed_copy) {
  add("log", 500);
  EXPECT_EQ(look(), from_to(0, 500));
  add("log", 30);
  shell("cp log log.1 && : > log && gzip log.1");
  add("log", 600);
  EXPECT_EQ(look(), from_to(500, 1130));
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, a_log_that_is_cut_is_read_from_its_beginning) {
  add("log", 300);
  EXPECT_EQ(look().size(), 300u);
  ASSERT_EQ(::truncate(scratch.path("log").c_str(), 0), 0);
  EXPECT_EQ(look(), from_to(0, 0));
  EXPECT_EQ(cut, 1);
  add("log", 2);
  EXPECT_EQ(look(), from_to(300, 302));
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, a_hole_that_a_writer_leaves_where_its_log_was_cut_is_passed_over) {
  std::FILE* writer = std::fopen(scratch.path("log").c_str(), "w");  // does not append
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) std::fprintf(writer, "%s\n", line(next_++).c_str());
    std::fflush(writer);
  };
  write(200'000);  // 6 MB: more than the longest line
  EXPECT_EQ(look().size(), 200'000u);
  shell("cp log log.1 && : > log");
  write(3);
  EXPECT_EQ(look(), from_to(200'000, 200'003));
  EXPECT_EQ(cut, 0) << "the copy has it all";
  write(2);
  EXPECT_EQ(look(), from_to(200'003, 200'005));
  std::fclose(writer);
}

TEST_F(Followed, cut_and_grown_beyond_where_it_was_it_is_another_log) {
  std::ofstream(scratch.path("log")) << std::string(2000, '#') << "\n";  // the same first lines
  add("log", 100);
  EXPECT_EQ(look().size(), 100u);
  std::ofstream(scratch.path("log"), std::ios::trunc) << std::string(2000, '#') << "\n";
  add("log", 400);
  EXPECT_EQ(look(), from_to(100, 500));
  EXPECT_EQ(cut, 1);
}

TEST_F(Followed, a_log_that_grows_from_nothing_is_one_file) {
  std::ofstream(scratch.path("log"));
  EXPECT_EQ(look(), from_to(0, 0));
  for (int i = 0; i < 60; ++i) {
    add("log", 1);
    EXPECT_EQ(look(), from_to(i, i + 1));
  }
}

TEST_F(Followed, the_last_line_waits_for_its_end_unless_it_is_packed) {
  add("log", 2);
  std::ofstream(scratch.path("log"), std::ios::app) << line(2);
  EXPECT_EQ(look(), from_to(0, 2));
  EXPECT_EQ(look(), from_to(0, 0));
  rotate("gzip");
  EXPECT_EQ(look(), from_to(2, 3)) << "nothing comes behind it any more";
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, two_names_of_one_file_are_read_once) {
  add("log", 5);
  shell("ln log log.link && ln -s log log.soft");
  EXPECT_EQ(look(), from_to(0, 5));
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, what_is_taken_in_part_goes_on_there_in_the_packed_file) {
  add("log", 10'000);
  FollowedLogs logs(system.world().files, {scratch.path("log")}, {});
  std::string_view text;
  for (int i = 0; i < 7321; ++i) {
    ASSERT_TRUE(logs.logs()[0].next(text));
    logs.logs()[0].mark();
  }
  while (logs.logs()[0].next(text)) {
  }
  cursors = logs.cursors(now);
  rotate("gzip");
  EXPECT_EQ(look(), from_to(7321, 10'000));
}

TEST_F(Followed, a_damaged_packed_file_is_told_and_read_as_far_as_it_goes) {
  add("log", 20'000);
  shell(
      "gzip -c log > log.gz && rm log && printf XXXXXXXX | dd of=log.gz bs=1 seek=40000 "
      "conv=notrunc 2>/dev/null");
  const std::vector<int> seen = look();
  EXPECT_LT(seen.size(), 20'000u);
  EXPECT_NE(fault.find("cannot unpack"), std::string::npos);
  EXPECT_EQ(look(), from_to(0, 0));
}

TEST_F(Followed, a_packed_file_that_is_still_written_is_read_as_far_as_it_goes) {
  add("log", 20'000);
  shell("gzip -c log > whole && rm log && head -c 40000 whole > log.gz");
  const std::vector<int> first = look();
  EXPECT_GT(first.size(), 100u);
  EXPECT_LT(first.size(), 20'000u);
  EXPECT_EQ(fault, "");
  shell("cat whole > log.gz");
  EXPECT_EQ(look(), from_to(first.back() + 1, 20'000));
}

TEST_F(Followed, files_that_are_gone_are_forgotten_after_a_season) {
  add("log", 5);
  look();
  shell("rm log");
  look();
  EXPECT_EQ(cursors.size(), 1u);
  now = now + FollowedLogs::kForgetAfter;
  look();
  EXPECT_TRUE(cursors.empty());
}

TEST_F(Followed, a_cursor_that_kept_only_the_first_bytes_still_finds_its_file) {
  add("log", 500);
  EXPECT_EQ(look().size(), 500u);
  for (LogCursor& one : cursors) one.tail.clear(), one.seen = Instant();
  add("log", 1);
  rotate("gzip");
  EXPECT_EQ(look(), from_to(500, 501));
}

TEST_F(Followed, a_line_that_never_ends_is_refused) {
  std::ofstream(scratch.path("log")) << std::string(5 << 20, 'x');
  EXPECT_THROW(look(), Error);
}

// Every moment of a rotation at which a look may come, in every order of the tools.
TEST_F(Followed, looks_at_any_moment_of_any_rotation_see_each_line_once) {
  const std::vector<std::vector<std::string>> kinds{
      {"mv log log.1", "touch log", "gzip -c log.1 > log.1.gz", "rm log.1"},
      {"mv log log.1", "zstd -q log.1 -o log.1.zst", "rm log.1"},
      {"cp log log.1", ": > log", "gzip -c log.1 > log.1.gz", "rm log.1"},
      {"cp log tmp", "mv tmp log.1", ": > log", "mv log.1 log.2"}};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    for (unsigned moments = 0; moments < 1u << (kinds[kind].size() + 1); ++moments) {
      SCOPED_TRACE(fmt::format("kind {} moments {:b}", kind, moments));
      shell("rm -f log* tmp");
      cursors.clear();
      std::vector<int> seen;
      const auto maybe_look = [&](std::size_t i) {
        if ((moments >> i & 1) == 0) return;
        for (const int n : look()) seen.push_back(n);
      };
      const int first = next_;
      int added = 54;
      add("log", 40);
      maybe_look(0);
      add("log", 5);
      for (std::size_t i = 0; i < kinds[kind].size(); ++i) {
        shell(kinds[kind][i]);
        // Between a copy and its cut a line may be lost, so none is written then.
        if (kinds[kind][i] == ": > log") add("log", 1), ++added;
        maybe_look(i + 1);
      }
      add("log", 9);
      for (const int n : look()) seen.push_back(n);
      std::sort(seen.begin(), seen.end());
      ASSERT_EQ(seen, from_to(first, first + added));
    }
  }
}

}  // namespace
}  // namespace autopilot::events
