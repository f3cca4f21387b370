#pragma once
// A state in a folder of its own, a World of fakes, and documents made by hand.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/policy/model.h"
#include "core/state/apply.h"
#include "core/state/plan.h"
#include "core/state/store.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot::testing {

// A document as the loader would make it. `spec` is JSON.
inline policy::Document document(const std::string& kind, const std::string& id,
                                 const std::string& spec, bool protect = false) {
  policy::Document d;
  d.kind = kind;
  d.id = id;
  Map metadata{{"id", Value(id)}};
  if (protect) metadata.append("protect", true);
  d.content = Map{{"apiVersion", Value("autopilot/v1")},
                  {"kind", Value(kind)},
                  {"metadata", Value(std::move(metadata))},
                  {"spec", parse_json_or_throw(spec, "spec")}};
  d.hash = to_hex(sha256(to_canonical_json(d.content)));
  d.protect = protect;
  return d;
}

inline policy::Document policy(const std::string& id, const std::string& spec = "{}",
                               bool protect = false) {
  return document("Policy", id, spec, protect);
}

inline std::vector<policy::Document> policies(int count, const std::string& spec = "{}") {
  std::vector<policy::Document> all;
  for (int i = 0; i < count; ++i) all.push_back(policy(fmt::format("p{:05}", i), spec));
  return all;
}

// What `f` throws; kind bug when it throws nothing.
template <class F>
Error error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::bug, "nothing was thrown");
}

class StateTest : public ::testing::Test {
 protected:
  const Scratch scratch;
  FakeWorld fakes;
  const std::string path = scratch.path("state.db");
  std::unique_ptr<state::Store> store = state::Store::open_or_create(path);

  state::Plan plan(const std::vector<policy::Document>& desired, state::PlanOptions options = {}) {
    return state::make_plan(desired, store.get(), options);
  }
  state::Applied apply(const state::Plan& p, const std::string& actor = "ada", bool large = false) {
    fakes.clock.tick(Duration::seconds(1));
    return state::apply(*store, p, {actor, "", large, large}, fakes.world);
  }
  // Makes `desired` the applied documents, however much that changes.
  void put(const std::vector<policy::Document>& desired) { apply(plan(desired), "ada", true); }

  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& key : store->keys()) all.push_back(key.kind + "/" + key.id);
    return all;
  }
  void reopen() {
    store.reset();
    store = state::Store::open(path);
  }
};

}  // namespace autopilot::testing
