#include "commands/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/loader.h"
#include "core/render/diagnostics.h"
#include "core/trial/report.h"

namespace autopilot::commands {
namespace {

constexpr Duration kPollEvery = Duration::milliseconds(250);

constexpr char kHowToTest[] =
    "a test is a document of kind PolicyTest; docs/testing.md shows how to write one, and "
    "`autopilot "
    "test --record DECISION` makes one";

std::string whole_path(cli::Context& context, const std::string& path) {
  return context.world.files.real_path(path);
}

bool is_within(std::string_view path, std::string_view folder) {
  return path == folder || folder == "/" ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

// Where documents are read from, and under which of that the tests are looked for.
struct Places {
  std::vector<std::string> read;
  std::vector<std::string> tests;  // real paths; empty: everywhere
};

// Everything once: a path inside another one is read with it, however both are spelt.
std::vector<std::string> outermost(cli::Context& context, const std::vector<std::string>& paths) {
  std::vector<std::string> out, whole;
  for (const std::string& path : paths) whole.push_back(whole_path(context, path));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    bool inside = false;
    for (std::size_t j = 0; j < paths.size(); ++j) {
      const bool same = whole[i] == whole[j];
      inside = inside || (i != j && is_within(whole[i], whole[j]) && (!same || j < i));
    }
    if (!inside) out.push_back(paths[i]);
  }
  return out;
}

Places places_of(cli::Context& context, const policy::Project& project,
                 const TrialOptions& options) {
  Places out;
  std::vector<std::string> paths = options.paths;
  if (context.in_project()) {
    for (const std::string& path : project.paths) paths.push_back(context.in_root(path));
  } else if (paths.empty()) {
    context.root();  // says that there is no project
  }
  if (options.paths.empty()) {
    for (const std::string& test : project.tests) {
      const std::string path = context.in_root(test);
      if (context.world.files.exists(path)) paths.push_back(path);
    }
  }
  out.read = outermost(context, paths);
  for (const std::string& path : options.paths) out.tests.push_back(whole_path(context, path));
  return out;
}

policy::Project load_project(cli::Context& context, Diagnostics& diagnostics) {
  if (!context.in_project()) return {};
  return policy::load_project(context.in_root("autopilot.yaml"), context.world.files, diagnostics);
}

class Trial {
 public:
  Trial(cli::Context& context, const TrialOptions& options)
      : context_(context),
        options_(options),
        project_(load_project(context, diagnostics_)),
        places_(places_of(context, project_, options)) {}

  bool run() {
    loaded_ = policy::load_paths(places_.read, project_, context_.world.files, diagnostics_,
                                 nullptr, policy::Trees::keep);
    std::vector<policy::Policy> policies;
    for (const policy::Document& document : loaded_.documents) {
      if (document.kind == "Policy") policies.push_back(policy::policy_from(document));
      if (document.kind == "PolicyTest" && is_wanted(document))
        tests_.push_back(policy::policy_test_from(document));
    }
    if (!diagnostics_.ok()) return refuse();
    trial::Runner runner(project_, std::move(policies));
    for (const policy::PolicyTest& test : tests_) runner.check_names(test, diagnostics_);
    if (!diagnostics_.ok()) return refuse();
    choose_cases();
    std::optional<trial::Coverage> coverage;
    if (options_.coverage) coverage.emplace(runner.all(), loaded_.documents);
    return judge(runner, coverage ? &*coverage : nullptr);
  }

 private:
  bool is_wanted(const policy::Document& document) {
    if (places_.tests.empty()) return true;
    const std::string path = document.file == "<stdin>" ? "-" : whole_path(context_, document.file);
    return std::any_of(places_.tests.begin(), places_.tests.end(),
                       [&](const std::string& folder) { return is_within(path, folder); });
  }

  bool is_chosen(const std::string& id, const std::string& name) const {
    return options_.filter.empty() || glob_match(options_.filter, id) ||
           glob_match(options_.filter, name) || glob_match(options_.filter, id + "/" + name);
  }

  void choose_cases() {
    if (tests_.empty()) {
      const std::vector<std::string>& read = options_.paths.empty() ? places_.read : options_.paths;
      throw Error(ErrorKind::invalid, fmt::format("there is no test in {}", join(read, ", ")),
                  kHowToTest);
    }
    for (policy::PolicyTest& test : tests_) {
      std::erase_if(test.cases,
                    [&](const policy::TestCase& c) { return !is_chosen(test.id, c.name); });
    }
    std::erase_if(tests_, [](const policy::PolicyTest& test) { return test.cases.empty(); });
    if (!tests_.empty()) return;
    throw Error(ErrorKind::invalid, fmt::format("no case matches {}", options_.filter),
                "--filter is a glob over the whole name of a test, a case, or TEST/CASE");
  }

