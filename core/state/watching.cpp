#include "core/state/watching.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/loader.h"
#include "core/state/rollout.h"

namespace autopilot::state {
namespace {

// The revision that last changed the document.
Revision changed_by(Store& store, const policy::Document& document) {
  Statement row = store.database().prepare(
      "SELECT max(seq) FROM revision_document WHERE kind = ?1 AND id = ?2");
  row.bind(document.kind, document.id);
  row.step();
  return store.revision(row.integer(0));
}

// What earlier ticks found. One that lies ahead of the clock is not believed: judging anew finds
// the same.
decide::WatchPosition position_of(Store& store, const std::string& id, const Revision& since,
                                  Instant now) {
  Statement row = store.database().prepare(
      "SELECT judged, held_since FROM watch WHERE id = ?1 AND seq = ?2 AND judged BETWEEN 0 AND "
      "?3");
  row.bind(id, since.seq, now.micros());
  if (!row.step()) return {};
  decide::WatchPosition position;
  position.judged = row.integer(0);
  if (!row.is_null(1)) position.held_since = row.integer(1);
  return position;
}

std::int64_t seq_at(std::int64_t micros) { return micros <= 0 ? 0 : micros / 1000 << 12; }

policy::Project project_in(const std::vector<policy::Document>& documents) {
  for (const policy::Document& d : documents) {
    if (d.kind == "Project") return policy::project_from(d);
  }
  return {};
}

bool is_of_interest(const Watched& w) {
  return w.policy.rollback || w.overlay || w.policy.rollout < 1;
}

}  // namespace

void unknown_policy(Store& store, const std::string& id) {
  std::vector<std::string> ids;
  for (const DocumentKey& key : store.keys()) {
    if (key.kind == "Policy") ids.push_back(key.id);
  }
  throw Error(ErrorKind::invalid, fmt::format("no policy {} is applied", id),
              std::string(trim(did_you_mean(id, ids))));
}

Watching::Watching(Store& store, Which which, const std::string& only, Instant now)
    : seq_(store.head().seq),
      overlays_(read_overlays(store.database())),
      archive_(store.database()) {
  const std::vector<policy::Document> documents = store.documents();
  const policy::Project project = project_in(documents);
  for (const policy::Document& d : documents) {
    if (d.kind == "Policy" && (only.empty() || d.id == only)) add(store, d, project, now);
  }
  if (!only.empty() && policies_.empty()) unknown_policy(store, only);
  std::erase_if(policies_, [&](const Watched& w) {
    return which == Which::rules ? !w.can_fire : only.empty() && !is_of_interest(w);
  });
  range_.begin = INT64_MAX;
  for (const Watched& w : policies_) {
    range_.begin = std::min(range_.begin, std::max(w.first_seq, seq_at(w.watch->needs_from())));
  }
}

void Watching::add(Store& store, const policy::Document& document, const policy::Project& project,
                   Instant now) {
  Watched w;
  w.policy = policy::policy_from(document);
  w.wanted = w.policy.rollout;
  for (const Overlay& o : overlays_of(overlays_, document.kind, document.id)) {
    if (o.field == kRolloutField) w.overlay = o;
  }
  if (w.overlay)
    w.wanted =
        policy::policy_from(store.desired_document(document.kind, document.id).value()).rollout;
  w.since = changed_by(store, document);
  // Version 1 did not write down which decision was the last one before a revision.
  w.first_seq = w.since.last_decision ? *w.since.last_decision + 1 : seq_at(w.since.time.micros());
  w.can_fire = w.policy.rollback && w.policy.enabled && w.policy.rollout > 0;
  w.watch = std::make_unique<decide::RolloutWatch>(
      w.policy, project, position_of(store, document.id, w.since, now), now);
  policies_.push_back(std::move(w));
}

void Watching::read_on() {
  decide::Page page;
  while (archive_.next(range_, page)) {
    for (std::size_t i = 0; i < page.size(); ++i) take(page.line(i), page.seq(i));
  }
}

void Watching::take(std::string_view line, std::int64_t seq) {
  reader_.read(line, record_);
  for (Watched& w : policies_) {
    if (seq >= w.first_seq) w.watch->add(record_, reader_, seq);
  }
}

}  // namespace autopilot::state
