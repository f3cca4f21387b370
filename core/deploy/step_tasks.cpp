#include "core/deploy/step_tasks.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/secret_http.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/smoke.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostTold = 3;  // faults; all are in the data
constexpr double kMostErrors = 0.01;

StepAnswer refused(std::string why) { return {false, std::move(why), {}}; }

StepAnswer refused(const Error& e) {
  if (e.kind() == ErrorKind::bug || e.kind() == ErrorKind::interrupted) throw e;
  return refused(e.with_hint());
}

// The first faults, and how many more there are.
std::string told(std::vector<std::string> faults) {
  const std::size_t count = faults.size();
  if (count > kMostTold) {
    faults.resize(kMostTold);
    faults.push_back(fmt::format("and {} more", count - kMostTold));
  }
  return join(faults, "; ");
}

std::string fault_of_file(const std::string& file, const Diagnostics& diagnostics) {
  std::vector<std::string> faults;
  for (const Diagnostic& d : diagnostics.all()) {
    const std::string where = place(diagnostics.sources(), d.span);
    faults.push_back(fmt::format("{}: {}", where.empty() ? file : where, d.message));
  }
  return told(std::move(faults));
}

void mask(std::vector<SmokeResult>& results, const Secrets& secrets) {
  for (SmokeResult& r : results) {
    for (std::string& fault : r.faults) fault = secrets.masked(fault);
  }
}

std::string fault_of_checks(const std::vector<SmokeResult>& results) {
  std::vector<std::string> faults;
  for (const SmokeResult& r : results) {
    if (!r.passed()) faults.push_back(fmt::format("{}: {}", r.check->name, r.faults.front()));
  }
  return told(std::move(faults));
}

double share_in(const Value& spec, std::string_view field, double otherwise) {
  const Value* found = spec.get(field);
  if (found == nullptr || found->is_null()) return otherwise;
  const auto share =
      found->is_string() ? parse_share(found->as_string()) : std::optional(found->as_double());
  if (!share) throw Error(ErrorKind::invalid, fmt::format("load: {} is no share", field));
  return *share;
}

LoadPlan plan_of(const Value& spec, const Placeholders& known) {
  LoadPlan plan;
  plan.url = fill(text_in(spec, "url", "http://{{host}}:{{port}}/"), known);
  // What the document names may be loaded: a URL, or the host of the slot.
  plan.allow_remote = spec.get("url") != nullptr || fill("{{host}}", known) != "127.0.0.1";
  const auto rate = parse_rate(text_in(spec, "rate"));
  if (!rate)
    throw Error(ErrorKind::invalid, "load: rate is no rate", fmt::format("write {}", kRates));
  plan.rate = *rate;
  plan.duration = duration_in(spec, "for", {});
  if (spec.get("max_p95") != nullptr) {
    const Duration most = duration_in(spec, "max_p95", {});
    plan.objectives = parse_objectives(fmt::format("p95<={}", format_duration(most)));
  }
  const double errors = share_in(spec, "max_errors", kMostErrors);
  plan.objectives.push_back(parse_objectives(fmt::format("errors<={}", format_share(errors)))[0]);
  return plan;
}

std::string fault_of_load(const LoadPlan& plan, const LoadResult& result) {
  if (result.answered == 0) return fmt::format("{} answered nothing", shown_url(plan.url));
  std::vector<std::string> faults;
  for (const Objective& objective : plan.objectives) {
    const Judgement judged = judge(objective, result);
    if (!judged.met)
      faults.push_back(
          fmt::format("{}: it is {}", objective.text, figure_text(objective, judged.figure)));
  }
  return told(std::move(faults));
}

}  // namespace

StepAnswer smoke_step(const std::string& file, const Placeholders& known, World& world,
                      Secrets* secrets) try {
  Diagnostics diagnostics;
  const SmokeFile loaded = load_smoke(file, {}, known, world.files, diagnostics);
  if (!diagnostics.ok()) return refused(fault_of_file(file, diagnostics));
  SecretHttp http(world.http, secrets);
  World inner = http.within(world);
  std::vector<SmokeResult> results = run_smoke(loaded, inner);
  if (secrets != nullptr) mask(results, *secrets);
  return {all_passed(results), fault_of_checks(results), describe_smoke(loaded, results).data};
} catch (const Error& e) {
  return refused(e);
}

StepAnswer load_step(const Value& spec, const Placeholders& known, World& world) try {
  const LoadPlan plan = plan_of(spec, known);
  const LoadResult result = run_load(plan, world);
  if (result.interrupted) throw Error(ErrorKind::interrupted, "the load was interrupted");
  std::string why = fault_of_load(plan, result);
  return {why.empty(), std::move(why), describe_load(plan, result).data};
} catch (const Error& e) {
  return refused(e);
}

}  // namespace autopilot::deploy
