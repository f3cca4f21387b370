// docs/traffic.md says what the providers take and what nginx is told.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "core/base/error.h"
#include "core/base/yaml.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/process.h"
#include "core/deploy/traffic.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

// The code blocks of that language, in their order.
std::vector<std::string> blocks(const std::string& language) {
  std::ifstream file("docs/traffic.md");
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```" + language) {
      found.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

Value value_of(const std::string& yaml) {
  Diagnostics diagnostics;
  YamlBudget budget;
  const auto documents =
      parse_yaml(diagnostics.sources().add("docs/traffic.md", yaml), budget, diagnostics);
  const Value value = to_value(documents.at(0).root, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << yaml;
  return value;
}

const Site& shop() {
  static const Site site{"shop", {{"blue", 8001}, {"green", 8002}}, "/site"};
  return site;
}

TEST(TrafficPage, its_examples_are_taken_by_the_providers) {
  testing::FakeWorld fakes;
  std::size_t traffic = 0, processes = 0;
  for (const std::string& block : blocks("yaml")) {
    const Value value = value_of(block);
    if (const Value* spec = value.get("traffic")) {
      EXPECT_NO_THROW(make_traffic(*spec, shop(), fakes.world)) << block;
      ++traffic;
    }
    if (const Value* spec = value.get("process")) {
      EXPECT_NO_THROW(make_process(*spec, shop(), fakes.world)) << block;
      ++processes;
    }
  }
  EXPECT_EQ(traffic, 4u);
  EXPECT_EQ(processes, 2u);
}

TEST(TrafficPage, deployments_in_one_directory_do_not_share_a_flag) {
  const Value spec = *value_of(blocks("yaml").at(0)).get("traffic");
  Site cart = shop();
  cart.deployment = "cart";
  const NginxState half{0, 5000};
  EXPECT_NE(flag_path(read_nginx_spec(spec, shop()), half),
            flag_path(read_nginx_spec(spec, cart), half));
}

TEST(TrafficPage, shows_what_nginx_is_told_and_where) {
  const Value spec = *value_of(blocks("yaml").at(0)).get("traffic");
  const NginxSpec read = read_nginx_spec(spec, shop());
  EXPECT_EQ(read.config, "/etc/nginx/autopilot/shop.conf");
  EXPECT_EQ(read.flags, "/etc/nginx/autopilot/flags/shop");
  EXPECT_EQ(flag_name(read, state_of(read, {"green", "blue", 500})), "green-500");
  EXPECT_EQ(flag_name(read, state_of(read, {"green", "blue", 0})), "blue-10000");
  const std::string text = nginx_text(read, nginx_states({500})).config;
  EXPECT_NE(text.find(blocks("nginx").at(1)), std::string::npos) << text;
  EXPECT_NE(text.find("  listen 80;\n  server_name shop.example;\n"), std::string::npos) << text;
}

TEST(NginxSpec, what_could_end_a_directive_is_refused) {
  for (const auto& [field, value] :
       {std::pair("listen", "80; return 200"), std::pair("server_name", "a{b"),
        std::pair("include", "x\ny"), std::pair("directory", "/a\"b"), std::pair("header", "X Gen"),
        std::pair("flags", "/$uri")}) {
    Value spec = Map{{"listen", "80"}, {"key", "request_id"}};
    spec.as_map()[field] = value;
    EXPECT_THROW(read_nginx_spec(spec, shop()), Error) << field;
  }
}

TEST(NginxSpec, names_of_deployments_become_names_that_nginx_takes_and_stay_apart) {
  Value spec = Map{{"listen", "80"}, {"key", "request_id"}};
  std::set<std::string> ids;
  for (const char* name :
       {"shop", "shop-eu", "shop_eu", "shop.eu", "Shop", "a-very-long-name-of-a-deployment",
        "a-very-long-name-of-a-deployment-2"}) {
    const std::string id = read_nginx_spec(spec, {name, shop().slots, "/site"}).id;
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos)
        << id;
    EXPECT_LE(id.size(), 16u);
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

TEST(NginxSpec, without_a_key_or_a_place_to_listen_it_says_what_is_missing) {
  try {
    read_nginx_spec(Map{{"listen", "80"}}, shop());
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "traffic.key must be given");
  }
  try {
    read_nginx_spec(Map{{"listen", "443 ssl"}, {"key", "request_id"}}, shop());
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "traffic.probe.address must be given");
  }
  EXPECT_THROW(read_nginx_spec(Map{{"key", "request_id"}}, shop()), Error);
}

}  // namespace
}  // namespace autopilot::deploy
