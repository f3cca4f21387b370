// What programs promise beside giving the right value: slots, faults with places, costs, storage,
// sharing.
#include "core/expr/program.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/expr/expression.h"
#include "core/expr/map.h"

namespace autopilot::expr {
namespace {

Environment policy_names() {
  const Type text(TypeKind::string), number(TypeKind::real);
  Environment out;
  out.variables["metrics"] = Type::record({{"cvr", number}, {"visits", number}}, true);
  out.variables["action"] = Type::record(
      {{"type", text}, {"data", Type::record({{"tags", Type::map(text, text)}}, true)}}, false);
  out.variables["free"] = Type(TypeKind::json);
  out.variables["n"] = Type(TypeKind::integer);
  return out;
}

CheckedExpr checked(const std::string& source) {
  CheckedExpr expression = parse_and_check(source, policy_names());
  for (const Fault& fault : expression.faults) ADD_FAILURE() << source << ": " << fault.message;
  return expression;
}

// A program, its inputs, and what it gave.
struct Trial {
  explicit Trial(const std::string& source) : program(compile(checked(source), slots)) {
    inputs.resize(static_cast<std::size_t>(slots.size()));
  }
  Trial& with(const Path& path, Val value) {
    const int slot = slots.find(path);
    EXPECT_GE(slot, 0) << path.back();
    if (slot >= 0) inputs[static_cast<std::size_t>(slot)] = value;
    return *this;
  }
  std::string text() {
    const Val result = program.evaluate(inputs.data(), scratch);
    if (!result.is_error()) return to_text(result);
    const EvalFault fault = program.fault(result, scratch);
    return fault.message + " @ " + program.source().substr(fault.begin, fault.end - fault.begin);
  }

