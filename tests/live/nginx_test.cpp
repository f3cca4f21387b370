// The provider nginx against a real nginx: what it generates, and how it tells what is wrong.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/nginx_split.h"
#include "tests/live/rig.h"

namespace autopilot::live {
namespace {

using deploy::Split;
using deploy::SplitCheck;

class LiveNginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    rig = std::make_unique<Rig>(Proxy::nginx);
  }

  // A rig with something in each slot, at `bp` for green.
  void serve(int bp) {
    rig->start("blue", "v0");
    rig->start("green", "v1");
    rig->traffic().install({500, 2500});
    ASSERT_GE(rig->switch_to("green", "blue", bp), 0) << rig->last_why();
  }

  std::string fault_of_install(deploy::Traffic& traffic) {
    try {
      traffic.install({500});
    } catch (const Error& e) {
      return std::string(e.what()) + " | " + e.hint();
    }
    return "none";
  }

  // Rewrites the generated file behind autopilot's back and makes nginx read it.
  void tamper(const std::string& from, const std::string& to) {
    const std::string text = rig->folder().read("shop.conf");
    const std::string changed = std::regex_replace(text, std::regex(from), to);
    ASSERT_NE(text, changed);
    rig->folder().write("shop.conf", changed);
    ::kill(static_cast<pid_t>(std::stoi(rig->folder().read("nginx.pid"))), SIGHUP);
    sleep_ms(500);
  }

  std::unique_ptr<Rig> rig;
};

TEST_F(LiveNginx, splits_as_its_hash_is_computed_for_every_share_and_both_directions) {
  rig->traffic().install({1, 5, 500, 2500, 3333, 9999});
  for (const int bp : {0, 1, 5, 500, 2500, 3333, 9999, 10000}) {
    for (const auto& [canary, stable] : {std::pair("green", "blue"), std::pair("blue", "green")}) {
      const Split split{canary, stable, bp};
      rig->traffic().set(split);
      const SplitCheck check = rig->traffic().verify(split);
      // Nothing runs in the slots: what nginx would do with each key is known all the same.
      EXPECT_TRUE(check.holds) << bp << " " << check.why;
      EXPECT_EQ(*check.observed.get("wrong"), Value(0));
      EXPECT_GE(check.observed.get("keys")->as_int(), 400);
      EXPECT_EQ(rig->traffic().shares(),
                (std::map<std::string, int>{{canary, bp}, {stable, 10000 - bp}}));
    }
  }
}

TEST_F(LiveNginx, odd_keys_fall_where_they_are_computed_to_fall) {
  rig->traffic().install({2500});
  rig->traffic().set({"green", "blue", 2500});
  const deploy::NginxSpec spec = deploy::read_nginx_spec(rig->traffic_spec(), rig->site());
  const std::vector<std::string> keys{"a",
                                      "ab",
                                      "abc",
                                      "abcd",
                                      "abcde",
                                      std::string(500, 'x'),
                                      "\xc3\xa9\xe2\x82\xac",
                                      "0",
                                      "%41",
                                      "user@example.com"};
  const deploy::NginxAnswers answers =
      deploy::ask_nginx(rig->world().sockets, spec, {keys.begin(), keys.end()});
  ASSERT_EQ(answers.says.size(), keys.size()) << answers.why;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(answers.says[i].pool == "ap_shop_green", deploy::in_first_bucket(keys[i], 2500))
        << keys[i];
  }
}

TEST_F(LiveNginx, installing_again_reloads_nothing_and_new_steps_keep_what_is_in_force) {
  serve(500);
  EXPECT_EQ(*rig->traffic().install({500, 2500}).get("changed"), Value(false));
  EXPECT_EQ(*rig->traffic().install({1000}).get("changed"), Value(true));
  EXPECT_TRUE(rig->traffic().verify({"green", "blue", 500}).holds);
  rig->traffic().set({"green", "blue", 1000});
  EXPECT_TRUE(rig->traffic().verify({"green", "blue", 1000}).holds);
}

TEST_F(LiveNginx, another_folder_for_flags_takes_over_what_is_in_force) {
  serve(10000);
  Value spec = rig->traffic_spec();
  spec.as_map()["flags"] = rig->folder().path("other-flags");
  const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
  EXPECT_EQ(*traffic->install({500, 2500}).get("changed"), Value(true));
  const SplitCheck check = traffic->verify({"green", "blue", 10000});
  EXPECT_TRUE(check.holds) << check.why;
}

