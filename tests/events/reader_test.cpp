#include "core/events/reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cmath>

#include "core/base/error.h"
#include "core/events/csv.h"
#include "core/events/row_builder.h"
#include "core/events/store.h"
#include "tests/fakes.h"

namespace autopilot::events {
namespace {

const Schema kSchema{{"action", Kind::label, true, 0},
                     {"p", Kind::share, true, 0},
                     {"r", Kind::number, true, 0},
                     {"who", Kind::value, false, 0}};

struct Read {
  std::vector<std::string> actions, who;
  std::vector<double> p, r, who_number;
  BadRows bad;
  std::uint64_t lines = 0;
};

class ReaderTest : public ::testing::Test {
 protected:
  Read read(const std::string& text, const Schema& schema = kSchema) {
    files.texts["log"] = text;
    return read_files({"log"}, schema);
  }

  Read read_files(const std::vector<std::string>& paths, const Schema& schema = kSchema) {
    EventReader reader(files, paths);
    Read out;
    std::vector<Batch> batches;
    reader.read(schema, [&](Batch&& batch) { batches.push_back(std::move(batch)); });
    const auto text = [&](std::size_t c, std::uint32_t code) {
      return code == kNoLabel ? std::string() : reader.labels()[c][code];
    };
    for (const Batch& batch : batches) {
      for (std::size_t i = 0; i < batch.rows; ++i) {
        out.actions.push_back(text(0, batch.columns[0].codes[i]));
        out.p.push_back(batch.columns[1].numbers[i]);
        out.r.push_back(batch.columns[2].numbers[i]);
        out.who.push_back(text(3, batch.columns[3].codes[i]));
        out.who_number.push_back(batch.columns[3].numbers[i]);
      }
    }
    out.bad = reader.bad();
    out.lines = reader.lines();
    return out;
  }