  SlotTable slots;
  Program program;
  Scratch scratch;
  std::vector<Val> inputs;
};

std::string names_of(const SlotTable& slots) {
  std::string out;
  for (const Path& path : slots.paths()) {
    if (!out.empty()) out += " ";
    for (std::size_t i = 0; i < path.size(); ++i) out += (i > 0 ? "." : "") + path[i];
  }
  return out;
}

TEST(Slots, chains_of_fields_become_one_slot) {
  EXPECT_EQ(names_of(Trial("metrics.cvr < 0.02 && metrics.other > metrics.cvr").slots),
            "metrics.cvr metrics.other");
  EXPECT_EQ(names_of(Trial("action.data.a.b == 'x'").slots), "action.data.a.b");
  EXPECT_EQ(names_of(Trial("action.data['a'].b == 'x'").slots), "action.data.a.b");
  EXPECT_EQ(names_of(Trial("has(metrics.cvr) && metrics.?visits.orValue(0.0) > 1.0").slots),
            "metrics.cvr metrics.visits");
}

TEST(Slots, maps_json_variables_and_computed_fields_are_read_whole) {
  EXPECT_EQ(names_of(Trial("action.data.tags['k'] == 'v'").slots), "action.data.tags");
  EXPECT_EQ(names_of(Trial("free.a.b == 'x'").slots), "free");
  EXPECT_EQ(names_of(Trial("metrics[action.type] > 1.0").slots), "metrics action.type");
}

TEST(Slots, are_shared_between_programs_of_one_table) {
  SlotTable slots;
  const Program first = compile(checked("metrics.cvr > 1.0"), slots);
  const Program second = compile(checked("metrics.visits > 1.0 || metrics.cvr > 2.0"), slots);
  EXPECT_EQ(slots.size(), 2);
  EXPECT_EQ(first.slots(), std::vector<int>({0}));
  EXPECT_EQ(second.slots(), std::vector<int>({1, 0}));
  EXPECT_EQ(slots.find({"metrics"}), -1);
}

TEST(Slots, an_absent_one_is_an_error_at_its_place_and_has_says_so) {
  EXPECT_EQ(Trial("metrics.cvr < 0.02").text(), "no such key: cvr @ metrics.cvr");
  EXPECT_EQ(Trial("metrics.cvr * 2.0").text(), "no such key: cvr @ metrics.cvr");
  EXPECT_EQ(Trial("[metrics.cvr]").text(), "no such key: cvr @ metrics.cvr");
  EXPECT_EQ(Trial("n + 1").text(), "no such variable: n @ n");
  EXPECT_EQ(Trial("has(metrics.cvr)").text(), "false");
  EXPECT_EQ(Trial("!has(action.data.a.b)").text(), "true");
  EXPECT_EQ(Trial("has(metrics.cvr) ? metrics.cvr : -1.0").text(), "-1");
  EXPECT_EQ(Trial("metrics.?cvr.hasValue()").text(), "false");
  EXPECT_EQ(Trial("metrics.?cvr.orValue(7.0)").text(), "7");
  EXPECT_EQ(Trial("metrics.?cvr.orValue(metrics.visits)").text(),
            "no such key: visits @ metrics.visits");
  EXPECT_EQ(Trial("metrics.cvr < 0.02 || true").text(), "true");
}

TEST(Slots, a_value_of_another_type_than_declared_takes_the_slow_way) {
  EXPECT_EQ(Trial("metrics.cvr < 0.02").with({"metrics", "cvr"}, Val::of_int(0)).text(), "true");
  EXPECT_EQ(Trial("metrics.cvr < 0.02").with({"metrics", "cvr"}, Val::of_string("x")).text(),
            "no such overload: _<_(string, double) @ metrics.cvr < 0.02");
  EXPECT_EQ(Trial("metrics.cvr < metrics.visits * 0.5")
                .with({"metrics", "cvr"}, Val::of_int(1))
                .with({"metrics", "visits"}, Val::of_double(4))
                .text(),
            "true");
  EXPECT_EQ(Trial("metrics.cvr in [1.0, 2.0, 3.0, 4.0, 5.0]")
                .with({"metrics", "cvr"}, Val::of_uint(3))
                .text(),
            "true");
}

TEST(Faults, name_the_part_that_failed) {
  EXPECT_EQ(Trial("1 + 2 / (3 - 3)").text(), "division by zero @ 2 / (3 - 3)");
  EXPECT_EQ(Trial("[1, 2].map(x, 10 / (x - 1))").text(), "division by zero @ 10 / (x - 1)");
  Arena arena;
  EXPECT_EQ(Trial("true && free.x == 1.0")
                .with({"free"}, Val::of_map(make_map(arena, nullptr, 0)))
                .text(),
            "no such key: x @ free.x");
  EXPECT_EQ(Trial("size(dyn(1)) > 2").text(), "no such overload: size(int) @ size(dyn(1))");
  EXPECT_EQ(Trial("cel.bind(x, 1 / 0, x + 1)").text(), "division by zero @ 1 / 0");
}

TEST(Faults, of_several_absorbed_errors_the_first_is_told) {
  EXPECT_EQ(Trial("metrics.a > 1.0 && metrics.b > 1.0 && true").text(),
            "no such key: a @ metrics.a");
  EXPECT_EQ(Trial("false || metrics.b > 1.0 || metrics.a > 1.0").text(),
            "no such key: b @ metrics.b");
}

TEST(Faults, of_one_evaluation_do_not_reach_the_next) {
  Trial run("metrics.cvr > 0.5 && metrics.visits > 0.5 || has(metrics.cvr) && metrics.cvr > 0.9");
  EXPECT_EQ(run.text(), "no such key: cvr @ metrics.cvr");
  run.with({"metrics", "cvr"}, Val::of_double(0.6)).with({"metrics", "visits"}, Val::of_double(1));
  EXPECT_EQ(run.text(), "true");
  run.with({"metrics", "cvr"}, Val::of_double(0.1));
  EXPECT_EQ(run.text(), "false");
}

TEST(Cost, is_bounded_for_loops_strings_and_lists) {
  for (const char* source :
       {"lists.range(100000).all(i, i >= 0)",
        "lists.range(300).map(i, lists.range(300 + n)).size() > 1",
        "lists.range(40).map(i, n).map(i, lists.range(2000).exists(k, k == n)).size() > 0",
        "lists.range(9000).map(i, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' + "
        "string(n)).join('').replace('x', 'yyyy') == ''"}) {
    Trial run(source);
    if (run.slots.size() > 0) run.with({"n"}, Val::of_int(-1));
    run.scratch.cost_limit = 50'000;
    EXPECT_TRUE(run.text().starts_with("the evaluation costs more than its limit allows"))
        << source << run.text();
  }
}

TEST(Cost, of_comparing_large_values_counts) {
  const std::string big(1'000'000, 'x');
  const std::string same = big;
  for (const char* source :
       {"lists.range(5000).all(i, metrics.a == metrics.b)",
        "lists.range(5000).all(i, size(metrics.a) > i || metrics.b == '')",
        "lists.range(5000).all(i, [[metrics.a]] == [[metrics.b]])",
        "lists.range(5000).all(i, metrics.a in [[metrics.b]] || metrics.a == metrics.b)"}) {
    Trial run(source);
    run.with({"metrics", "a"}, Val::of_string(big));
    run.with({"metrics", "b"}, Val::of_string(same));
    EXPECT_TRUE(run.text().starts_with("the evaluation costs more than its limit allows"))
        << source;
  }
}

TEST(Cost, of_simple_conditions_is_nothing) {
  Trial run("metrics.cvr < 0.02 && action.type == 'x' || metrics.visits > metrics.cvr * 3.0");
  run.text();
  EXPECT_EQ(run.scratch.cost, 0u);
}

TEST(Cost, adds_up_until_the_scratch_is_reset) {
  Trial run("lists.range(n).size() > 5");
  run.with({"n"}, Val::of_int(600));
  run.scratch.cost_limit = 1'000;
  EXPECT_EQ(run.text(), "true");
  EXPECT_NE(run.text(), "true");
  run.scratch.reset();
  EXPECT_EQ(run.text(), "true");
}

TEST(Storage, a_stored_program_behaves_alike) {
  for (const char* source :
       {"metrics.cvr < 0.02", "action.type in ['a', 'b', 'c', 'd', 'e']",
        "action.type.matches('^r.*t$')", "metrics.?cvr.orValue(1.5) + 1.0",
        "[1, 2].map(x, {x: [optional.of(b'a'), type(x), null]})",
        "cidr('10.0.0.0/8').containsIP(action.type) || timestamp(5) < timestamp(6)",
        "1 / 0 == n"}) {
    Trial run(source);
    for (std::size_t i = 0; i < run.inputs.size(); ++i)
      run.inputs[i] = Val::of_string("route.pivot");
    const std::string before = run.text();
    run.program = Program::deserialise(run.program.serialise());
    EXPECT_EQ(run.text(), before) << source;
    EXPECT_EQ(run.program.source(), source);
  }
}

TEST(Storage, damage_is_noticed) {
  const std::string bytes =
      Trial("action.type in ['a', 'b', 'c', 'd', 'e'] && [1].exists(x, x > n)").program.serialise();
  EXPECT_THROW(Program::deserialise(""), Error);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_THROW(Program::deserialise(damaged), Error) << i;
    EXPECT_THROW(Program::deserialise(bytes.substr(0, i)), Error) << i;
  }
}

TEST(Program, folds_constants_but_never_errors) {
  EXPECT_EQ(Trial("1 + 2 * 3").program.explain(), "   0  give             7\n");
  EXPECT_EQ(Trial("[1, 2].exists(x, x == 2)").program.explain(), "   0  give             true\n");
  EXPECT_EQ(Trial("1 / 0").text(), "division by zero @ 1 / 0");
  EXPECT_NE(Trial("1 / 0").program.explain().find("divide"), std::string::npos);
}

TEST(Program, explains_fused_conditions) {
  EXPECT_EQ(Trial("metrics.cvr < metrics.visits * 0.8").program.explain().substr(0, 58),
            "   0  less_scaled      metrics.cvr metrics.visits 0.8  ? 1");
  EXPECT_NE(Trial("action.type.startsWith('route')")
                .program.explain()
                .find("starts_with      action.type \"route\""),
            std::string::npos);
}

TEST(Program, explains_long_constants_up_to_a_whole_character) {
  std::string many;
  for (int i = 0; i < 60; ++i) many += "é";
  for (const std::string& text : {many, "a" + many}) {
    const std::string explained = Trial("free.x == '" + text + "'").program.explain();
    EXPECT_NE(explained.find("é…"), std::string::npos) << explained;
  }
}

TEST(Program, is_shared_between_threads) {
  Trial run(
      "[1, 2, 3].map(x, string(x) + action.type).join('-') == '1t-2t-3t' && "
      "action.type.matches('t')");
  run.with({"action", "type"}, Val::of_string("t"));
  std::vector<std::thread> threads;
  std::vector<int> trues(4);
  for (std::size_t i = 0; i < trues.size(); ++i) {
    threads.emplace_back([&, i] {
      Scratch scratch;
      for (int round = 0; round < 500; ++round) {
        scratch.reset();
        trues[i] += run.program.evaluate(run.inputs.data(), scratch).is_true();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(trues, std::vector<int>(4, 500));
}

TEST(Edges, json_goes_in_and_out) {
  const Value given = parse_json(R"({"a":[1,2.5,"x",true,null],"b":{"c":-3}})").value;
  Scratch scratch;
  EXPECT_EQ(to_json(to_value(to_val(given, scratch, false))), to_json(given));
  const Val value = to_val(given, scratch, true);
  EXPECT_EQ(find(*value.map, "a")->list->items[0].tag, Tag::real);
  EXPECT_EQ(to_text(value), R"({"a": [1, 2.5, "x", true, null], "b": {"c": -3}})");
  EXPECT_EQ(to_json(to_value(Val::of_duration(1'500'000'000))), R"("1.5s")");
  EXPECT_EQ(to_text(Val::of_timestamp(0, 0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_text(Val::of_timestamp(0, 250'000'000)), "1970-01-01T00:00:00.25Z");
  EXPECT_EQ(to_text(Val::of_bytes("caf\xc3\xa9\"")), R"(b"caf\xc3\xa9\"")");
  EXPECT_EQ(to_text(Val::of_double(-0.0)), "-0");
  EXPECT_EQ(to_text(Val::of_double(1e21)), "1e+21");
}

TEST(Scratch, memory_is_taken_back_and_used_again) {
  Scratch scratch;
  const char* first = static_cast<const char*>(scratch.allocate(8));
  for (int i = 0; i < 1000; ++i) scratch.allocate(1000);
  scratch.reset();
  scratch.reset();
  const char* again = static_cast<const char*>(scratch.allocate(8));
  scratch.reset();
  EXPECT_EQ(scratch.allocate(8), again);
  EXPECT_NE(first, nullptr);
}

}  // namespace
}  // namespace autopilot::expr
