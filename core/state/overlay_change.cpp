#include "core/state/overlay_change.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/audit.h"
#include "core/base/json.h"
#include "core/state/revise.h"
#include "core/state/seals.h"

namespace autopilot::state {
namespace {

void write_overlays(Database& database, const policy::Document& desired,
                    const std::vector<Overlay>& overlays) {
  database.prepare("DELETE FROM overlay WHERE kind = ?1 AND id = ?2").run(desired.kind, desired.id);
  Statement insert = database.prepare(
      "INSERT INTO overlay (kind, id, field, value, desired_hash, what, reason, actor, time, "
      "expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0))");
  for (const Overlay& o : overlays) {
    insert.run(desired.kind, desired.id, o.field, to_canonical_json(o.value), desired.hash, o.what,
               o.reason, o.actor, o.time.micros(), o.expires ? o.expires->micros() : 0);
  }
}

Map audit_body(const Revision& r, const std::string& before, const policy::Document& after,
               const OverlayChange& change) {
  Map body{{"revision", r.hash}, {"seq", r.seq},     {"parent", r.parent},  {"kind", after.kind},
           {"id", after.id},     {"before", before}, {"after", after.hash}, {"message", r.message}};
  for (const auto& [key, value] : change.details) body.append(key, value);
  return body;
}

void end_expired_of(Store& store, const std::vector<Overlay>& mine, Instant now) {
  std::vector<Overlay> rest;
  const Overlay* over = nullptr;
  for (const Overlay& o : mine) {
    if (!o.is_over(now)) {
      rest.push_back(o);
      continue;
    }
    over = &o;
  }
  const auto desired = store.desired_document(over->kind, over->id);
  put_overlays(store, *desired, rest,
               {kExpire,
                fmt::format("{}: the time of what {} {} at {} was over", over->name(), over->actor,
                            done_text(over->what), format_rfc3339(over->time)),
                over->actor, now, Map{{"field", over->field}}});
}

}  // namespace

Revision put_overlays(Store& store, const policy::Document& desired,
                      const std::vector<Overlay>& overlays, const OverlayChange& change) {
  const policy::Document after = overlays.empty() ? desired : with_overlays(desired, overlays);
  const std::optional<policy::Document> before = store.document(desired.kind, desired.id);
  Revision draft;
  draft.what = change.what;
  draft.time = change.time;
  draft.actor = change.actor;
  draft.message = change.message;
  draft.updated = 1;
  const std::vector<Replacement> replacements{
      {desired.kind, desired.id, &after, overlays.empty() ? "" : desired.hash}};
  const Revision revision = revise(store, std::move(draft), replacements);
  write_overlays(store.database(), desired, overlays);
  Map body = audit_body(revision, before ? before->hash : "", after, change);
  add_seals(store.database(), revision, replacements, body);
  append_audit(store.database(), change.what, body, change.actor, change.time);
  return revision;
}

bool end_expired(Store& store, Instant now) {
  const std::vector<Overlay> all = read_overlays(store.database());
  bool ended = false;
  for (std::size_t i = 0; i < all.size();) {
    const std::vector<Overlay> mine = overlays_of(all, all[i].kind, all[i].id);
    if (std::any_of(mine.begin(), mine.end(), [&](const Overlay& o) { return o.is_over(now); })) {
      end_expired_of(store, mine, now);
      ended = true;
    }
    i += mine.size();
  }
  return ended;
}

std::vector<policy::Document> documents_at(Store& store, Instant now) {
  std::vector<policy::Document> documents = store.documents();
  std::vector<Overlay> all = read_overlays(store.database());
  if (std::none_of(all.begin(), all.end(), [&](const Overlay& o) { return o.is_over(now); }))
    return documents;
  const auto over = [&](const Overlay& o) { return o.is_over(now); };
  for (policy::Document& d : documents) {
    std::vector<Overlay> mine = overlays_of(all, d.kind, d.id);
    if (std::none_of(mine.begin(), mine.end(), over)) continue;
    std::erase_if(mine, over);
    const auto desired = store.desired_document(d.kind, d.id);
    d = mine.empty() ? *desired : with_overlays(*desired, mine);
  }
  return documents;
}

}  // namespace autopilot::state
