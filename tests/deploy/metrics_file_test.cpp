// Metrics in CSV and JSON Lines files.
#include "core/deploy/deltas.h"
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::kNow;
using testing::Providers;

TEST_F(Providers, a_csv_file_gives_the_rows_of_the_arm_in_the_time_asked_for) {
  fake.files.texts["m.csv"] =
      "time,arm,errors,total\r\n"
      "2026-11-20T09:00:00Z,canary,9,9\n"
      "2026-11-20T10:00:10Z,canary,1,50\n"
      "2026-11-20T10:00:10Z,stable,7,70\n"
      "1795168820,\"canary\",2,60\n"
      "2026-11-20T10:00:25Z,canary,1,";  // being written
  const std::string spec =
      R"({"provider":"file","path":"m.csv","bad":"errors","total":"total","where":{"arm":"{{arm}}"}})";
  const Reply reply = read(spec);
  EXPECT_EQ(reply.no_data, "");
  EXPECT_NE(reply.warnings.at(0).find("line 6 has no end yet"), std::string::npos);
  const Taken taken = take_samples(query, reply, {});
  ASSERT_EQ(taken.samples.size(), 2u);
  EXPECT_EQ(taken.samples[0].bad, 1);
  EXPECT_EQ(taken.samples[1].bad, 2);
  EXPECT_EQ(taken.samples[1].total, 60);
}

TEST_F(Providers, csv_with_missing_columns_or_no_numbers_says_which) {
  const std::string spec = R"({"provider":"file","path":"m.csv","query":"roi"})";
  EXPECT_EQ(why(spec), "there is no file m.csv");
  fake.files.texts["m.csv"] = "";
  EXPECT_EQ(why(spec), "m.csv is empty");
  fake.files.texts["m.csv"] = "time,rio\n";
  EXPECT_EQ(why(spec), "m.csv has no column roi; it has time, rio");
  fake.files.texts["m.csv"] = "time,roi\n2026-11-20T10:00:10Z\n";
  EXPECT_EQ(why(spec), "m.csv: line 2 has no number in roi");
  fake.files.texts["m.csv"] = "time,roi\nyesterday,1\n2026-11-20T10:00:10Z,2\n";
  const Reply reply = read(spec);
  EXPECT_EQ(reply.values[0].points.size(), 1u);
  EXPECT_EQ(reply.warnings[0], "m.csv: line 2 has no RFC 3339 time and no Unix time in time");
  fake.files.texts["m.csv"] = "time,roi\n2020-01-01T00:00:00Z,2\n";
  EXPECT_EQ(why(spec), "m.csv has no new rows");
}

TEST_F(Providers, a_jsonl_file_passes_over_what_is_no_object) {
  fake.files.texts["m.jsonl"] =
      "{\"time\": 1795168810, \"roi\": 1.5}\nrubbish\n[1]\n{\"time\": 1795168820000, \"roi\": "
      "\"2\"}\n{\"time";
  const Reply reply = read(R"({"provider":"file","path":"m.jsonl","query":"roi"})");
  ASSERT_EQ(reply.values[0].points.size(), 2u);
  EXPECT_EQ(reply.values[0].points[1].value, 2);
  EXPECT_EQ(reply.values[0].points[1].at, kNow - Duration::seconds(10));
  EXPECT_EQ(reply.warnings[0], "m.jsonl: 2 lines are no good; line 2 is no JSON object");
}

TEST_F(Providers, a_jsonl_file_is_read_on_from_where_everything_is_old) {
  const std::string spec = R"({"provider":"file","path":"d/m.jsonl*","query":"roi"})";
  std::string& text = fake.files.texts["d/m.jsonl"];
  text = "{\"time\": 1700000000, \"roi\": 9}\n";
  for (int i = 0; i < 500; ++i) text += "{\"time\": 1700000001, \"roi\": 9}\n";
  text += "{\"time\": 1795168810, \"roi\": 1}\n";
  const Reply first = read(spec);
  ASSERT_EQ(first.values.at(0).points.size(), 1u);
  query.place = first.place;
  text += "{\"time\": 1795168820, \"roi\": 2}\n";
  EXPECT_EQ(read(spec).values.at(0).points.size(), 2u);
  // Rotated: what is still asked for is found under its new name; what is old is not read again.
  fake.files.texts["d/m.jsonl.1"] = text;
  text = "{\"time\": 1795168821, \"roi\": 3}\n";
  const Reply rotated = read(spec);
  EXPECT_EQ(rotated.values.at(0).points.size(), 3u);
  EXPECT_TRUE(rotated.warnings.empty());
  // Cut: it is another file, read from its beginning.
  fake.files.texts.erase("d/m.jsonl.1");
  EXPECT_EQ(read(spec).values.at(0).points.size(), 1u);
}

TEST_F(Providers, a_version_cannot_lead_a_path_elsewhere) {
  query.version = "../../etc";
  EXPECT_NE(why(R"({"provider":"file","path":"m/{{version}}.csv","query":"v"})")
                .find("cannot be a part of a path"),
            std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
