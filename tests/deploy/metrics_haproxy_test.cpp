// HAProxy's counters.
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::Providers;

constexpr char kStat[] =
    "# "
    "pxname,svname,qcur,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,rtime,\n"
    "shop,blue,0,1,2,0,100,0,3,4,0,12,\n"
    "shop,BACKEND,5,1,2,0,200,0,6,8,0,13,\n\n";

TEST_F(Providers, haproxy_counts_what_a_server_answered_and_what_it_failed_to) {
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{kStat, {}};
  };
  const std::string spec = R"({"provider":"haproxy","socket":"/run/h.sock","backend":"shop")";
  query.slot = "blue";
  Reply reply = read(spec + R"(,"server":"{{slot}}","kind":"count"})");
  EXPECT_EQ(fake.sockets.asked[0].second, "show stat\n");
  EXPECT_EQ(reply.bad[0].points[0].value, 7);
  EXPECT_EQ(reply.total[0].points[0].value, 110);
  reply = read(spec + R"(,"kind":"count"})");
  EXPECT_EQ(reply.bad[0].points[0].value, 8);
  EXPECT_EQ(reply.total[0].points[0].value, 214);
  EXPECT_EQ(value(spec + R"(,"query":"rtime"})"), 13);
  EXPECT_EQ(why(spec + R"(,"query":"ttime"})"), "HAProxy's statistics have no column ttime");
  query.slot = "green";
  EXPECT_EQ(why(spec + R"(,"server":"{{slot}}","kind":"count"})"),
            "HAProxy's backend shop has no server green; it has blue, BACKEND");
}

TEST_F(Providers, haproxy_that_lies_or_is_away_is_told) {
  const std::string spec =
      R"({"provider":"haproxy","socket":"/run/h.sock","backend":"shop","kind":"count"})";
  EXPECT_EQ(why(spec), "cannot connect to /run/h.sock: no such file or directory");
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{"Permission denied\n", {}};
  };
  EXPECT_EQ(why(spec), "HAProxy answered with something that is no statistics: Permission denied");
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{"# pxname,svname\nother,BACKEND\n", {}};
  };
  EXPECT_EQ(why(spec), "HAProxy has no backend shop");
}

}  // namespace
}  // namespace autopilot::deploy