  testing::FakeFiles files;
};

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST_F(ReaderTest, csv_columns_are_found_by_name) {
  const Read got = read("x,r,who,action,p\n9,1,ann,b,0.5\n9,0,,a,0.25\n");
  EXPECT_EQ(got.actions, (Texts{"b", "a"}));
  EXPECT_EQ(got.p, (Numbers{0.5, 0.25}));
  EXPECT_EQ(got.r, (Numbers{1, 0}));
  EXPECT_EQ(got.who, (Texts{"ann", ""}));
  EXPECT_EQ(got.bad.count(), 0u);
}

TEST_F(ReaderTest, quoted_fields_hold_separators_quotes_and_line_ends) {
  const Read got = read("action,p,r,who\r\n\"a,\"\"b\"\"\",0.5,1,\"two\nlines\"\r\nc,1,0,\"\"\r\n");
  EXPECT_EQ(got.actions, (Texts{"a,\"b\"", "c"}));
  EXPECT_EQ(got.who, (Texts{"two\nlines", ""}));
  EXPECT_EQ(got.bad.count(), 0u);
}

TEST_F(ReaderTest, a_semicolon_parts_fields_where_the_header_has_more_of_them_than_commas) {
  const Read out = read("action;p;r\na;0.5;1\nb;0.25;0\n");
  EXPECT_EQ(out.actions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(out.p, (std::vector<double>{0.5, 0.25}));
}

TEST_F(ReaderTest, a_quote_that_swallows_lines_ends_the_reading_and_names_its_line) {
  try {
    read("action,p,r\na,0.5,1\n\"b,0.5,0\na,0.5,1\na,0.5,0\n");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "log:3: a quote is opened here and never closed");
  }
}

TEST_F(ReaderTest, a_quote_in_the_last_line_that_is_cut_off_makes_that_row_bad) {
  const Read out = read("action,p,r\na,0.5,1\n\"b");
  EXPECT_EQ(out.actions, std::vector<std::string>{"a"});
  EXPECT_EQ(out.bad.count(), 1u);
}

TEST_F(ReaderTest, a_share_whose_inverse_overflows_makes_a_row_bad) {
  const Read out = read("action,p,r\na,1e-300,1\na,1e-320,1\na,1e-99,1\n");
  EXPECT_EQ(out.p, std::vector<double>{1e-99});
  ASSERT_EQ(out.bad.shown().size(), 2u);
  EXPECT_EQ(out.bad.shown()[0].line, 2u);
}

TEST_F(ReaderTest, two_columns_of_one_name_cannot_be_told_apart) {
  EXPECT_THROW(read("action,p,r,p\na,0.5,1,0.5\n"), Error);
  EXPECT_EQ(read("action,p,r,x,x\na,0.5,1,2,3\n").actions.size(), 1u);
}

TEST_F(ReaderTest, what_is_no_utf_8_text_is_refused_with_the_way_to_convert_it) {
  const auto refusal = [&](std::string text) {
    try {
      read(text);
      return std::string("none");
    } catch (const Error& e) {
      return fmt::format("{}; {}", e.what(), e.hint());
    }
  };
  const std::string line = "action,p,r\n";
  std::string little, big;
  for (const char c : line) {
    little += {c, '\0'};
    big += {'\0', c};
  }
  EXPECT_EQ(refusal("\xFF\xFE" + little),
            "log is UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8");
  EXPECT_EQ(refusal(little), "log is UTF-16LE, not UTF-8; convert it: iconv -f UTF-16LE -t UTF-8");
  EXPECT_EQ(refusal(big), "log is UTF-16BE, not UTF-8; convert it: iconv -f UTF-16BE -t UTF-8");
  EXPECT_EQ(refusal(std::string("\x7f") + "ELF" + std::string(2, '\0') + line),
            "log is no text: byte 5 is 0; it takes CSV with a header, or JSON Lines");
  EXPECT_EQ(refusal(" [\n {\"action\": \"a\"}]"),
            "log is a JSON array, not JSON Lines; one object a line is wanted: jq -c '.[]' writes "
            "them");
  EXPECT_EQ(read("\xEF\xBB\xBF" + line + "a,0.5,1\n").actions.size(), 1u);
}

TEST_F(ReaderTest, json_members_are_found_by_path_in_any_order) {
  const Schema schema{{"a.name", Kind::label, true, 0},
                      {"p", Kind::share, true, 0},
                      {"r", Kind::number, true, 0},
                      {"context.who", Kind::value, false, 0}};
  const Read got =
      read(R"({"a":{"x":[1,{"y":2}],"name":"b\u00e9"},"p":0.5,"r":1,"context":{"who":3}})"
           "\n\n"
           R"({"r":true,"p":2.5e-1,"context":{},"a":{"name":7},"z":null})",
           schema);
  EXPECT_EQ(got.actions, (Texts{"bé", "7"}));
  EXPECT_EQ(got.p, (Numbers{0.5, 0.25}));
  EXPECT_EQ(got.r, (Numbers{1, 1}));
  EXPECT_EQ(got.who_number[0], 3);
  EXPECT_TRUE(std::isnan(got.who_number[1]));
  EXPECT_EQ(got.bad.count(), 0u);
}

TEST_F(ReaderTest, bad_rows_are_counted_by_reason_and_shown_with_their_line) {
  const Read got = read(
      "action,p,r\na,0.5,1\nb,0,1\nc,0.5,NaN\nd,0.5\n,0.5,1\ne,1.5,0\nf,0.5,yes\ng,,1\nh,0.5,1\n");
  EXPECT_EQ(got.actions, (Texts{"a", "h"}));
  EXPECT_EQ(got.bad.count(), 7u);
  EXPECT_EQ(got.lines, 9u);
  EXPECT_EQ(got.bad.reasons().at("p is 0"), 1u);
  EXPECT_EQ(got.bad.reasons().at("r is not a number"), 2u);
  EXPECT_EQ(got.bad.reasons().at("wrong number of fields"), 1u);
  EXPECT_EQ(got.bad.reasons().at("no action"), 1u);
  EXPECT_EQ(got.bad.reasons().at("no p"), 1u);
  EXPECT_EQ(got.bad.shown()[0].line, 3u);
  EXPECT_EQ(got.bad.shown()[1].why, "r is 'NaN', not a number");
}

TEST_F(ReaderTest, what_only_bad_rows_say_is_no_label) {
  files.texts["log"] = "action,p,r\na,0.5,1\nx,0,1\nb,0.5,0\ny,0.5,z\n";
  EventReader reader(files, {"log"});
  reader.read(kSchema, [](Batch&&) {});
  EXPECT_EQ(reader.labels()[0].texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader.bad().count(), 2u);
}

TEST_F(ReaderTest, a_broken_json_line_does_not_hide_the_next_one) {
  const Read got = read(
      "{\"action\":\"a\",\"p\":1,\"r\":1}\n{\"action\":\"b\n{\"action\":\"c\",\"p\":1,\"r\":1}\n"
      "nonsense\n{\"action\":\"d\",\"p\":1,\"r\":1}{}\n{\"action\":\"e\",\"p\":01,\"r\":1}\n"
      "{\"action\":\"f\",\"p\":1,\"p\":1,\"r\":1}\n{\"action\":[1],\"p\":1,\"r\":1}\n[1]\n"
      "{\"action\":\"g\",\"p\":1,\"r\":1}");
  EXPECT_EQ(got.actions, (Texts{"a", "c", "g"}));
  EXPECT_EQ(got.bad.count(), 7u);
}

TEST_F(ReaderTest, many_chunks_keep_their_order_whatever_the_threads) {
  std::string text;
  Texts expected;
  for (int i = 0; i < 60'000; ++i) {
    expected.push_back(fmt::format("a{}", i * 7919 % 997));
    text += fmt::format("{{\"action\":\"{}\",\"p\":0.{:03},\"r\":{},\"who\":\"{:040}\"}}\n",
                        expected.back(), i % 900 + 1, i, i % 50);
  }
  const Read got = read(text);
  EXPECT_EQ(got.actions, expected);
  ASSERT_EQ(got.r.size(), 60'000u);
  for (int i = 0; i < 60'000; ++i) ASSERT_EQ(got.r[static_cast<std::size_t>(i)], i);
}

TEST_F(ReaderTest, packed_files_are_known_by_how_they_begin) {
  const std::string text = "action,p,r\na,0.5,1\nb,0.25,0\n";
  std::string gzip(200, '\0'), zstd(200, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_out = 200;
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  gzip.resize(200 - stream.avail_out);
  deflateEnd(&stream);
  zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), text.data(), text.size(), 1));
  EXPECT_EQ(read(gzip).actions, (Texts{"a", "b"}));
  EXPECT_EQ(read(gzip + gzip.substr(0)).bad.count(), 1u);  // members one after another: a header
  EXPECT_EQ(read(zstd).actions, (Texts{"a", "b"}));
  EXPECT_THROW(read(gzip.substr(0, gzip.size() - 9)), Error);
  EXPECT_THROW(read(zstd.substr(0, zstd.size() - 5)), Error);
}

TEST_F(ReaderTest, several_files_are_read_one_after_another_each_by_its_own_header) {
  files.texts["day-1.csv"] = "action,p,r\na,1,1\n";
  files.texts["day-2.csv"] = "r,p,action\n0,1,b\n";
  files.texts["other.csv"] = "r,p,action\n0,1,c\n";
  files.texts["logs/day-2.csv"] = files.texts["logs/day-1.csv"] = files.texts["logs/x.csv"] = "";
  EXPECT_EQ(expand_glob(files, "logs/day-?.csv"), (Texts{"logs/day-1.csv", "logs/day-2.csv"}));
  EXPECT_THROW(expand_glob(files, "logs/none-*"), Error);
  EXPECT_EQ(read_files({"day-1.csv", "day-2.csv"}).actions, (Texts{"a", "b"}));
}

TEST_F(ReaderTest, standard_input_comes_in_pieces) {
  files.input = {"action,p,", "r\na,0.", "5,1\nb,1,0"};
  EXPECT_EQ(read_files({"-"}).actions, (Texts{"a", "b"}));
}

TEST_F(ReaderTest, a_missing_column_names_those_that_are_there) {
  try {
    read("action,q,r\na,1,1\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "log has no column 'p'");
    EXPECT_EQ(error.hint(), "its columns: action, q, r");
  }
}

TEST_F(ReaderTest, an_empty_file_has_no_columns) {
  files.texts["log"] = "\n\n";
  EXPECT_TRUE(EventReader(files, {"log"}).columns().empty());
  EXPECT_EQ(read("").lines, 0u);
}

TEST_F(ReaderTest, numbers_may_have_blanks_around_them_and_shares_be_rounded) {
  const Read got = read("action,p,r,who\na, 0.5 ,  1,x\nb,1.0000000001,2 ,y\nc,1.01,2,z\n");
  EXPECT_EQ(got.p, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(got.r, (std::vector<double>{1, 2}));
  EXPECT_EQ(got.bad.count(), 1u);
}

TEST(Times, of_several_spellings_are_microseconds) {
  const auto micros = [](const char* text) {
    std::int64_t out = 0;
    return parse_time(text, out) ? out : -1;
  };
  EXPECT_EQ(micros("1970-01-02T00:00:00Z"), 86'400'000'000);
  EXPECT_EQ(micros("2019-11-24 00:01:03.979311+00:00"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("2019-11-24T01:01:03.979311+01:00"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("1574553663"), 1'574'553'663'000'000);
  EXPECT_EQ(micros("1574553663979"), 1'574'553'663'979'000);
  EXPECT_EQ(micros("1574553663979311000"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("2019-11-24T01:01:03.979311+0100"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("2019-11-24 00:01:03.979311 UTC"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("2019-11-24T03:01:03.979311+03"), 1'574'553'663'979'311);
  EXPECT_EQ(micros("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(micros("2019-11-24T00:00:00+1:00"), -1);
  EXPECT_EQ(micros("2019-11-24T"), -1);
  EXPECT_EQ(micros("24/11/2019"), -1);
  EXPECT_EQ(micros("yesterday"), -1);
  EXPECT_EQ(micros("2019-13-24T00:00:00Z"), -1);
  EXPECT_EQ(micros("2019-11-24T25:00:00Z"), -1);
}

TEST(Numbers, are_those_of_json_and_csv_and_finite) {
  double x = 0;
  EXPECT_TRUE(parse_number("0.029411764705882353", x));
  EXPECT_EQ(x, 1.0 / 34);
  EXPECT_TRUE(parse_number("-1e-3", x));
  EXPECT_TRUE(parse_number("1e-400", x));
  EXPECT_EQ(x, 0);
  for (const char* bad : {"", "nan", "inf", "1e400", "1x", "--1", " 1"})
    EXPECT_FALSE(parse_number(bad, x)) << bad;
}

TEST(Labels, tell_every_two_texts_apart_and_find_them_again) {
  using namespace std::string_literals;
  std::vector<std::string> texts{"",     "\0"s,     "a",        "a\0"s,
                                 "\0a"s, "seven77", "eight888", "eight88\x80"};
  for (int i = 0; i < 500; ++i) {
    texts.push_back(fmt::format("{}", i));
    texts.push_back(fmt::format("a text of its own, {}", i));
  }
  Labels labels;
  for (std::uint32_t i = 0; i < texts.size(); ++i) EXPECT_EQ(labels.code(texts[i]), i) << texts[i];
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(labels.find(texts[i]), i) << texts[i];
    EXPECT_EQ(labels.code(texts[i]), i) << texts[i];
  }
  EXPECT_EQ(labels.find("none of them"), kNoLabel);
  EXPECT_EQ(labels.find("b"), kNoLabel);
}

TEST(RowStore, keeps_what_a_rewriting_makes_of_rows_in_memory_and_in_a_file) {
  for (const std::size_t budget : {std::size_t{0}, std::size_t{1} << 20}) {
    testing::FakeFiles files;
    RowStore store(files, {{"x", Kind::number, true, 0}, {"t", Kind::time, true, 0, false}},
                   budget);
    for (int b = 0; b < 3; ++b) {
      Batch batch;
      batch.rows = 10;
      batch.columns.resize(2);
      batch.columns[0].resize(Kind::number, 10);
      batch.columns[1].resize(Kind::time, 10);
      store.add(std::move(batch));
    }
    store.rewrite([](Batch& batch) {
      for (std::size_t i = 0; i < batch.rows; ++i)
        batch.columns[0].numbers[i] = static_cast<double>(batch.first + i);
    });
    double next = 0;
    store.for_each_in_order([&](const Batch& batch) {
      EXPECT_TRUE(batch.columns[1].integers.empty());  // it is not kept
      for (const double x : batch.columns[0].numbers) EXPECT_EQ(x, next++);
    });
    EXPECT_EQ(next, 30);
  }
}

TEST(RowStore, gives_the_same_rows_from_a_file_as_from_memory) {
  testing::FakeFiles files;
  const Schema schema{{"x", Kind::number, true, 0}, {"a", Kind::label, true, 0}};
  RowStore small(files, schema, 100), large(files, schema);
  for (int b = 0; b < 9; ++b) {
    Batch batch;
    batch.rows = 5;
    batch.columns.resize(2);
    for (int i = 0; i < 5; ++i) {
      batch.columns[0].numbers.push_back(b * 5 + i);
      batch.columns[1].codes.push_back(static_cast<std::uint32_t>(b));
    }
    small.add(batch);
    large.add(batch);
  }
  const auto sums = [](const RowStore& store) {
    std::vector<double> parts(RowStore::kParts);
    store.for_each([&](std::size_t part, const Batch& batch) {
      for (std::size_t i = 0; i < batch.rows; ++i)
        parts[part] = parts[part] * 1.5 + batch.columns[0].numbers[i] * batch.columns[1].codes[i] +
                      static_cast<double>(batch.first);
    });
    return parts;
  };
  EXPECT_EQ(small.rows(), 45u);
  EXPECT_EQ(sums(small), sums(large));
}

}  // namespace
}  // namespace autopilot::events
