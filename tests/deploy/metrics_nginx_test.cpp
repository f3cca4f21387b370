// nginx's access log and status page.
#include "core/base/error.h"
#include "core/deploy/access_log.h"
#include "core/deploy/deltas.h"
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::kNow;
using testing::Providers;

std::string line(const char* time, int status, const char* seconds, const char* upstream) {
  return std::string("10.0.0.1 - - [20/Nov/2026:") + time + " +0000] \"GET / HTTP/1.1\" " +
         std::to_string(status) + " 12 \"-\" \"curl \\x22x\\x22\" " + seconds + " " + seconds +
         " " + upstream + "\n";
}

constexpr char kLog[] =
    R"j({"provider":"nginx","path":"access.log","log_format":"timed","kind":"count","where":{"upstream_addr":"127.0.0.1:{{port}}"}})j";

TEST_F(Providers, the_access_log_counts_the_requests_of_the_arm_by_steps) {
  fake.files.texts["access.log"] =
      line("09:59:59", 500, "0.100", "127.0.0.1:8002") +
      line("10:00:05", 200, "0.100", "127.0.0.1:8002") +
      line("10:00:05", 500, "0.100", "127.0.0.1:8001") +
      line("10:00:15", 502, "0.100", "127.0.0.1:8001, 127.0.0.1:8002") +
      line("10:00:16", 404, "0.900", "127.0.0.1:8002") + "garbage\n" +
      line("10:00:29", 200, "0.100", "127.0.0.1:8002");  // too young
  const Reply reply = read(kLog);
  EXPECT_EQ(reply.no_data, "");
  EXPECT_EQ(reply.warnings[0], "1 of 7 lines of access.log have another form than log_format");
  const Taken taken = take_samples(query, reply, {});
  ASSERT_EQ(taken.samples.size(), 3u);
  EXPECT_EQ(taken.samples[0].total, 1);
  EXPECT_EQ(taken.samples[1].total, 2);
  EXPECT_EQ(taken.samples[1].bad, 1);
  EXPECT_EQ(taken.samples[2].total, 0);
  EXPECT_EQ(taken.samples[2].to, kNow - Duration::seconds(2));
  query.to = kNow + Duration::seconds(10);
  query.from = taken.samples[2].to;
  EXPECT_EQ(take_samples(query, read(kLog), taken.cursor).samples[0].total, 1);
}

TEST_F(Providers, what_autopilot_asks_through_nginx_is_nobodys_request) {
  std::string probe = line("10:00:05", 500, "0.100", "127.0.0.1:8002");
  const std::string agent = "curl \\x22x\\x22";
  probe.replace(probe.find(agent), agent.size(), "autopilot-probe");
  fake.files.texts["access.log"] = probe + line("10:00:06", 200, "0.1", "127.0.0.1:8002") + probe;
  const Taken taken = take_samples(query, read(kLog), {});
  EXPECT_EQ(taken.samples[0].total, 1);
  EXPECT_EQ(taken.samples[0].bad, 0);
}

TEST_F(Providers, the_access_log_gives_slow_requests_and_quantiles) {
  fake.files.texts["access.log"] = line("10:00:05", 200, "0.100", "127.0.0.1:8002") +
                                   line("10:00:06", 200, "0.300", "127.0.0.1:8002") +
                                   line("10:00:07", 500, "-", "127.0.0.1:8002");
  const Reply slow = read(
      R"({"provider":"nginx","path":"access.log","log_format":"timed","kind":"count","above":"200ms"})");
  EXPECT_EQ(take_samples(query, slow, {}).samples[0].bad, 1);
  EXPECT_NEAR(
      value(R"({"provider":"nginx","path":"access.log","log_format":"timed","query":"max"})"), 0.3,
      1e-6);
}

TEST_F(Providers, a_log_that_is_not_there_foreign_or_empty_is_told) {
  EXPECT_EQ(why(kLog), "there is no log access.log");
  fake.files.texts["access.log"] = "a\nb\n";
  EXPECT_EQ(why(kLog), "no line of access.log has the form of log_format");
  fake.files.texts["access.log"] = "";
  EXPECT_EQ(why(kLog), "");
}

