#include "core/decide/line_source.h"

#include <gtest/gtest.h>

#include "tests/fakes.h"

namespace autopilot::decide {
namespace {

using Batches = std::vector<std::vector<std::string>>;

// "number:text" of each line, batch by batch.
Batches batches_of(std::vector<std::string> pieces) {
  autopilot::testing::FakeFiles files;
  files.input = std::move(pieces);
  LineSource source(files);
  Batches out;
  std::vector<InputLine> lines;
  while (source.next(lines)) {
    out.emplace_back();
    for (const InputLine& line : lines) {
      out.back().push_back(std::to_string(line.number) + ":" + std::string(line.text));
    }
  }
  return out;
}

std::vector<std::string> lines_of(std::vector<std::string> pieces) {
  std::vector<std::string> out;
  for (const auto& batch : batches_of(std::move(pieces))) {
    out.insert(out.end(), batch.begin(), batch.end());
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(line_source, gives_lines_with_their_numbers) {
  EXPECT_EQ(lines_of({"a\nb\nc\n"}), (Lines{"1:a", "2:b", "3:c"}));
}

TEST(line_source, takes_a_last_line_without_its_end) {
  EXPECT_EQ(lines_of({"a\nb"}), (Lines{"1:a", "2:b"}));
  EXPECT_EQ(lines_of({"b"}), (Lines{"1:b"}));
}

TEST(line_source, joins_pieces) {
  EXPECT_EQ(lines_of({"a", "b\nc", "", "never read"}), (Lines{"1:ab", "2:c"}));
  EXPECT_EQ(lines_of({"a\n", "b", "\n"}), (Lines{"1:a", "2:b"}));
}

TEST(line_source, leaves_empty_lines_out_and_counts_them) {
  EXPECT_EQ(lines_of({"\n\na\n \t\r\nb\r\n\n"}), (Lines{"3:a", "5:b"}));
  EXPECT_EQ(lines_of({"\n\n\n"}), Lines{});
  EXPECT_EQ(lines_of({}), Lines{});
}

TEST(line_source, leaves_a_leading_schema_line_out) {
  EXPECT_EQ(lines_of({"{\"schema\":\"autopilot.action/v1\"}\na\n"}), (Lines{"2:a"}));
  EXPECT_EQ(lines_of({"a\n{\"schema\":\"x\"}\n"}), (Lines{"1:a", "2:{\"schema\":\"x\"}"}));
}

TEST(line_source, leaves_a_byte_order_mark_out) {
  EXPECT_EQ(lines_of({"\xEF\xBB\xBF"
                      "a\n"}),
            (Lines{"1:a"}));
}

TEST(line_source, waits_for_no_more_input_than_it_needs) {
  // A whole line is there and nothing more is waiting: answer at once.
  class Slow final : public Files {
   public:
    std::vector<std::string> pieces{"a\nb", "\nc\n"};
    std::size_t next = 0;
    std::string read_stdin() override { return next == pieces.size() ? "" : pieces[next++]; }
    bool stdin_ready() override { return false; }
    std::string read(const std::string&) override { return {}; }
    std::string read_guarded(const std::string&, const std::string&) override { return {}; }
    Secret read_secret(const std::string&, const std::string&) override { return {}; }
    std::string write_temporary(std::string_view) override { return {}; }
    bool exists(const std::string&) override { return false; }
    bool is_directory(const std::string&) override { return false; }
    std::string stamp(const std::string&) override { return {}; }
    std::vector<FileEntry> list(const std::string&) override { return {}; }
    void write(const std::string&, std::string_view) override {}
    void create(const std::string&, std::string_view) override {}
    void make_directories(const std::string&) override {}
    void remove(const std::string&) override {}
    void rename(const std::string&, const std::string&) override {}
  } slow;
  LineSource source(slow);
  std::vector<InputLine> lines;
  ASSERT_TRUE(source.next(lines));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].text, "a");
  EXPECT_EQ(slow.next, 1u);
  ASSERT_TRUE(source.next(lines));
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_FALSE(source.next(lines));
}

TEST(line_source, bounds_its_batches) {
  std::string many;
  for (std::size_t i = 0; i < LineSource::kBatchLines + 1; ++i) many += "x\n";
  const Batches batches = batches_of({many});
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].size(), LineSource::kBatchLines);
  EXPECT_EQ(batches[1], Lines{std::to_string(LineSource::kBatchLines + 1) + ":x"});
}

TEST(line_source, keeps_of_a_line_without_end_what_shows_that_it_is_too_long) {
  const std::string piece(1 << 20, 'x');
  for (const std::string& first : {std::string(), std::string("a\n")}) {
    autopilot::testing::FakeFiles files;
    files.input = {first + piece};
    for (int i = 0; i < 19; ++i) files.input.push_back(piece);
    files.input.push_back("\nb\n");
    LineSource source(files);
    std::vector<InputLine> lines;
    std::vector<std::size_t> sizes;
    while (source.next(lines)) {
      for (const InputLine& line : lines) sizes.push_back(line.text.size());
    }
    if (!first.empty()) {
      ASSERT_EQ(sizes.size(), 3u);
      EXPECT_EQ(sizes.front(), 1u);
      sizes.erase(sizes.begin());
    }
    ASSERT_EQ(sizes.size(), 2u);
    EXPECT_GT(sizes[0], kLongestLine);
    EXPECT_LT(sizes[0], kLongestLine + 2 * piece.size());
    EXPECT_EQ(sizes[1], 1u);
  }
}

TEST(line_source, gives_readable_bytes_behind_each_line) {
  autopilot::testing::FakeFiles files;
  files.input = {"ab"};
  LineSource source(files);
  std::vector<InputLine> lines;
  ASSERT_TRUE(source.next(lines));
  const char* end = lines[0].text.data() + lines[0].text.size();
  for (std::size_t i = 0; i < kPadding; ++i) EXPECT_EQ(end[i], ' ');
}

}  // namespace
}  // namespace autopilot::decide