TEST_F(LiveNginx, the_split_survives_a_kill_of_nginx) {
  serve(2500);
  rig->stop_proxy();
  EXPECT_FALSE(rig->traffic().verify({"green", "blue", 2500}).holds);
  rig->start_proxy();
  EXPECT_TRUE(rig->traffic().verify({"green", "blue", 2500}).holds);
}

TEST_F(LiveNginx, requests_without_a_key_stay_with_the_stable_slot_unless_told_otherwise) {
  Value spec = rig->traffic_spec();
  spec.as_map().erase("missing");
  const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
  traffic->install({9999});
  traffic->set({"green", "blue", 9999});
  const deploy::NginxSpec read = deploy::read_nginx_spec(spec, rig->site());
  const deploy::NginxAnswers answers =
      deploy::ask_nginx(rig->world().sockets, read, {"", "", "somebody"});
  ASSERT_EQ(answers.says.size(), 3u) << answers.why;
  EXPECT_EQ(answers.says[0].pool, "ap_shop_blue");
  EXPECT_EQ(answers.says[2].pool, "ap_shop_green");
}

TEST_F(LiveNginx, a_header_can_be_the_key_and_each_request_its_own) {
  for (const Value& key : {Value(Map{{"header", "X-User"}}), Value("request_id")}) {
    Value spec = rig->traffic_spec();
    spec.as_map()["key"] = key;
    const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
    traffic->install({2500});
    traffic->set({"green", "blue", 2500});
    const SplitCheck check = traffic->verify({"green", "blue", 2500});
    EXPECT_TRUE(check.holds) << check.why;
  }
}

TEST_F(LiveNginx, a_flag_moved_by_hand_is_seen) {
  serve(500);
  const std::string flags = rig->folder().path("site/flags/shop/");
  ASSERT_EQ(::rename((flags + "green-500").c_str(), (flags + "green-2500").c_str()), 0);
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_EQ(check.why, "nginx is at green-2500, not at green-500");
  ASSERT_GE(rig->switch_to("green", "blue", 500), 0);
}

TEST_F(LiveNginx, a_flag_folder_that_is_gone_is_told_and_made_anew) {
  serve(500);
  const std::string flags = rig->folder().path("site/flags/shop");
  ASSERT_EQ(::unlink((flags + "/green-500").c_str()), 0);
  ASSERT_EQ(::rmdir(flags.c_str()), 0);
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_EQ(check.why, "nginx is at none, not at green-500: there is no flag in " + flags);
  ASSERT_GE(rig->switch_to("green", "blue", 500), 0);
}

TEST_F(LiveNginx, a_flag_that_its_workers_cannot_see_is_told) {
  if (::geteuid() != 0) GTEST_SKIP() << "nginx's workers are this user";
  serve(500);
  ::chmod(rig->folder().path("site").c_str(), 0700);
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("chmod o+x"), std::string::npos) << check.why;
}

TEST_F(LiveNginx, an_nginx_that_lies_about_its_share_is_caught) {
  serve(500);
  tamper("  5% ap_shop_green;", "  15% ap_shop_green;");
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("not where they should"), std::string::npos) << check.why;
}

TEST_F(LiveNginx, an_nginx_that_draws_well_and_proxies_elsewhere_is_caught) {
  serve(500);
  tamper("proxy_pass http://\\$ap_shop_pool", "proxy_pass http://ap_shop_blue");
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("proxy_pass does not go to http://$ap_shop_pool"), std::string::npos)
      << check.why;
}

TEST_F(LiveNginx, a_location_that_hides_the_header_is_told) {
  serve(500);
  tamper("proxy_http_version 1.1;", "proxy_http_version 1.1; add_header X-Other 1;");
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("lack the header X-Gen"), std::string::npos) << check.why;
}

TEST_F(LiveNginx, a_configuration_that_was_written_but_never_read_is_told_and_installed) {
  serve(500);
  rig->folder().write("shop.conf", std::regex_replace(rig->folder().read("shop.conf"),
                                                      std::regex("# configuration [0-9a-f]+"),
                                                      "# configuration 000000000000"));
  const SplitCheck check = rig->traffic().verify({"green", "blue", 500});
  EXPECT_NE(check.why.find("it was not reloaded"), std::string::npos) << check.why;
  EXPECT_EQ(*rig->traffic().install({500, 2500}).get("changed"), Value(true));
  EXPECT_TRUE(rig->traffic().verify({"green", "blue", 500}).holds);
}

