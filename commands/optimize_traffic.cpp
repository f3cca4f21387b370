// autopilot optimize traffic: what arms have earned in, shares of the traffic out.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "cli/command.h"
#include "commands/arm_options.h"
#include "commands/number_option.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/loop/cells.h"
#include "core/loop/learnt.h"
#include "core/loop/optimised_report.h"
#include "core/policy/model.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kOptimizeTrafficDetails[] =
    R"(Reads what arms (destinations, variants, prices) have earned from FILE or standard input and says which
share of the traffic each should get until the next look. A row is the sums of many rewards, or one reward:

  arm,trials,sum,weight          {"arm":"a","reward":1}
  a,1000,31,0.25                 {"arm":"b","reward":0}

Names that others use (variant; n, impressions, visits; successes, conversions, clicks) are understood where it is clear what
they mean; --columns tells it otherwise. CSV, JSON Lines, and JSON or YAML lists are read. weight is the share that the arm has now; square_sum the sum of the
squares of its rewards; floor and cap its bounds; alpha and beta its own Beta prior; time when the rewards came.

METHODS
  thompson     the probability that an arm is the best, by its Beta posterior; rewards within --range
  gaussian     the same for rewards of any size, by normal and Student posteriors
  top_two      half of it for the arm that comes next: finds the best one sooner
  ucb1, ucb_tuned, kl_ucb, kl_ucb_plus, imed
               how often each is played during the next --batch rounds, when rewards are as expected
  lin_ts, lin_ucb
               linear in the keys of --segment: what one segment teaches helps the others

Probabilities are exact to 1e-9: no draws, the same shares every time. An arm with fewer than --min-trials gets an even
share. --floor is added to every share, so that their order stays; what --cap takes goes to the others.

With --learnt NAME it begins with what the Algorithm NAME has learnt by its runs, and with the shares that it last set;
rows of FILE come on top.

With --actions it prints the changes as actions for autopilot decide, those that fall first.

EXAMPLES
  autopilot optimize traffic counts.csv
  autopilot optimize traffic --columns arm=item_id,reward=click --floor 1% clicks.csv
  autopilot optimize traffic --segment geo,device --method lin_ts --json counts.jsonl
  autopilot optimize traffic --actions counts.csv | autopilot decide
  autopilot optimize traffic --learnt checkout-split --method top_two

EXIT STATUS
  0 there are shares; 1 rows are wrong, or bounds that cannot be met.
)";

constexpr Duration kSkew = Duration::seconds(300);  // that clocks may differ by
constexpr double kRounded = 0.02;

class OptimizeTraffic : public cli::Invocation {
 public:
  explicit OptimizeTraffic(cli::Options& o) {
    o.argument("FILE", file_, "what arms have earned; standard input by default", cli::Hint::file);
    o.choice("--method", spec_.method, loop::optimiser_names(), "bandit; thompson by default");
    o.option("--columns MAP", columns_, "how the file calls our columns: arm=item_id,reward=click");
    o.option("--segment KEYS", segment_, "columns by whose values the shares may differ");
    o.option("--floor SHARE", floor_, "least share of every arm; none by default");
    o.option("--cap SHARE", cap_, "greatest share of every arm; all by default");
    o.option("--min-trials N", min_trials_,
             "an arm with fewer trials gets an even share; 0 by default");
    o.option("--prior A,B", prior_, "Beta prior of every arm; 1,1 by default");
    o.option("--noise X", noise_,
             "standard deviation of the rewards, for gaussian and lin_ts; that seen by default");
    o.option("--range LOW,HIGH", range_, "what a reward can be; 0,1 by default");
    o.option("--half-life TIME", memory_.half_life, "age at which a reward counts half");
    o.option("--window TIME", memory_.window, "age at which it no longer counts");
    o.option("--now TIME", now_, "when it is, for both; the clock's time by default");
    o.option("--batch N", batch_, "rounds that the index methods look ahead; 1000 by default");
    o.option("--width X", width_, "lin_ucb: standard errors that are added; 1 by default");
    o.option("--learnt NAME", learnt_, "begin with what that Algorithm has learnt",
             cli::Hint::document);
    o.option("--ranks N", ranks_, "with --json, tell how likely each of N ranks is");
    o.flag("--actions", actions_, "print actions for autopilot decide");
    o.option("--algorithm NAME", naming_.algorithm,
             "who the actions say proposes them; traffic_optimizer by default");
  }

  cli::Exit run(cli::Context& context) override {
    settle();
    const std::vector<loop::ArmRow> rows = read(context);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return cli::Exit::no;
    check_times(context, rows);
    const std::vector<loop::Cell> cells = loop::cells_of(rows, memory_, now(context));
    const std::vector<loop::OptimisedSegment> segments = loop::optimise(cells, spec_);
    for (const loop::OptimisedSegment& segment : segments) check_shares(context, segment);
    if (!actions_) {
      context.show(loop::describe(segments, spec_, naming_));
      return cli::Exit::ok;
    }
    context.write("{\"schema\":\"autopilot.action/v1\"}\n");
    for (const Value& action : loop::weight_actions(segments, naming_, "")) {
      context.write(to_json(action) + "\n");
    }
    return cli::Exit::ok;
  }

