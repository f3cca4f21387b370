// autopilot deploy simulate: what a strategy would have done with recorded metrics.
#include <fmt/format.h>

#include "commands/deploy.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/deploy/sample_lines.h"
#include "core/deploy/simulate.h"

namespace autopilot::commands {
namespace {

constexpr char kSimulateDetails[] =
    R"(Replays recorded samples through the strategy of a Deployment in virtual time, with the machine that deploy run
uses, and says what it would have done and when: weights, verdicts, how long the new version would have been exposed.
Nothing is touched; policies are taken to allow every step, and gates to be opened at once.

FILE holds one JSON object a line, as deploy judge reads it:

  {"metric":"errors","arm":"canary","time":"2026-11-20T10:00:10Z","bad":1,"total":52}

FAULTS
  dead@10m        the canary does not answer from then on
  blind@10m-15m   there is no data in that time
  proxy@1h-1h5m   no weight can be set
  reboot@2h       the machine is restarted
  kill@10m-20m    nobody acts: the process is killed and started again

EXAMPLES
  autopilot deploy simulate shop --metrics samples.jsonl
  autopilot deploy simulate shop --metrics samples.jsonl --from 2026-11-20T10:00:00Z --fault reboot@2h

EXIT STATUS
  0 it would have been promoted; 1 rolled back; 3 the samples end before it is over; 8 stuck.
)";

class DeploySimulate final : public cli::Invocation {
 public:
  explicit DeploySimulate(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, true);
    o.option("--env NAME", environment_, "environment of the Deployment");
    o.option("--metrics FILE", metrics_, "samples, one JSON object a line; - is standard input",
             cli::Hint::file);
    o.option("--from TIME", from_, "when the rollout begins (default: with the first sample)");
    o.options("--fault FAULT", faults_, "what goes wrong and when; may be repeated");
  }

  cli::Exit run(cli::Context& context) override {
    if (metrics_.empty())
      throw Error(ErrorKind::usage, "deploy simulate needs samples", "--metrics FILE");
    state::Store& store = context.existing_store();
    const policy::Document document = deploy::find_deployment(store, name_);
    const deploy::Place place = deploy::place_of(document, environment_);
    deploy::SimulationRequest request;
    for (const std::string& fault : faults_) request.faults.push_back(deploy::parse_fault(fault));
    request.samples = samples(context);
    if (!context.diagnostics.ok()) {
      context.show_diagnostics();
      return cli::Exit::no;
    }
    request.rollout = beginning(document, place, request.samples);
    deploy::Strategy strategy(request.rollout, judge_function());
    const Instant begin = request.rollout.created;
    const std::vector<std::string> doubts = deploy::doubts(request.samples, begin, strategy);
    const deploy::Simulation done = deploy::simulate(std::move(request), strategy);
    context.show(report(done, strategy, begin, doubts));
    return exit_of(done.rollout);
  }

 private:
  std::vector<deploy::Sample> samples(cli::Context& context) const {
    Files& files = context.world.files;
    const std::string text = metrics_ == "-" ? files.read_all_stdin() : files.read(metrics_);
    const std::uint32_t source =
        context.diagnostics.sources().add(metrics_ == "-" ? "<stdin>" : metrics_, text);
    return deploy::read_samples(text, source, context.diagnostics);
  }

  deploy::Rollout beginning(const policy::Document& document, const deploy::Place& place,
                            const std::vector<deploy::Sample>& samples) const {
    if (samples.empty()) throw Error(ErrorKind::invalid, metrics_ + " holds no samples");
    deploy::Rollout r;
    r.id = "simulation";
    r.deployment = place.deployment;
    r.environment = place.environment;
    r.spec = deploy::expanded_spec(document, place);
    const deploy::Deployment model = deploy::deployment_from(document.id, r.spec);
    r.stable = model.slots[0].name;
    r.canary = model.slots[1].name;
    r.version = "new";
    r.previous = "old";
    r.boot_id = "boot";
    r.created = samples.front().from;
    for (const deploy::Sample& s : samples) r.created = std::min(r.created, s.from);
    if (!from_.empty()) {
      const std::optional<Instant> from = parse_rfc3339(from_);
      if (!from)
        throw Error(ErrorKind::usage, fmt::format("--from {} is no time", from_),
                    "2026-11-20T10:00:00Z, for example");
      r.created = *from;
    }
    r.stage_since = r.created;
    return r;
  }

  static render::Report report(const deploy::Simulation& done, const deploy::Strategy& strategy,
                               Instant begin, const std::vector<std::string>& doubts) {
    render::Report out{
        "autopilot.deploy-simulation/v1", deploy::status_data(done.rollout, strategy, {}), {}};
    List events;
    render::Table table{{"AFTER", "TIME", "WHAT"}, {}, {true}};
    for (const deploy::SimulatedEvent& e : done.events) {
      const Duration after = e.at - begin;
      events.push_back(Map{{"time", format_rfc3339(e.at)},
                           {"after_seconds", static_cast<double>(after.nanos) / 1e9},
                           {"kind", e.kind},
                           {"text", e.text}});
      table.rows.push_back({render::Line(after.nanos == 0 ? "0s" : format_duration(after)),
                            render::Line(format_rfc3339(e.at)), render::Line(e.text)});
    }
    out.data["events"] = std::move(events);
    out.data["steps"] = done.steps;
    out.data["doubts"] = List(doubts.begin(), doubts.end());
    out.text.emplace_back(std::move(table));
    const deploy::Rollout& r = done.rollout;
    const std::string copies =
        r.copied == 0 ? "" : fmt::format(", and {} copies, {} bad", r.copied, r.copied_bad);
    out.text.emplace_back(render::Paragraph{
        fmt::format("{}. The new version would have served {} requests, {} bad{}.",
                    deploy::status_line(r, strategy), r.served, r.served_bad, copies)});
    for (const auto& [name, a] : done.rollout.analyses)
      out.text.emplace_back(
          render::Paragraph{fmt::format("analysis {}: {}: {}", name, a.verdict, a.why)});
    for (const std::string& doubt : doubts)
      out.text.emplace_back(render::Paragraph{
          render::Line({{"Doubtful: ", render::Tone::warn}, {doubt, render::Tone::plain}})});
    return out;
  }

  std::string name_, environment_, metrics_, from_;
  std::vector<std::string> faults_;
};

}  // namespace

extern const cli::Command deploy_simulate{
    "deploy simulate",
    "Say what a strategy would have done with recorded metrics",
    kSimulateDetails,
    cli::bind<DeploySimulate>,
    {"text", "json", "markdown"}};

}  // namespace autopilot::commands
