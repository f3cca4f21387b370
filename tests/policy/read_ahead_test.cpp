// Many files at once are read as each of them would be alone.
#include "core/policy/read_ahead.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/base/json.h"
#include "core/policy/loader.h"
#include "tests/fakes.h"

namespace autopilot::policy {
namespace {

std::string document(const std::string& id, const std::string& rest = "") {
  return fmt::format(
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: {}}}\nspec:\n  guards:\n    - "
      "{{name: "
      "g, deny: \"action.data.weight > 0.5\", message: \"{}\"}}\n{}",
      id, std::string(300, 'x'), rest);
}

// Sound ones mostly; the others have every kind of fault that reading and checking knows.
std::string some_file(int i, std::mt19937& dice) {
  const std::string id = fmt::format("p{:04}", i);
  switch (dice() % 12) {
    case 0:
      return document(id) + "  priority: [1\n";
    case 1:
      return document(id) + "  priority: 1\n  priority: 2\n";
    case 2:
      return document(id) + "  prioriti: 1\n";
    case 3:
      return document(id) + "---\n" + document(id + "-b");
    case 4:
      return "&a [x, *a]\n";
    case 5:
      return document(id) + "  description: \"caf\xE9\"\n";
    default:
      return document(id);
  }
}

struct Loaded {
  Diagnostics diagnostics;
  std::vector<Document> documents;

  std::vector<std::string> words() const {
    std::vector<std::string> out;
    for (const Diagnostic& d : diagnostics.all()) {
      out.push_back(fmt::format("{} {} {} {}", place(diagnostics.sources(), d.span), d.code,
                                d.message, d.document));
    }
    for (const Document& d : documents) {
      out.push_back(fmt::format("{} {} {} {}", d.file, d.id, d.hash, to_json(d.content)));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST(read_ahead, many_files_are_read_as_each_of_them_is_alone) {
  std::mt19937 dice(7);
  testing::FakeFiles files;
  std::vector<std::string> alone;
  for (int i = 0; i < 400; ++i) {
    const std::string name = fmt::format("policies/f{:04}.yaml", i);
    files.texts[name] = some_file(i, dice);
    Loaded one;
    one.documents = load_text(name, files.texts[name], {}, one.diagnostics);
    for (std::string& word : one.words()) alone.push_back(std::move(word));
  }
  std::sort(alone.begin(), alone.end());
  Loaded all;
  all.documents = load_paths({"policies"}, {}, files, all.diagnostics).documents;
  EXPECT_GT(all.diagnostics.all().size(), 100u);
  EXPECT_GT(all.documents.size(), 200u);
  EXPECT_EQ(all.words(), alone);
}

TEST(read_ahead, the_first_of_two_documents_of_one_name_is_the_first_by_file) {
  testing::FakeFiles files;
  for (int i = 0; i < 300; ++i) {
    files.texts[fmt::format("policies/f{:04}.yaml", i)] =
        document(i % 100 == 50 ? "twice" : fmt::format("p{}", i));
  }
  Loaded all;
  all.documents = load_paths({"policies"}, {}, files, all.diagnostics).documents;
  ASSERT_EQ(all.diagnostics.all().size(), 2u);
  const Diagnostic& second = all.diagnostics.all()[0];
  EXPECT_EQ(place(all.diagnostics.sources(), second.span), "policies/f0150.yaml:3:16");
  EXPECT_EQ(place(all.diagnostics.sources(), second.related.at(0).span),
            "policies/f0050.yaml:3:16");
}

TEST(read_ahead, the_budget_of_a_run_ends_where_it_ends_without_it) {
  SourceMap sources;
  std::vector<std::uint32_t> which;
  std::string list = "[1";
  for (int i = 1; i < 300'000; ++i) list += ",1";
  for (int i = 0; i < 5; ++i) which.push_back(sources.add(fmt::format("f{}", i), list + "]"));
  ReadAhead ahead;
  ahead.read(sources, which);
  YamlBudget budget;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ahead.take(which[i], budget)) << i;
  EXPECT_EQ(budget.nodes, 1'000'000u - 3 * 300'001u);
  EXPECT_FALSE(ahead.take(which[3], budget));
  EXPECT_EQ(budget.nodes, 1'000'000u - 3 * 300'001u);
}

TEST(read_ahead, a_little_is_left_to_be_read_in_its_turn) {
  SourceMap sources;
  const std::vector<std::uint32_t> which{sources.add("a", "a: 1"), sources.add("b", "b: 1")};
  ReadAhead ahead;
  ahead.read(sources, which);
  YamlBudget budget;
  EXPECT_FALSE(ahead.take(which[0], budget));
}

}  // namespace
}  // namespace autopilot::policy
