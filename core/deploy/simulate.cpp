#include "core/deploy/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

constexpr std::string_view kFaults[] = {"dead", "blind", "proxy", "reboot", "kill"};

class Simulating {
 public:
  Simulating(SimulationRequest request, Strategy& strategy)
      : request_(std::move(request)), strategy_(strategy), begin_(request_.rollout.created) {
    std::stable_sort(request_.samples.begin(), request_.samples.end(),
                     [](const Sample& a, const Sample& b) { return a.to < b.to; });
    out_.rollout = std::move(request_.rollout);
    out_.rollout.windows = Windows(strategy_.model.longest_window());
  }

  Simulation run() {
    Instant now = begin_;
    while (!out_.rollout.is_over() && now - begin_ < request_.most) {
      if (next_ == request_.samples.size() && now > last_of_samples() + strategy_.longest_gap() &&
          !is_faulty("blind", now))
        break;  // the record ends here
      if (!is_faulty("kill", now)) look(now);
      now = now + strategy_.model.interval;
    }
    return std::move(out_);
  }

 private:
  bool is_faulty(std::string_view kind, Instant now) const {
    const Duration at = now - begin_;
    return std::any_of(request_.faults.begin(), request_.faults.end(), [&](const Fault& f) {
      return f.kind == kind && at >= f.from && at < f.until;
    });
  }

  Instant last_of_samples() const {
    return request_.samples.empty() ? begin_ : request_.samples.back().to;
  }

  std::string boot_at(Instant now) const {
    std::string boot = "boot";
    for (const Fault& f : request_.faults) {
      if (f.kind == "reboot" && now - begin_ >= f.from) boot += fmt::format("-{}", f.from.nanos);
    }
    return boot;
  }

  void look(Instant now) {
    Observation seen;
    seen.measured = now;
    seen.boot_id = boot_at(now);
    const bool dead = is_faulty("dead", now);
    // Several readings at once: a simulation does not wait for a start.
    for (int i = 3; i > 0; --i) {
      const Instant at = now - Duration::milliseconds(i);
      seen.canary.push_back({at, !dead, dead ? "it does not answer" : ""});
      seen.stable.push_back({at, true, ""});
      if (dead) break;
    }
    while (next_ < request_.samples.size() && request_.samples[next_].to <= now) {
      Sample s = request_.samples[next_++];
      if (is_faulty("blind", now)) s = {s.metric, s.arm, s.from, s.to, 0, 0, {}, "simulated"};
      seen.samples.push_back(std::move(s));
    }
    const Awaited waited = awaited(strategy_, out_.rollout);
    if (!waited.subject.empty()) {
      seen.agreement = request_.opens_gates
                           ? Agreement{Agreement::Status::granted, "approved (simulated)"}
                           : Agreement{Agreement::Status::open, "nobody approves in a simulation"};
    } else if (request_.opens_gates && out_.rollout.state() == "gate")
      seen.requests.push_back({++request_id_,
                               "promote",
                               fmt::format("simulation-{}", request_id_),
                               "dg_ai",
                               "",
                               {},
                               now});
    follow(std::move(seen), now);
  }

  void follow(Observation seen, Instant now) {
    for (;;) {
      Stepped stepped = step(strategy_, std::move(out_.rollout), seen, now);
      out_.rollout = std::move(stepped.rollout);
      ++out_.steps;
      out_.most_samples_kept = std::max(out_.most_samples_kept, out_.rollout.windows.size());
      for (Event& e : stepped.events) {
        // Checks, smoke tests and load are not tried here: that they pass is assumed.
        if (e.kind != "passed") out_.events.push_back({now, std::move(e.kind), std::move(e.text)});
      }
      if (stepped.effects.empty()) return;
      seen = {};
      seen.boot_id = boot_at(now);
      seen.open_connections = 0;
      for (const Effect& e : stepped.effects) seen.results.push_back(perform(e, now));
    }
  }

  EffectResult perform(const Effect& effect, Instant now) const {
    if (effect.kind.ends_with("_weight") && is_faulty("proxy", now))
      return {effect.id, false, "the proxy does not answer (simulated)", {}};
    if (effect.kind == "decide")
      return {effect.id, true, "", Map{{"result", "allowed"}, {"decision", ""}, {"why", ""}}};
    if (effect.kind == "before") return {effect.id, true, "", before(now)};
    return {effect.id, true, "", {}};
  }

