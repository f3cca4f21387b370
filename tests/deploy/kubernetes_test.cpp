// The kubernetes providers against recorded answers: a program named kubectl that prints them and
// notes how it was called.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/system.h"
#include "core/base/text.h"
#include "core/deploy/process.h"
#include "core/deploy/traffic.h"
#include "tests/state/scratch.h"

namespace autopilot::deploy {
namespace {

class Kubernetes : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch.write("kubectl",
                  "#!/bin/sh\n"
                  "cd \"" +
                      scratch.path("") +
                      "\"\n"
                      "printf '%s\\n' \"$*\" >> calls\n"
                      "case \"$*\" in\n"
                      "  *'get httproute'*) cat route.json ;;\n"
                      "  *'get deployment'*) cat deployment.json ;;\n"
                      "  *patch*) cat patched; exit $(cat status) ;;\n"
                      "esac\n");
    ::chmod(scratch.path("kubectl").c_str(), 0755);
    scratch.write("patched", "httproute.gateway.networking.k8s.io/shop patched\n");
    scratch.write("status", "0");
    scratch.write("route.json", recorded("httproute.json"));
    scratch.write("deployment.json", recorded("deployment.json"));
    path_ = ::getenv("PATH");
    ::setenv("PATH", (scratch.path("") + ":" + path_).c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

  static std::string recorded(const std::string& name) {
    std::ifstream file("testdata/kubectl/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The answer about the route with something else in it.
  void alter(const std::string& from, const std::string& to) {
    scratch.write("route.json",
                  std::regex_replace(recorded("httproute.json"), std::regex(from), to));
  }
  std::vector<std::string> calls() { return split(trim(scratch.read("calls")), '\n'); }

  std::unique_ptr<Traffic> traffic() {
    return make_traffic(Map{{"provider", "kubernetes"}, {"namespace", "web"}}, site(),
                        system.world());
  }
  std::unique_ptr<Process> process(const char* stop = "scale") {
    return make_process(Map{{"provider", "kubernetes"},
                            {"namespace", "web"},
                            {"container", "app"},
                            {"image", "registry.example/shop:{{version}}"},
                            {"replicas", 3},
                            {"stop", stop}},
                        site(), system.world());
  }
  Site site() { return {"shop", {{"blue", 80}, {"green", 80}}, scratch.path("site")}; }
  std::string why(int bp) { return traffic()->verify({"green", "blue", bp}).why; }

  testing::Scratch scratch;
  System system;
  std::string path_;
};

TEST_F(Kubernetes, both_weights_change_in_one_patch_that_tests_the_names) {
  traffic()->set({"green", "blue", 2500});
  ASSERT_EQ(calls().size(), 2u);
  EXPECT_EQ(calls()[0], "--namespace=web get httproute shop -o json");
  EXPECT_EQ(
      calls()[1],
      R"(--namespace=web patch httproute shop --type=json --patch=[{"op":"test","path":"/spec/rules/0/backendRefs/1/name","value":"shop-green"},{"op":"add","path":"/spec/rules/0/backendRefs/1/weight","value":2500},{"op":"test","path":"/spec/rules/0/backendRefs/0/name","value":"shop-blue"},{"op":"add","path":"/spec/rules/0/backendRefs/0/weight","value":7500}])");
}

TEST_F(Kubernetes, a_match_and_copies_are_refused_before_anything_is_changed) {
  const Match testers{{false, "X-Beta", Matcher::How::exact, {"1"}}};
  for (const Split& split :
       {Split{"green", "blue", 500, testers}, Split{"green", "blue", 0, {}, 500}}) {
    try {
      traffic()->set(split);
      FAIL();
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("the provider kubernetes cannot "), std::string::npos);
      EXPECT_EQ(e.hint(), "nginx can, and exec where your program takes {{match}} or {{mirror}}");
    }
  }
  EXPECT_EQ(scratch.read("calls"), "");
}

TEST_F(Kubernetes, a_refused_patch_is_an_error_in_the_words_of_kubectl) {
  scratch.write("status", "1");
  scratch.write("patched", "Error from server (Forbidden): httproutes is forbidden");
  try {
    traffic()->set({"green", "blue", 2500});
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("Error from server (Forbidden)"), std::string::npos)
        << e.what();
  }
}

TEST_F(Kubernetes, a_split_holds_when_every_gateway_has_taken_its_weights) {
  EXPECT_TRUE(traffic()->verify({"green", "blue", 500}).holds);
  EXPECT_EQ(traffic()->shares(), (std::map<std::string, int>{{"blue", 9500}, {"green", 500}}));
  EXPECT_EQ(why(0), "httproute shop has weights 500 and 9500, not 0 and 10000");
}

TEST_F(Kubernetes, a_gateway_that_lags_or_refuses_is_told) {
  alter("\"observedGeneration\": 7, \"reason\": \"Accepted\"",
        "\"observedGeneration\": 6, \"reason\": \"Accepted\"");
  EXPECT_EQ(why(500), "a gateway is at generation 6 of httproute shop, not yet at 7");
  alter("\"reason\": \"Accepted\", \"status\": \"True\"",
        "\"reason\": \"NoMatchingParent\", \"status\": \"False\"");
  EXPECT_EQ(why(500), "a gateway does not accept httproute shop");
  alter("\"parents\": \\[", "\"old\": [");
  EXPECT_EQ(why(500), "no gateway has accepted httproute shop");
}

TEST_F(Kubernetes, a_third_backend_and_a_missing_one_are_told) {
  alter("\\{\"group\": \"\", \"kind\": \"Service\", \"name\": \"shop-blue\"",
        "{\"name\": \"shop-old\", \"weight\": 5}, {\"name\": \"shop-blue\"");
  EXPECT_EQ(why(500), "httproute shop sends traffic to other backends too");
  alter("shop-green", "shop-lime");
  EXPECT_EQ(
      why(500),
      "rule 0 of httproute shop has no backend shop-green; traffic.services names the Service of "
      "each slot; both must be among backendRefs");
}

TEST_F(Kubernetes, an_answer_that_is_no_json_does_not_hold) {
  scratch.write("route.json",
                "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout");
  EXPECT_FALSE(traffic()->verify({"green", "blue", 500}).holds);
  EXPECT_TRUE(traffic()->shares().empty());
}

TEST_F(Kubernetes, a_version_runs_in_a_deployment_of_its_slot) {
  const Running running = process()->observe({"green", 80});
  EXPECT_TRUE(running.running);
  EXPECT_EQ(running.version, "v41");
  process()->start({"green", 80}, "v41");
  EXPECT_EQ(calls().size(), 2u);  // it runs already: only looked at
  process()->start({"green", 80}, "v42");
  const std::vector<std::string> all = calls();
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[3],
            "--namespace=web annotate deployment/shop-green --overwrite autopilot/version=v42");
  EXPECT_EQ(all[4],
            "--namespace=web set image deployment/shop-green app=registry.example/shop:v42");
  EXPECT_EQ(all[5], "--namespace=web scale deployment/shop-green --replicas=3");
}

TEST_F(Kubernetes, stopping_scales_to_nothing_or_undoes_the_rollout) {
  process()->stop({"green", 80}, Duration::seconds(30));
  process("undo")->stop({"green", 80}, Duration::seconds(30));
  EXPECT_EQ(calls(), (std::vector<std::string>{
                         "--namespace=web scale deployment/shop-green --replicas=0",
                         "--namespace=web rollout status deployment/shop-green --timeout=30s",
                         "--namespace=web rollout undo deployment/shop-green",
                         "--namespace=web rollout status deployment/shop-green --timeout=30s"}));
}

}  // namespace
}  // namespace autopilot::deploy