TEST_F(Providers, a_rotated_log_is_read_on_in_the_file_before) {
  fake.files.texts["access.log"] = line("10:00:15", 200, "0.1", "127.0.0.1:8002");
  fake.files.texts["access.log.1"] = line("10:00:05", 200, "0.1", "127.0.0.1:8002");
  const Taken taken = take_samples(query, read(kLog), {});
  EXPECT_EQ(taken.samples[0].total + taken.samples[1].total, 2);
}

TEST_F(Providers, an_access_log_is_read_on_from_what_later_queries_may_ask_for) {
  std::string& log = fake.files.texts["access.log"];
  log = line("09:00:00", 200, "0.1", "127.0.0.1:8002") +
        line("10:00:05", 500, "0.1", "127.0.0.1:8002");
  const Taken first = take_samples(query, read(kLog), {});
  EXPECT_EQ(first.samples[0].bad, 1);
  query.place = read(kLog).place;
  ASSERT_EQ(query.place.as_list().size(), 1u);
  EXPECT_EQ(query.place.as_list()[0].get("offset")->as_int(),
            static_cast<std::int64_t>(log.find('\n') + 1));
  // Renamed, it goes on under its new name.
  fake.files.texts["access.log.1"] = log + line("10:00:15", 200, "0.1", "127.0.0.1:8002");
  log = line("10:00:16", 200, "0.1", "127.0.0.1:8002");
  const Taken second = take_samples(query, read(kLog), {});
  EXPECT_EQ(second.samples[0].total, 1);
  EXPECT_EQ(second.samples[1].total, 2);
}

TEST_F(Providers, of_a_long_access_log_only_the_end_is_read_the_first_time) {
  std::string& log = fake.files.texts["access.log"];
  while (log.size() < 3 << 20) log += line("09:00:00", 200, "0.1", "127.0.0.1:8002");
  const std::size_t old = log.size();
  for (int i = 0; i < 40; ++i) log += line("10:00:05", 200, "0.1", "127.0.0.1:8002");
  const Reply reply = read(kLog);
  EXPECT_EQ(take_samples(query, reply, {}).samples[0].total, 40);
  EXPECT_EQ(reply.place.as_list()[0].get("offset")->as_int(), static_cast<std::int64_t>(old));
}

TEST(AccessLog, times_of_all_three_kinds_are_read) {
  EXPECT_EQ(format_rfc3339(*parse_time_local("20/Nov/2026:10:00:00 +0100")),
            "2026-11-20T09:00:00Z");
  for (const char* wrong : {"", "20/Foo/2026:10:00:00 +0100", "31/Feb/2026:10:00:00 +0100",
                            "20/Nov/2026:25:00:00 +0100", "20/Nov/2026 10:00:00 +0100"})
    EXPECT_FALSE(parse_time_local(wrong)) << wrong;
  std::vector<std::string_view> values;
  const AccessLogFormat json(R"({"t":"$msec","s":$status,"u":"$uri"})");
  ASSERT_TRUE(json.split(R"({"t":"1795168830.250","s":404,"u":"/a"})", values));
  EXPECT_EQ(format_rfc3339(*json.time_of(values)), "2026-11-20T10:00:30.250Z");
  EXPECT_EQ(values[1], "404");
  EXPECT_FALSE(json.split(R"({"t":"1)", values));
  EXPECT_THROW(AccessLogFormat("$msec$status"), Error);
}

TEST_F(Providers, stub_status_gives_connections_and_those_that_were_dropped) {
  const std::string spec = R"({"provider":"nginx","url":"http://h/status")";
  answers(FakeHttp::says(200,
                         "Active connections: 2 \nserver accepts handled requests\n 10 9 50 \n"
                         "Reading: 0 Writing: 1 Waiting: 4 \n",
                         "text/plain"));
  EXPECT_EQ(value(spec + "}"), 2);
  EXPECT_EQ(value(spec + R"(,"query":"waiting"})"), 4);
  const Reply counts = read(spec + R"(,"kind":"count"})");
  EXPECT_EQ(counts.total[0].points[0].value, 10);
  EXPECT_EQ(counts.good[0].points[0].value, 9);
  EXPECT_NE(why(spec + R"(,"query":"idle"})").find("it has active"), std::string::npos);
  answers(FakeHttp::says(200, "<html>", "text/html"));
  EXPECT_NE(why(spec + "}").find("does not answer as stub_status does"), std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