TEST_F(LiveNginx, a_configuration_broken_by_hand_stops_an_install_and_nothing_else) {
  serve(500);
  const std::string generated = rig->folder().read("shop.conf");
  rig->folder().write("nginx.conf", rig->folder().read("nginx.conf") + "nonsense;\n");
  const std::string fault = fault_of_install(*deploy::make_traffic(
      [&] {
        Value spec = rig->traffic_spec();
        spec.as_map()["header"] = "X-Changed";
        return spec;
      }(),
      rig->site(), rig->world()));
  EXPECT_NE(fault.find("nginx refuses its configuration: unknown directive \"nonsense\""),
            std::string::npos)
      << fault;
  EXPECT_NE(fault.find("nginx.conf:"), std::string::npos);
  EXPECT_EQ(rig->folder().read("shop.conf"), generated);
  EXPECT_TRUE(rig->traffic().verify({"green", "blue", 500}).holds);
  ASSERT_GE(rig->switch_to("green", "blue", 0), 0);  // a rollback needs no configuration
}

TEST_F(LiveNginx, a_file_that_is_not_included_is_told_with_the_line_that_is_missing) {
  const std::string conf = rig->folder().read("nginx.conf");
  rig->folder().write("nginx.conf",
                      std::regex_replace(conf, std::regex("  include [^;]*shop.conf;"), ""));
  const std::string fault = fault_of_install(rig->traffic());
  EXPECT_EQ(fault, "nginx does not read " + rig->folder().path("shop.conf") +
                       " | put this line into http {} of " + rig->folder().path("nginx.conf") +
                       ": include " + rig->folder().path("shop.conf") +
                       "; or, when that is not the nginx that serves, write which is: "
                       "traffic.nginx: [nginx, -c, FILE]");
}

TEST_F(LiveNginx, one_that_does_not_run_is_told) {
  rig->stop_proxy();
  const std::string fault = fault_of_install(rig->traffic());
  EXPECT_NE(fault.find("nginx cannot be told to reload"), std::string::npos) << fault;
  EXPECT_NE(fault.find("when it does not run, start it"), std::string::npos) << fault;
  const SplitCheck check = rig->traffic().verify({"green", "blue", 0});
  EXPECT_NE(check.why.find("nginx does not run, or does not listen there"), std::string::npos)
      << check.why;
}

TEST_F(LiveNginx, another_server_at_the_address_is_told) {
  Value spec = rig->traffic_spec();
  rig->start("blue", "v0");
  spec.as_map()["probe"] = Map{{"address", "127.0.0.1:" + std::to_string(rig->slot("blue").port)}};
  rig->traffic().install({500});
  const SplitCheck check =
      deploy::make_traffic(spec, rig->site(), rig->world())->verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("does not know /.autopilot/shop"), std::string::npos) << check.why;
}

TEST_F(LiveNginx, a_server_of_ones_own_includes_the_lines) {
  rig->start("blue", "v0");
  rig->start("green", "v1");
  const Folder& folder = rig->folder();
  folder.write("server.conf", "");
  folder.write(
      "nginx.conf",
      std::regex_replace(folder.read("nginx.conf"), std::regex("shop.conf;"),
                         "shop.conf; server { listen 127.0.0.1:" + std::to_string(rig->port()) +
                             "; include server.conf; location / { proxy_pass "
                             "http://$$ap_shop_pool; } }"));
  Value spec = rig->traffic_spec();
  spec.as_map().erase("listen");
  spec.as_map()["server_config"] = folder.path("server.conf");
  spec.as_map()["probe"] = Map{{"address", "127.0.0.1:" + std::to_string(rig->port())}};
  const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
  traffic->install({2500});
  traffic->set({"green", "blue", 2500});
  const SplitCheck check = traffic->verify({"green", "blue", 2500});
  EXPECT_TRUE(check.holds) << check.why;
}

TEST_F(LiveNginx, counts_what_a_slot_still_serves) {
  serve(10000);
  sleep_ms(1500);  // idle connections of the check are closed
  EXPECT_EQ(rig->traffic().open_connections("green"), 0);
  {
    LongClients clients(rig->port(), 2);
    sleep_ms(500);
    EXPECT_GE(rig->traffic().open_connections("green").value_or(0), 2);
    ASSERT_GE(rig->switch_to("green", "blue", 0), 0);
    EXPECT_GE(rig->traffic().open_connections("green").value_or(0), 2);
  }
  sleep_ms(1500);
  EXPECT_EQ(rig->traffic().open_connections("green"), 0);
}

}  // namespace
}  // namespace autopilot::live
