#include "core/state/impact_run.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

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

constexpr unsigned kMostThreads = 8;

std::int64_t seq_of(std::string_view line) {
  constexpr std::size_t kIdAt = std::string_view(R"({"id":")").size(), kIdSize = 36;
  const auto id = decide::parse_decision_id(line.substr(kIdAt, kIdSize));
  return id ? id->seq : -1;
}

// A core's share of a round: a piece of the history, and what its decisions come to ahead of their
// order.
struct Lane {
  explicit Lane(const decide::CompiledSet& set) : taker(set) {}

  void work() {
    try {
      piece->make(builder);
      drafts = decide::draft(piece->block(), piece->begin(), piece->end(), taker);
    } catch (...) {
      fault = std::current_exception();
    }
  }

  decide::RowTaker taker;
  decide::HistoryBuilder builder;
  std::unique_ptr<decide::HistoryPiece> piece;
  std::vector<decide::Draft> drafts;
  std::exception_ptr fault;
};

// Works on all lanes at once; here on those that the system grants no thread.
void work(std::vector<Lane*>& lanes) {
  std::vector<std::jthread> threads;
  std::vector<Lane*> mine{lanes.front()};
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    try {
      threads.emplace_back([lane = lanes[i]] { lane->work(); });
    } catch (const std::system_error&) {
      mine.push_back(lanes[i]);
    }
  }
  for (Lane* lane : mine) lane->work();
}

// Takes the decisions of the ranges again, round by round: as many pieces as there are cores, then
// what they came to in order.
void take_all(decide::History& history, const std::vector<decide::Range>& ranges,
              const std::shared_ptr<const decide::CompiledSet>& set, decide::Impact& impact) {
  decide::Rerun rerun(set, history);
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  std::deque<Lane> lanes;
  for (decide::Range range : ranges) {
    for (bool more = true; more;) {
      std::vector<Lane*> busy;
      while (more && busy.size() < cores) {
        if (busy.size() == lanes.size()) lanes.emplace_back(*set);
        Lane& lane = lanes[busy.size()];
        lane.piece = history.next(range);
        more = lane.piece != nullptr;
        if (more) busy.push_back(&lane);
      }
      if (busy.empty()) break;
      work(busy);
      for (Lane* lane : busy) {
        if (lane->fault != nullptr) std::rethrow_exception(lane->fault);
        history.keep(*lane->piece);
        rerun.settle(lane->piece->block(), lane->piece->begin(), lane->drafts, impact);
      }
    }
  }
}

// One try. Nothing when the files' columns turn out not to be those of the lines.
std::optional<decide::Impact> try_impact(decide::History& history,
                                         const std::vector<decide::Range>& ranges,
                                         const std::shared_ptr<const decide::CompiledSet>& set) {
  try {
    decide::Impact impact;
    take_all(history, ranges, set, impact);
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
