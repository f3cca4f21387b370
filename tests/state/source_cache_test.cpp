#include "core/state/source_cache.h"

#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

class SourceCacheTest : public testing::StateTest {
 protected:
  static constexpr const char* kCache = "cache/sources";
  Diagnostics diagnostics;
  policy::Project project;

  static std::string yaml(
      const std::string& id,
      const std::string& spec = "{mode: monitor, guards: [{name: g, deny: risk > 1.0}]}") {
    return "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + id + "}\nspec: " + spec +
           "\n";
  }

  // Loads the folder as plan does. Documents from the cache have no content.
  std::vector<policy::Document> load() {
    diagnostics = {};
    AppliedSources cache(*store, project, fakes.files, kCache);
    auto documents =
        policy::load_paths({"policies"}, project, fakes.files, diagnostics, &cache).documents;
    cache.save();
    return documents;
  }
  // How many documents were read as YAML.
  int parsed() {
    int n = 0;
    for (const policy::Document& d : load()) n += !d.content.is_null();
    return n;
  }
  void SetUp() override {
    for (const char* id : {"a", "b", "c"})
      fakes.files.texts[fmt::format("policies/{}.yaml", id)] = yaml(id);
  }
};

TEST_F(SourceCacheTest, files_that_are_applied_and_untouched_are_not_read_as_yaml) {
  EXPECT_EQ(parsed(), 3);
  put(load());
  EXPECT_EQ(parsed(), 0);
  EXPECT_TRUE(plan(load()).empty());
}

TEST_F(SourceCacheTest, a_touched_file_is_read_again) {
  put(load());
  fakes.files.texts["policies/b.yaml"] = yaml("b", "{guards: [{name: g, deny: risk > 1.0}]}");
  EXPECT_EQ(parsed(), 1);
  EXPECT_EQ(plan(load()).changes.size(), 1u);
  fakes.files.texts["policies/b.yaml"] += "# a comment\n";
  EXPECT_EQ(plan(load()).changes.size(), 1u);
}

TEST_F(SourceCacheTest, a_renamed_or_moved_file_is_known_by_its_bytes) {
  put(load());
  load();
  fakes.files.texts["policies/z.yaml"] = fakes.files.texts["policies/a.yaml"];
  fakes.files.texts.erase("policies/a.yaml");
  EXPECT_EQ(parsed(), 0);
}

TEST_F(SourceCacheTest, what_differs_from_the_state_is_read_from_its_file) {
  put(load());
  load();
  std::vector<policy::Document> other = {testing::policy("a"), testing::policy("b")};
  put(other);
  EXPECT_EQ(parsed(), 3);
  EXPECT_EQ(plan(load()).changes.size(), 3u);
}

TEST_F(SourceCacheTest, another_project_is_another_meaning) {
  put(load());
  EXPECT_EQ(parsed(), 0);
  project.document = testing::document("Project", "autopilot", R"({"metrics":{"cvr":"double"}})");
  EXPECT_EQ(parsed(), 3);
}

TEST_F(SourceCacheTest, files_with_faults_or_warnings_are_never_remembered) {
  put(load());
  load();
  fakes.files.texts["policies/bad.yaml"] = yaml("bad", "{mood: bad}");
  load();
  EXPECT_FALSE(diagnostics.ok());
  load();
  EXPECT_FALSE(diagnostics.ok()) << "said each time";
  fakes.files.texts["policies/bad.yaml"] = yaml("bad", "{mode: monitor}");
  put(load());
  for (int i = 0; i < 2; ++i) {
    load();
    EXPECT_EQ(diagnostics.warnings(), 1u) << "a policy without rules";
  }
}

TEST_F(SourceCacheTest, two_documents_of_one_name_are_found_with_both_places) {
  put(load());
  load();
  fakes.files.texts["policies/copy.yaml"] = fakes.files.texts["policies/a.yaml"];
  load();
  ASSERT_EQ(diagnostics.errors(), 1u);
  const Diagnostic& d = diagnostics.all()[0];
  EXPECT_EQ(d.code, "duplicate-document");
  EXPECT_EQ(place(diagnostics.sources(), d.span), "policies/copy.yaml:3:16");
  EXPECT_EQ(place(diagnostics.sources(), d.related.at(0).span), "policies/a.yaml:3:16");
}

TEST_F(SourceCacheTest, a_damaged_cache_counts_as_empty) {
  put(load());
  load();
  const std::string sound = fakes.files.texts[kCache];
  testing::FakeRandom random(2);
  for (int i = 0; i < 50; ++i) {
    std::string damaged = sound;
    damaged[random.next() % damaged.size()] ^= 1;
    fakes.files.texts[kCache] = damaged;
    EXPECT_EQ(parsed(), 3);
  }
  fakes.files.texts[kCache] = sound.substr(0, sound.size() / 2);
  EXPECT_EQ(parsed(), 3);
  EXPECT_EQ(parsed(), 0) << "and is written anew";
}

TEST_F(SourceCacheTest, a_cache_that_cannot_be_written_is_no_fault) {
  put(load());
  fakes.files.broken.insert(kCache);
  fakes.files.texts.erase(kCache);
  EXPECT_EQ(parsed(), 3);
  EXPECT_TRUE(diagnostics.ok());
}

TEST_F(SourceCacheTest, nothing_is_written_when_nothing_is_new) {
  put(load());
  load();
  fakes.files.writes.clear();
  load();
  EXPECT_TRUE(fakes.files.writes.empty());
}

TEST_F(SourceCacheTest, a_change_of_the_state_meanwhile_is_noticed) {
  put(load());
  const std::vector<policy::Document> bare = load();
  put({testing::policy("a")});
  EXPECT_EQ(testing::error_of([&] { plan(bare); }).kind(), ErrorKind::stale);
}

}  // namespace
}  // namespace autopilot::state
