// autopilot test: do the policies in the files answer as their tests say?
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/trial.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/decide/archive.h"
#include "core/state/policy_sets.h"
#include "core/state/store.h"
#include "core/trial/from_record.h"

namespace autopilot::commands {
namespace {

constexpr char kTestDetails[] =
    R"(Runs the cases of documents of kind PolicyTest against the policies in the files, those under the paths of
autopilot.yaml; the state plays no part. Without PATH, the tests are those under its paths and its tests (the folder
tests by default). Each case is one decision of the real engine: an action, what is known, what was used up before, and
what must come out. docs/testing.md shows how they are written, and `autopilot schema PolicyTest` lists the fields.

A case that fails is shown with what was expected and where, and with what every rule saw. Exits 1 when a case fails,
when coverage is too low, and when there is no case at all.

--coverage counts which gates, mutations, guards and limits were evaluated, and which ways they and the clauses of
their conditions went.

--record makes a test of a recorded decision, which passes under the policies that took it, and prints it or writes it
to a new FILE.

EXAMPLES
  autopilot test
  autopilot test tests/traffic.yaml --filter '*large step*'
  autopilot test --coverage-min 90% --format junit > tests.xml
  autopilot test --record latest -o tests/regression.yaml
)";

class Test : public cli::Invocation {
 public:
  explicit Test(cli::Options& o) {
    o.arguments("PATH", paths_, "file or folder of tests", cli::Hint::file);
    o.option("--filter GLOB", filter_,
             "only cases whose test, name or test/name matches; * is any text");
    o.flag("--fail-fast", fail_fast_, "stop at the first case that fails");
    o.flag("--coverage", coverage_, "show what the cases cover");
    o.option("--coverage-min SHARE", coverage_min_,
             "exit 1 when fewer branches are covered, such as 90%");
    o.option("--coverage-lcov FILE", lcov_, "write coverage as LCOV", cli::Hint::file);
    o.flag("--watch", watch_, "run again whenever a file changes, until interrupted");
    o.option("--record DECISION", record_, "make a test of a recorded decision",
             cli::Hint::decision);
    o.option("-o,--out FILE", out_, "write that test to a new FILE", cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    if (!record_.empty()) return record(context);
    if (!out_.empty()) throw Error(ErrorKind::usage, "-o goes with --record");
    const TrialOptions options = read_options();
    if (watch_) watch_trial(context, options);
    return run_trial(context, options) ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  TrialOptions read_options() const {
    TrialOptions options;
    options.paths = paths_;
    options.filter = filter_;
    options.fail_fast = fail_fast_;
    options.lcov = lcov_;
    options.coverage = coverage_ || !coverage_min_.empty() || !lcov_.empty();
    if (coverage_min_.empty()) return options;
    const std::optional<double> share = parse_share(coverage_min_);
    if (!share) {
      throw Error(ErrorKind::usage, fmt::format("--coverage-min {} is no share", coverage_min_),
                  "write 90% or 0.9");
    }
    options.least_coverage = *share;
    return options;
  }

  cli::Exit record(cli::Context& context) const {
    if (!paths_.empty() || !filter_.empty() || watch_ || coverage_) {
      throw Error(ErrorKind::usage, "--record goes with -o alone");
    }
    context.require_role(policy::Role::viewer, "test --record");
    state::Store& store = context.existing_store();
    decide::Page page;
    page.add(0, decide::Archive(store.database()).find(record_));
    const std::string text = trial::test_from_record(page.line(0));
    prove(store, page.line(0), text);
    if (out_.empty()) {
      context.write(text);
      return cli::Exit::ok;
    }
    if (context.world.files.exists(out_)) {
      throw Error(ErrorKind::invalid, fmt::format("{} exists already", out_),
                  "nothing is overwritten; name another file");
    }
    context.world.files.create(out_, text);
    context.inform("wrote " + out_);
    return cli::Exit::ok;
  }

  // It would be no use if it did not pass.
  static void prove(state::Store& store, std::string_view line, const std::string& text) {
    decide::RecordReader reader;
    decide::Record record;
    reader.read(line, record);
    state::PolicySets sets(store);
    const std::string fault = fault_of_recorded(*sets.at(record.revision), text);
    if (fault.empty()) return;
    throw Error(ErrorKind::invalid,
                fmt::format("decision {} cannot be written as a test: {}", record.id, fault));
  }

  std::vector<std::string> paths_;
  std::string filter_;
  std::string coverage_min_;
  std::string lcov_;
  std::string record_;
  std::string out_;
  bool fail_fast_ = false;
  bool coverage_ = false;
  bool watch_ = false;
};

}  // namespace

extern const cli::Command test{
    "test", "Run the tests of policies", kTestDetails, cli::bind<Test>, {"text", "json", "junit"}};

}  // namespace autopilot::commands
