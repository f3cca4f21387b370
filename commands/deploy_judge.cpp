// autopilot deploy judge: what an analysis says of samples from a file, without any deployment.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/analysis.h"
#include "core/deploy/sample_lines.h"

namespace autopilot::commands {
namespace {

using deploy::Judgeable;
using deploy::Judged;
using deploy::Sample;
using deploy::Verdict;

constexpr char kDeployJudgeDetails[] =
    R"(Reads samples of a canary and of the stable version, one JSON object a line, from FILE or
standard input, and judges them as an analysis of a rollout would:

  {"metric":"errors","arm":"canary","time":"2026-11-20T10:00:10Z","bad":1,"total":52}
  {"metric":"latency","arm":"stable","time":"2026-11-20T10:00:10Z","value":0.31}

Without times, the samples of a metric and arm follow each other every ten seconds.

METHODS
  sequential   counts of the canary against stable (--ratio) and against an objective (--slo), values
               against a limit; however often one looks, a false alarm has probability --alpha
  kayenta      Netflix' automated canary analysis: a Mann-Whitney test for each metric, and a score
  exact        the same on the ordered differences, without the flaws of its solver
  burn_rate    how many times too fast the canary uses up the error budget --slo

Without 30 minutes in which both arms ran the same version, nobody knows by how much arms vary beyond
counting noise; --aa FILE takes such samples, --overdispersion X says it.

EXAMPLES
  autopilot deploy judge --slo 1% < samples.jsonl
  autopilot deploy judge --method kayenta --json samples.jsonl
  autopilot deploy judge --bounds 0,1 --at-least 0.94 precision.jsonl

EXIT STATUS
  0 it passes; 1 it fails, or the input is wrong; 8 it cannot be told: too little data, none, or the
  stable version is unwell, too.
)";

Value number_or_refuse(const std::string& text, std::string_view option) {
  const JsonResult parsed = parse_json(text);
  if (parsed.ok && parsed.value.is_number()) return parsed.value;
  throw Error(ErrorKind::usage, fmt::format("{} takes a number, not {}", option, text));
}

void set_number(Map& map, const char* field, const std::string& text, std::string_view option) {
  if (!text.empty()) map[field] = number_or_refuse(text, option);
}

void set_share(Map& map, const char* field, const std::string& text, std::string_view option) {
  if (text.empty()) return;
  const auto share = parse_share(text);
  if (!share || *share <= 0 || *share >= 1) {
    throw Error(ErrorKind::usage, fmt::format("{} takes a share such as 1%, not {}", option, text));
  }
  map[field] = *share;
}

// The metrics that the samples name, in the order in which they first do.
std::vector<Judgeable> metrics_of(const std::vector<Sample>& samples, const std::string& worse) {
  std::vector<Judgeable> out;
  for (const Sample& sample : samples) {
    const auto known = std::find_if(out.begin(), out.end(), [&](const Judgeable& metric) {
      return metric.name == sample.metric;
    });
    if (known == out.end()) {
      out.push_back({.name = sample.metric,
                     .is_count = !sample.value,
                     .lower_is_bad = worse == "decrease",
                     .either_is_bad = worse == "either"});
    } else if (sample.value) {
      known->is_count = false;
    }
  }
  return out;
}

render::Tone tone_of(Verdict verdict) {
  if (verdict == Verdict::pass) return render::Tone::good;
  return verdict == Verdict::fail ? render::Tone::bad : render::Tone::warn;
}

cli::Exit exit_of(Verdict verdict) {
  if (verdict == Verdict::pass) return cli::Exit::ok;
  return verdict == Verdict::fail ? cli::Exit::no : cli::Exit::outside;
}

class DeployJudge : public cli::Invocation {
 public:
  explicit DeployJudge(cli::Options& o) {
    o.argument("FILE", file_, "samples; standard input by default", cli::Hint::file);
    o.choice("--method", method_, {"sequential", "kayenta", "exact", "burn_rate"},
             "how to judge; sequential by default");
    o.option("--slo SHARE", slo_, "share of bad events that is allowed");
    o.option("--ratio X", ratio_, "how many times stable's rate is tolerated; 1.25 by default");
    o.option("--alpha SHARE", alpha_, "chance of a false alarm in all; 1% by default");
    o.option("--overdispersion X", overdispersion_,
             "variance of the counts over that of counting noise; 1 by default");
    o.option("--aa FILE", aa_, "samples of arms that ran the same version, to learn that from",
             cli::Hint::file);
    o.option("--min-requests N", min_requests_, "fewer of the canary hold; 50 by default");
    o.option("--bounds LOW,HIGH", bounds_, "what a value can be, for sequential");
    o.option("--at-least X", at_least_, "what a value must be on average");
    o.option("--at-most X", at_most_, "likewise");
    o.choice("--worse", worse_, {"increase", "decrease", "either"},
             "which way is worse, for kayenta and exact; increase by default");
    o.option("--pass N", pass_, "kayenta: least score that passes; 95 by default");
    o.option("--marginal N", marginal_, "kayenta: least score that does not fail; 75 by default");
  }

