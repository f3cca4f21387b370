#include "core/state/impact_run.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/decide/history.h"

namespace autopilot::state {

std::vector<policy::Document> documents_after(const Plan& plan, Store& store) {
  std::vector<policy::Document> out;
  const auto changes = [&](const policy::Document& d) {
    return std::any_of(plan.changes.begin(), plan.changes.end(),
                       [&](const Change& c) { return c.kind == d.kind && c.id == d.id; });
  };
  for (policy::Document& d : store.documents()) {
    if (!changes(d)) out.push_back(std::move(d));
  }
  for (const Change& c : plan.changes) {
    if (c.after) out.push_back(*c.after);
  }
  return out;
}

namespace {

void take_all(decide::History& history, decide::Range range, decide::Rerun& rerun,
              decide::Impact& impact) {
  while (const auto piece = history.next(range))
    rerun.take(piece->block, piece->begin, piece->end, impact);
}

void tell(decide::Impact& impact, const decide::CompiledSet& set, decide::History& history) {
  if (impact.tell(set, history)) return;
  throw Error(ErrorKind::bug, "a decision taken from columns differs from its line's");
}

std::int64_t seq_of(std::string_view line) {
  constexpr std::size_t kIdAt = std::string_view(R"({"id":")").size(), kIdSize = 36;
  const auto id = decide::parse_decision_id(line.substr(kIdAt, kIdSize));
  return id ? id->seq : -1;
}

}  // namespace

decide::Impact impact_on(Store& store, decide::Range range,
                         const std::shared_ptr<const decide::CompiledSet>& set) {
  decide::History history(store.database());
  decide::Rerun rerun(set, history);
  decide::Impact impact;
  take_all(history, range, rerun, impact);
  tell(impact, *set, history);
  return impact;
}

decide::Impact impact_on(Store& store, const std::vector<std::string>& ids,
                         const std::shared_ptr<const decide::CompiledSet>& set) {
  decide::Archive archive(store.database());
  std::set<std::int64_t> seqs;
  for (const std::string& id : ids) seqs.insert(seq_of(archive.find(id)));
  decide::History history(store.database());
  decide::Rerun rerun(set, history);
  decide::Impact impact;
  for (const std::int64_t seq : seqs) take_all(history, {seq, seq + 1}, rerun, impact);
  tell(impact, *set, history);
  return impact;
}

}  // namespace autopilot::state