  bool judge(trial::Runner& runner, trial::Coverage* coverage) {
    std::vector<trial::TestResult> results;
    std::size_t left_out = 0;
    bool stopped = false;
    for (const policy::PolicyTest& test : tests_) {
      trial::TestResult result{&test, {}};
      for (const policy::TestCase& one : test.cases) {
        if (stopped) {
          ++left_out;
          continue;
        }
        result.cases.push_back(runner.run(test, one, coverage));
        stopped = options_.fail_fast && !result.cases.back().passed();
      }
      if (!result.cases.empty()) results.push_back(std::move(result));
    }
    trial::Findings findings{results, diagnostics_.sources(), trial::summary_of(results), coverage,
                             options_.least_coverage};
    findings.summary.left_out = left_out;
    if (!options_.lcov.empty()) {
      context_.world.files.write(options_.lcov, trial::lcov(*coverage, diagnostics_.sources()));
    }
    show(findings);
    return findings.passed();
  }

  void show(const trial::Findings& findings) {
    context_.show_diagnostics(diagnostics_);  // remarks: there are no errors
    if (context_.globals.format == "junit") return context_.write(trial::junit(findings));
    context_.show(trial::describe(findings));
  }

  // The documents have faults: nothing was run.
  bool refuse() {
    const std::string& format = context_.globals.format;
    if (format == "junit") {
      context_.write(render::diagnostics_junit(diagnostics_));
    } else if (format == "json") {
      context_.show({"autopilot.test/v1",
                     {{"passed", false},
                      {"cases", 0},
                      {"failed", 0},
                      {"not_run", 0},
                      {"tests", List{}},
                      {"diagnostics", render::diagnostics_values(diagnostics_)}},
                     {}});
    } else {
      context_.show_diagnostics(diagnostics_);
    }
    if (loaded_.unreadable > 0) throw Error(ErrorKind::storage, "not all files could be read");
    context_.inform(fmt::format("{} in the documents; nothing was run",
                                render::diagnostics_summary(diagnostics_)));
    return false;
  }

  cli::Context& context_;
  const TrialOptions& options_;
  Diagnostics diagnostics_;
  const policy::Project project_;
  const Places places_;
  policy::LoadResult loaded_;
  std::vector<policy::PolicyTest> tests_;
};

// The files that play a part now, with what changes when they do.
std::map<std::string, std::string> stamps(cli::Context& context, const TrialOptions& options) {
  Diagnostics ignored;
  const policy::Project project = load_project(context, ignored);
  Files& files = context.world.files;
  std::map<std::string, std::string> out;
  if (context.in_project()) {
    const std::string file = context.in_root("autopilot.yaml");
    out[file] = files.stamp(file);
  }
  for (const std::string& file :
       policy::document_files(places_of(context, project, options).read, files))
    out[file] = files.stamp(file);
  return out;
}

std::string change_text(const std::map<std::string, std::string>& before,
                        const std::map<std::string, std::string>& after) {
  std::vector<std::string> names;
  for (const auto& [name, stamp] : after) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != stamp) names.push_back(name);
  }
  for (const auto& [name, stamp] : before) {
    if (!after.contains(name)) names.push_back(name);
  }
  if (names.size() <= 3) return join(names, ", ");
  return fmt::format("{} and {} more", names[0], names.size() - 1);
}

}  // namespace

bool run_trial(cli::Context& context, const TrialOptions& options) {
  return Trial(context, options).run();
}

void watch_trial(cli::Context& context, const TrialOptions& options) {
  auto seen = stamps(context, options);
  for (;;) {
    try {
      run_trial(context, options);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::bug) throw;
      context.inform(e.hint().empty() ? e.what()
                                      : fmt::format("{}\n  hint: {}", e.what(), e.hint()));
    }
    context.flush();
    auto now = stamps(context, options);
    while (now == seen) {
      context.world.clock.sleep(kPollEvery);
      now = stamps(context, options);
    }
    context.inform(fmt::format("\nchanged: {}", change_text(seen, now)));
    seen = std::move(now);
  }
}

std::string fault_of_recorded(const decide::CompiledSet& set, const std::string& yaml) {
  Diagnostics diagnostics;
  const std::vector<policy::Document> documents =
      policy::load_text("the test", yaml, set.project(), diagnostics, policy::Trees::keep);
  if (!diagnostics.ok()) return diagnostics.all()[0].message;
  std::vector<policy::Policy> policies;
  for (const decide::CompiledPolicy& p : set.policies()) policies.push_back(p.model);
  trial::Runner runner(set.project(), std::move(policies));
  const policy::PolicyTest test = policy::policy_test_from(documents.at(0));
  const trial::CaseResult result = runner.run(test, test.cases.at(0), nullptr);
  return result.passed() ? "" : "expected " + trial::mismatch_text(result.mismatches[0]);
}

}  // namespace autopilot::commands