 private:
  void settle() {
    spec_.floor = share_option(floor_, "--floor", 0);
    spec_.cap = share_option(cap_, "--cap", 1);
    spec_.settings.noise = size_option(noise_, "--noise", 0);
    spec_.width = size_option(width_, "--width", 1);
    spec_.min_count = static_cast<double>(min_trials_);
    if (batch_ < 1) throw Error(ErrorKind::usage, "--batch is above 0");
    spec_.batch = static_cast<std::size_t>(batch_);
    spec_.ranks = static_cast<std::size_t>(ranks_);
    const std::vector<double> prior = prior_option(prior_);
    spec_.settings.alpha = prior[0];
    spec_.settings.beta = prior[1];
    const std::vector<double> range = pair_option(range_, "--range");
    if (!(range[0] < range[1])) throw Error(ErrorKind::usage, "--range takes LOW,HIGH");
    spec_.low = range[0];
    spec_.high = range[1];
    if (!segment_.empty()) format_.segment = split(segment_, ',');
    naming_.keys = format_.segment;
    format_.names = columns_option(columns_);
  }

  std::vector<loop::ArmRow> read(cli::Context& context) const {
    Files& files = context.world.files;
    const bool piped = file_ == "-" || (file_.empty() && learnt_.empty());
    std::string text;
    if (piped) text = files.read_all_stdin();
    if (!piped && !file_.empty()) text = files.read(file_);
    std::vector<loop::ArmRow> rows = learnt(context);
    std::map<std::string, std::string> understood;
    for (loop::ArmRow& row : loop::read_arm_rows(text, piped ? "<standard input>" : file_, format_,
                                                 context.diagnostics, &understood)) {
      rows.push_back(std::move(row));
    }
    tell_understood(context, understood);
    if (rows.empty() && context.diagnostics.ok()) {
      throw Error(ErrorKind::invalid,
                  fmt::format("{}there are no arms to choose from",
                              piped           ? "standard input is empty: "
                              : file_.empty() ? ""
                                              : file_ + " names none: "),
                  "autopilot help optimize traffic shows how they are written");
    }
    return rows;
  }

  std::vector<loop::ArmRow> learnt(cli::Context& context) const {
    if (learnt_.empty()) return {};
    context.require_role(policy::Role::viewer, "optimize traffic --learnt");
    return loop::learnt_rows(context.existing_store().database(), learnt_, format_.segment);
  }

  void check_times(cli::Context& context, const std::vector<loop::ArmRow>& rows) const {
    if (!memory_.half_life && !memory_.window) return;
    const Instant latest = now(context) + kSkew;
    for (const loop::ArmRow& row : rows) {
      if (!row.time) {
        throw Error(
            ErrorKind::invalid,
            fmt::format("a row of arm {} has no time, so nobody knows how old it is", row.arm),
            "--columns time=NAME says which column has it");
      }
      if (*row.time <= latest) continue;
      throw Error(ErrorKind::invalid,
                  fmt::format("a row of arm {} is of {}, which is yet to come", row.arm,
                              format_rfc3339(*row.time)),
                  "--now TIME says when it is");
    }
  }

  // Shares that are rounded still add up to about the whole.
  static void check_shares(cli::Context& context, const loop::OptimisedSegment& segment) {
    double sum = 0;
    for (const loop::OptimisedArm& arm : segment.arms) {
      if (!arm.before) return;
      sum += *arm.before;
    }
    if (std::abs(sum - 1) <= kRounded) return;
    context.inform(
        fmt::format("warning: the weights before add up to {:.4g} %, not to the whole", 100 * sum));
  }

  Instant now(cli::Context& context) const {
    if (now_.empty()) return context.world.clock.now();
    if (const auto at = parse_rfc3339(now_)) return *at;
    throw Error(ErrorKind::usage,
                fmt::format("--now takes a time such as 2026-11-20T10:01:00Z, not {}", now_));
  }

  std::string file_, learnt_, columns_, segment_, floor_, cap_, noise_, width_, now_;
  std::string prior_ = "1,1", range_ = "0,1";
  std::int64_t min_trials_ = 0, batch_ = 1000, ranks_ = 0;
  bool actions_ = false;
  loop::OptimiserSpec spec_;
  loop::Memory memory_;
  loop::ArmFormat format_;
  loop::Naming naming_;
};

}  // namespace

extern const cli::Command optimize_traffic{"optimize traffic",
                                           "Turn what arms have earned into traffic weights",
                                           kOptimizeTrafficDetails,
                                           cli::bind<OptimizeTraffic>,
                                           {"text", "json", "markdown"}};

}  // namespace autopilot::commands