  // What stable showed until now.
  Map before(Instant now) const {
    Map out;
    for (const MetricModel& m : strategy_.model.metrics) {
      const Duration reach = strategy_.model.longest_window();
      Windows windows(reach);
      for (const Sample& s : request_.samples) {
        if (s.to <= now && s.metric == m.name && s.arm == "stable") windows.add(s);
      }
      const auto number = windows.number(m.name, "stable", {now, reach, false, 1});
      if (number) out[m.name] = *number;
    }
    return out;
  }

  SimulationRequest request_;
  Strategy& strategy_;
  Instant begin_;
  Simulation out_;
  std::size_t next_ = 0;
  std::int64_t request_id_ = 0;
};

// The usual time between two samples of a metric's canary; nothing with fewer than two.
std::optional<Duration> pace_of(const std::vector<Sample>& samples, const std::string& metric) {
  std::vector<std::int64_t> gaps;
  std::optional<Instant> last;
  for (const Sample& s : samples) {
    if (s.metric != metric || s.arm != "canary") continue;
    if (last) gaps.push_back(std::abs((s.to - *last).nanos));
    last = s.to;
  }
  if (gaps.empty()) return std::nullopt;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return Duration{*middle};
}

// Refuses samples of which the strategy can use none.
void refuse_foreign(const std::vector<Sample>& samples, const Deployment& model) {
  std::vector<std::string> known;
  for (const MetricModel& m : model.metrics) known.push_back(m.name);
  const auto is_known = [&](const Sample& s) {
    return std::find(known.begin(), known.end(), s.metric) != known.end();
  };
  if (std::any_of(samples.begin(), samples.end(), is_known)) return;
  const std::string& name = samples.front().metric;
  const std::string meant = did_you_mean(name, known);
  throw Error(ErrorKind::invalid,
              fmt::format("the samples are of {}, which {} does not measure", name, model.id),
              meant.empty() ? fmt::format("it measures {}", join(known, ", ")) : meant);
}

}  // namespace

std::vector<std::string> doubts(const std::vector<Sample>& samples, Instant from,
                                const Strategy& strategy) {
  if (samples.empty()) throw Error(ErrorKind::invalid, "there are no samples");
  refuse_foreign(samples, strategy.model);
  const auto last = std::max_element(samples.begin(), samples.end(),
                                     [](auto& a, auto& b) { return a.to < b.to; });
  if (last->to <= from)
    throw Error(ErrorKind::invalid,
                fmt::format("no sample is of the time from {} on", format_rfc3339(from)),
                fmt::format("the last one is of {}", format_rfc3339(last->to)));
  std::vector<std::string> out;
  for (const MetricModel& m : strategy.model.metrics) {
    const std::optional<Duration> pace = pace_of(samples, m.name);
    if (!pace) {
      out.push_back(fmt::format("there are no samples of {} to go on with", m.name));
    } else if (*pace > strategy.longest_gap()) {
      out.push_back(fmt::format(
          "samples of {} come every {}, and more than {} without one is a gap: holds and rules "
          "count no time; `interval` should be about {}",
          m.name, format_duration(*pace), format_duration(strategy.longest_gap()),
          format_duration(*pace)));
    }
  }
  return out;
}

Fault parse_fault(const std::string& text) {
  const auto refuse = [&](const std::string& why) -> Fault {
    throw Error(ErrorKind::usage, fmt::format("--fault {}: {}", text, why),
                "dead@10m, blind@10m-15m, proxy@1h-1h5m, reboot@2h or kill@10m-20m, for example");
  };
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return refuse("when is missing");
  Fault fault;
  fault.kind = text.substr(0, at);
  if (std::find(std::begin(kFaults), std::end(kFaults), fault.kind) == std::end(kFaults))
    return refuse("nobody knows that kind");
  const std::string when = text.substr(at + 1);
  const std::size_t dash = when.find('-');
  const std::optional<Duration> from = parse_duration(when.substr(0, dash));
  const std::optional<Duration> until =
      dash == std::string::npos ? Duration{INT64_MAX} : parse_duration(when.substr(dash + 1));
  if (!from || !until || *until <= *from) return refuse("that is no time");
  fault.from = *from;
  fault.until = *until;
  return fault;
}

Simulation simulate(SimulationRequest request, Strategy& strategy) {
  return Simulating(std::move(request), strategy).run();
}

}  // namespace autopilot::deploy
