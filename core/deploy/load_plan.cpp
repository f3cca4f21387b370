// What is said of a load: its rate and what it must show.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/load.h"

namespace autopilot::deploy {
namespace {

[[noreturn]] void refuse_objective(const std::string& term, const std::string& why) {
  throw Error(ErrorKind::usage, fmt::format("the objective {} {}", term, why),
              "write p95<200ms, errors<1% or throughput>400/s, several with commas");
}

void read_bound(Objective& objective, std::string_view name, std::string_view bound) {
  if (name == "errors") {
    objective.of = Objective::Of::errors;
    const auto share = parse_share(bound);
    if (!share) refuse_objective(objective.text, "compares with no share");
    objective.bound = *share;
  } else if (name == "throughput") {
    objective.of = Objective::Of::throughput;
    const auto rate = parse_rate(bound);
    if (!rate) refuse_objective(objective.text, "compares with no rate");
    objective.bound = *rate;
  } else if (const auto statistic = parse_statistic(name)) {
    objective.statistic = *statistic;
    const auto time = parse_duration(bound);
    if (!time) refuse_objective(objective.text, "compares with no duration");
    objective.bound = static_cast<double>(time->nanos) / 1e9;
  } else {
    refuse_objective(
        objective.text,
        fmt::format("is about {}, which is none of errors, throughput, {}", name, kStatistics));
  }
}

Objective parse_objective(std::string_view text) {
  Objective objective;
  objective.text = text;
  if (text.empty()) refuse_objective("\"\"", "is empty");
  const std::size_t at = text.find_first_of("<>");
  if (at == std::string_view::npos) refuse_objective(objective.text, "has neither < nor >");
  objective.above = text[at] == '>';
  objective.or_equal = at + 1 < text.size() && text[at + 1] == '=';
  read_bound(objective, trim(text.substr(0, at)),
             trim(text.substr(at + (objective.or_equal ? 2 : 1))));
  return objective;
}

}  // namespace

std::vector<Objective> parse_objectives(std::string_view text) {
  std::vector<Objective> out;
  for (const std::string& term : split(text, ',')) out.push_back(parse_objective(trim(term)));
  return out;
}

Judgement judge(const Objective& objective, const LoadResult& result) {
  Judgement out;
  switch (objective.of) {
    case Objective::Of::errors:
      out.figure = result.error_share();
      break;
    case Objective::Of::throughput:
      out.figure = result.throughput();
      break;
    case Objective::Of::latency:
      out.figure =
          static_cast<double>(statistic_of(result.latency, objective.statistic).nanos) / 1e9;
  }
  if (result.answered == 0) return out;
  out.met = (objective.above ? out.figure > objective.bound : out.figure < objective.bound) ||
            (objective.or_equal && out.figure == objective.bound);
  return out;
}

bool all_met(const LoadPlan& plan, const LoadResult& result) {
  for (const Objective& objective : plan.objectives) {
    if (!judge(objective, result).met) return false;
  }
  return true;
}

}  // namespace autopilot::deploy