  cli::Exit run(cli::Context& context) override {
    const std::vector<Sample> samples = read(context, file_);
    Map analysis = analysis_of(context);
    if (!context.diagnostics.ok()) {
      context.show_diagnostics();
      return cli::Exit::no;
    }
    if (samples.empty()) {
      throw Error(ErrorKind::invalid, "there are no samples to judge",
                  "autopilot help deploy judge shows how they are written");
    }
    const Judged judged = judge(Value(analysis), metrics_of(samples, worse_), {}, samples);
    show(context, judged, analysis);
    return exit_of(judged.verdict);
  }

 private:
  static std::vector<Sample> read(cli::Context& context, const std::string& path) {
    Files& files = context.world.files;
    const bool piped = path.empty() || path == "-";
    const std::string text = piped ? files.read_all_stdin() : files.read(path);
    const std::uint32_t file =
        context.diagnostics.sources().add(piped ? "<standard input>" : path, text);
    return deploy::read_samples(text, file, context.diagnostics);
  }

  Map analysis_of(cli::Context& context) const {
    Map analysis{{"method", method_}}, options;
    set_share(analysis, "slo", slo_, "--slo");
    set_share(analysis, "alpha", alpha_, "--alpha");
    set_number(analysis, "ratio", ratio_, "--ratio");
    set_number(analysis, "overdispersion", overdispersion_, "--overdispersion");
    set_number(analysis, "min_requests", min_requests_, "--min-requests");
    set_number(analysis, "pass", pass_, "--pass");
    set_number(analysis, "marginal", marginal_, "--marginal");
    set_number(options, "at_least", at_least_, "--at-least");
    set_number(options, "at_most", at_most_, "--at-most");
    if (!bounds_.empty()) options["bounds"] = bounds();
    if (!aa_.empty()) options["spread"] = learnt_spread(context);
    if (!options.empty()) analysis["options"] = std::move(options);
    return analysis;
  }

  Value bounds() const {
    const std::vector<std::string> ends = split(bounds_, ',');
    if (ends.size() != 2) {
      throw Error(ErrorKind::usage, fmt::format("--bounds takes LOW,HIGH, not {}", bounds_));
    }
    return List{number_or_refuse(ends[0], "--bounds"), number_or_refuse(ends[1], "--bounds")};
  }

  // The most that any metric shows.
  double learnt_spread(cli::Context& context) const {
    const std::vector<Sample> samples = read(context, aa_);
    std::optional<double> most;
    for (const Judgeable& metric : metrics_of(samples, worse_)) {
      const std::optional<double> spread = deploy::spread_of(metric.name, samples);
      if (spread) most = std::max(most.value_or(0), *spread);
    }
    if (!most && context.diagnostics.ok()) {
      throw Error(ErrorKind::outside,
                  fmt::format("{} is too short to tell how much the arms vary", aa_),
                  "it takes 30 ticks with events of a canary and a stable arm");
    }
    return most.value_or(0);
  }

  void show(cli::Context& context, const Judged& judged, const Map& analysis) const {
    render::Report report{"autopilot.deploy_judge/v1", {}, {}};
    List metrics;
    render::Table table{{"METRIC", "VERDICT", "WHY"}, {}, {}};
    for (const deploy::JudgedMetric& metric : judged.metrics) {
      const std::string verdict(to_string(metric.verdict));
      metrics.emplace_back(Map{{"metric", metric.metric},
                               {"verdict", verdict},
                               {"why", metric.why},
                               {"numbers", metric.numbers}});
      table.rows.push_back(
          {metric.metric, render::Line({{verdict, tone_of(metric.verdict)}}), metric.why});
    }
    const std::string verdict(to_string(judged.verdict));
    report.data = Map{{"verdict", verdict},
                      {"why", judged.why},
                      {"analysis", analysis},
                      {"numbers", judged.numbers},
                      {"metrics", std::move(metrics)}};
    report.text.emplace_back(std::move(table));
    if (judged.metrics.size() > 1 || !judged.numbers.empty()) {
      report.text.emplace_back(render::Paragraph{
          render::Line({{verdict, tone_of(judged.verdict)}, {": " + judged.why, {}}})});
    }
    context.show(report);
  }

  std::string file_;
  std::string method_ = "sequential";
  std::string slo_, ratio_, alpha_, overdispersion_, aa_, min_requests_;
  std::string bounds_, at_least_, at_most_;
  std::string worse_ = "increase";
  std::string pass_, marginal_;
};

}  // namespace

extern const cli::Command deploy_judge{"deploy judge",
                                       "Judge samples of a canary",
                                       kDeployJudgeDetails,
                                       cli::bind<DeployJudge>,
                                       {"text", "json", "markdown"}};

}  // namespace autopilot::commands
