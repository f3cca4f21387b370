#include "core/state/impact_run.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/decide/history.h"
#include "core/state/overlay_change.h"

namespace autopilot::state {

std::vector<policy::Document> documents_after(const Plan& plan, Store& store, Instant now) {
  std::vector<policy::Document> out;
  const auto changes = [&](const policy::Document& d) {
    return std::any_of(plan.changes.begin(), plan.changes.end(),
                       [&](const Change& c) { return c.kind == d.kind && c.id == d.id; });
  };
  for (policy::Document& d : documents_at(store, now)) {
    if (!changes(d)) out.push_back(std::move(d));
  }
  for (const Change& c : plan.changes) {
    if (c.after) out.push_back(*c.after);
  }
  return out;
}

namespace {

std::int64_t seq_of(std::string_view line) {
  constexpr std::size_t kIdAt = std::string_view(R"({"id":")").size(), kIdSize = 36;
  const auto id = decide::parse_decision_id(line.substr(kIdAt, kIdSize));
  return id ? id->seq : -1;
}

// One try. Nothing when the files' columns turn out not to be those of the lines.
std::optional<decide::Impact> try_impact(decide::History& history,
                                         const std::vector<decide::Range>& ranges,
                                         const std::shared_ptr<const decide::CompiledSet>& set) {
  try {
    decide::Rerun rerun(set, history);
    decide::Impact impact;
    for (decide::Range range : ranges) {
      while (const auto piece = history.next(range))
        rerun.take(piece->block, piece->begin, piece->end, impact);
    }
    if (impact.tell(*set, history)) return impact;
  } catch (const decide::BlockDamage&) {
  }
  return std::nullopt;
}

decide::Impact impact_on(Store& store, Files& files, const std::vector<decide::Range>& ranges,
                         const std::shared_ptr<const decide::CompiledSet>& set) {
  decide::History kept(store.database(), &files);
  if (auto impact = try_impact(kept, ranges, set)) return std::move(*impact);
  kept.discard();
  decide::History fresh(store.database(), nullptr);
  if (auto impact = try_impact(fresh, ranges, set)) return std::move(*impact);
  throw Error(ErrorKind::bug, "a decision taken from columns differs from its line's");
}

}  // namespace

decide::Impact impact_on(Store& store, Files& files, decide::Range range,
                         const std::shared_ptr<const decide::CompiledSet>& set) {
  return impact_on(store, files, std::vector{range}, set);
}

decide::Impact impact_on(Store& store, Files& files, const std::vector<std::string>& ids,
                         const std::shared_ptr<const decide::CompiledSet>& set) {
  decide::Archive archive(store.database());
  std::set<std::int64_t> seqs;
  for (const std::string& id : ids) seqs.insert(seq_of(archive.find(id)));
  std::vector<decide::Range> ranges;
  for (const std::int64_t seq : seqs) ranges.push_back({seq, seq + 1});
  return impact_on(store, files, ranges, set);
}

}  // namespace autopilot::state
