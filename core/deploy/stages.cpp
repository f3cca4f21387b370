#include "core/deploy/stages.h"

#include <algorithm>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {
namespace {

constexpr const char* kFirst = "first deployment: there is nothing to compare with";
constexpr const char* kDirect = "back to a version that was promoted before";
constexpr const char* kHotfix = "hotfix: critical checks only";

class Layout {
 public:
  Layout(const Deployment& d, const Route& route) : d_(d), route_(route) {}

  std::vector<Stage> lay_out() {
    checks(d_.before, "prepare");
    hook(d_.hook_before, "before", "prepare");
    simple(Stage::Kind::start, "start", "prepare", d_.deadlines.prepare);
    checks(d_.during, "prepare");
    for (const StepModel& s : d_.steps) step(s);
    finish();
    return std::move(out_);
  }

 private:
  Stage& simple(Stage::Kind kind, std::string name, std::string section, Duration deadline) {
    Stage s;
    s.kind = kind;
    s.name = std::move(name);
    s.section = std::move(section);
    s.deadline = deadline;
    out_.push_back(std::move(s));
    return out_.back();
  }

  void checks(const std::vector<CheckModel>& all, const char* section) {
    for (const CheckModel& c : all) {
      Stage& s = simple(Stage::Kind::check, c.name, section,
                        c.manual.empty() ? d_.deadlines.prepare : d_.deadlines.gate);
      s.check = c;
      if (d_.is_hotfix() && !c.critical) s.skipped = kHotfix;
      if (route_.is_direct && !c.critical) s.skipped = kDirect;
    }
  }

  void hook(const std::vector<std::string>& argv, const char* name, const char* section) {
    if (!argv.empty()) simple(Stage::Kind::hook, name, section, d_.deadlines.prepare).argv = argv;
  }

  // What stays on the old version until the bake is over.
  int most() const { return kWhole - (d_.bake ? d_.bake->holdback_bp : 0); }

  void step(const StepModel& s) {
    static constexpr std::pair<StepModel::Kind, Stage::Kind> kKinds[] = {
        {StepModel::Kind::weight, Stage::Kind::weight},
        {StepModel::Kind::match, Stage::Kind::match},
        {StepModel::Kind::mirror, Stage::Kind::mirror},
        {StepModel::Kind::end, Stage::Kind::end},
        {StepModel::Kind::hold, Stage::Kind::hold},
        {StepModel::Kind::pause, Stage::Kind::pause},
        {StepModel::Kind::gate, Stage::Kind::gate},
        {StepModel::Kind::smoke, Stage::Kind::smoke},
        {StepModel::Kind::load, Stage::Kind::load}};
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const auto& k) { return k.first == s.kind; });
    Stage& stage = simple(kind->second, s.name, "steps", s.deadline);
    if (stage.is_routing()) route(s, stage);
    stage.hold = s.hold;
    stage.analyses = s.analyses;
    stage.require = s.require;
    stage.step = s;
    if (s.kind == StepModel::Kind::gate) stage.deadline = s.timeout;
    if (s.kind == StepModel::Kind::pause)
      stage.deadline =
          s.pause ? Duration{s.pause->nanos + d_.deadlines.step.nanos} : d_.deadlines.gate;
    if (route_.is_direct) stage.skipped = kDirect;
    const bool needs_arms = stage.is_routing() || s.kind == StepModel::Kind::hold;
    if (route_.is_first && needs_arms) stage.skipped = kFirst;
    if (d_.is_hotfix() && s.kind == StepModel::Kind::load) stage.skipped = kHotfix;
  }

  // Steps may end lower: what is watched is what serves everybody but the holdback.
  void before_bake() {
    const bool all = most() == kWhole;
    Stage& stage = simple(Stage::Kind::weight, all ? "full" : "all but the holdback", "bake",
                          d_.deadlines.step);
    now_ = {most(), now_.match};
    stage.weight_bp = now_.weight_bp;
    stage.match = now_.match;
    if (route_.is_direct) stage.skipped = kDirect;
    if (route_.is_first) stage.skipped = kFirst;
  }

  // A match stays beside later weights. Copies end with them: who serves people is measured by what
  // it serves them.
  void route(const StepModel& s, Stage& stage) {
    using Kind = StepModel::Kind;
    if (s.kind == Kind::weight) now_.weight_bp = std::min(s.weight_bp, most());
    if (s.kind == Kind::match) now_.match = s.match;
    if (s.kind == Kind::weight || s.kind == Kind::match || s.ends_mirror) now_.mirror_bp = 0;
    if (s.kind == Kind::mirror) now_.mirror_bp = s.mirror_bp;
    if (s.ends_match || now_.weight_bp == kWhole) now_.match.clear();
    stage.weight_bp = now_.weight_bp;
    stage.match = now_.match;
    stage.mirror_bp = now_.mirror_bp;
  }

  void finish() {
    if (d_.bake) {
      if (now_.weight_bp < most()) before_bake();
      Stage& bake = simple(Stage::Kind::hold, "bake", "bake",
                           {d_.bake->lasting.nanos + d_.deadlines.bake.nanos});
      bake.hold = d_.bake->lasting;
      bake.analyses = d_.bake->analyses;
      bake.is_bake = true;
      if (route_.is_direct) bake.skipped = kDirect;
      if (route_.is_first) bake.skipped = kFirst;
    }
    simple(Stage::Kind::weight, "all traffic", "finish", d_.deadlines.promote).weight_bp = kWhole;
    checks(d_.after, "finish");
    Stage& stop = simple(Stage::Kind::stop, "stop the old version", "finish", d_.deadlines.promote);
    if (route_.is_first) stop.skipped = "first deployment: there is no old version";
    hook(d_.hook_promoted, "promoted", "finish");
  }

  const Deployment& d_;
  Route route_;
  Routing now_{0};  // in force after the steps so far
  std::vector<Stage> out_;
};

}  // namespace

std::vector<Stage> stages_of(const Deployment& deployment, const Route& route) {
  return Layout(deployment, route).lay_out();
}

std::vector<Routing> routings_of(const std::vector<Stage>& stages) {
  std::vector<Routing> out;
  for (const Stage& s : stages) {
    if (s.is_routing()) out.push_back(s.routing());
  }
  return out;
}

std::vector<Match> matches_of(const std::vector<Stage>& stages) {
  std::vector<Match> out;
  for (const Stage& s : stages) {
    if (!s.match.empty() && std::find(out.begin(), out.end(), s.match) == out.end())
      out.push_back(s.match);
  }
  return out;
}

std::string_view to_string(Stage::Kind kind) {
  switch (kind) {
    case Stage::Kind::check:
      return "check";
    case Stage::Kind::hook:
      return "hook";
    case Stage::Kind::start:
      return "start";
    case Stage::Kind::weight:
      return "weight";
    case Stage::Kind::match:
      return "match";
    case Stage::Kind::mirror:
      return "mirror";
    case Stage::Kind::end:
      return "end";
    case Stage::Kind::hold:
      return "hold";
    case Stage::Kind::pause:
      return "pause";
    case Stage::Kind::gate:
      return "gate";
    case Stage::Kind::smoke:
      return "smoke";
    case Stage::Kind::load:
      return "load";
    case Stage::Kind::stop:
      return "stop";
  }
  return "weight";
}

}  // namespace autopilot::deploy
