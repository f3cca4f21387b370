#include "core/state/overlay.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

struct Word {
  std::string_view what;
  std::string_view done;
  std::string_view noun;
};
constexpr Word kWords[] = {
    {kApply, "written", "change"},
    {kRollback, "rolled back", "rollback"},
    {kAutoRollback, "rolled back by its rule", "rollback"},
    {kPromote, "promoted", "promotion"},
    {kResume, "resumed", "resumption"},
    {kDisable, "disabled", "disabling"},
    {kEnable, "enabled again", "enabling"},
    {kExpire, "resumed when its time was over", "expiry"},
};

const Word& word_for(std::string_view what) {
  const auto at = std::find_if(std::begin(kWords), std::end(kWords),
                               [&](const Word& w) { return w.what == what; });
  return at == std::end(kWords) ? kWords[0] : *at;
}

std::string value_text(const Value& value) {
  return value.is_string() ? value.as_string() : to_json(value);
}

Value field_of(const Value& content, std::string_view field) {
  const Value* spec = content.get("spec");
  const Value* found = spec == nullptr ? nullptr : spec->get(field);
  return found == nullptr ? Value() : *found;
}

// Columns: those of overlay, then the body of the wanted content.
Overlay read_overlay(const Statement& row) {
  Overlay o;
  o.kind = row.text(0);
  o.id = row.text(1);
  o.field = row.text(2);
  const std::string what = fmt::format("the overlay of {}", o.name());
  o.value = parse_json_or_throw(row.text(3), what);
  o.desired = row.text(4);
  o.what = row.text(5);
  o.reason = row.text(6);
  o.actor = row.text(7);
  o.time = Instant::from_micros(row.integer(8));
  if (!row.is_null(9)) o.expires = Instant::from_micros(row.integer(9));
  o.wanted = field_of(parse_json_or_throw(row.text(10), what), o.field);
  return o;
}

}  // namespace

bool makes_revision(std::string_view what) {
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](const Word& w) { return w.what == what; });
}

std::string_view done_text(std::string_view what) { return word_for(what).done; }

std::vector<Overlay> read_overlays(Database& database) {
  Statement rows = database.prepare(
      "SELECT o.kind, o.id, o.field, o.value, o.desired_hash, o.what, o.reason, o.actor, o.time, "
      "o.expires, c.body FROM overlay o JOIN content c ON c.hash = o.desired_hash ORDER BY o.kind, "
      "o.id, o.field");
  std::vector<Overlay> all;
  while (rows.step()) all.push_back(read_overlay(rows));
  return all;
}

std::vector<Overlay> overlays_of(const std::vector<Overlay>& all, std::string_view kind,
                                 std::string_view id) {
  std::vector<Overlay> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [&](const Overlay& o) { return o.kind == kind && o.id == id; });
  return found;
}

policy::Document with_overlays(policy::Document desired, const std::vector<Overlay>& overlays) {
  Value& spec = desired.content.as_map()["spec"];
  if (!spec.is_map()) spec = Map();
  for (const Overlay& o : overlays) spec.as_map()[o.field] = o.value;
  desired.hash = to_hex(sha256(to_canonical_json(desired.content)));
  return desired;
}

std::string drift_text(const Overlay& o) {
  std::string text = fmt::format("{}: {} at {} by {}", o.name(), done_text(o.what),
                                 format_rfc3339(o.time), o.actor);
  if (!o.reason.empty()) text += ": " + o.reason;
  text += fmt::format("; in force with {} {}", o.field, value_text(o.value));
  if (!o.wanted.is_null()) text += " instead of " + value_text(o.wanted);
  if (o.expires) text += " until " + format_rfc3339(*o.expires);
  if (o.over) text += "; that time is over: the next decision is taken as git wants";
  return text;
}

std::string ending_text(const Overlay& o) {
  return fmt::format("ends the {} of {} by {}", word_for(o.what).noun, format_rfc3339(o.time),
                     o.actor);
}

Map to_data(const Overlay& o) {
  return Map{{"kind", o.kind},
             {"id", o.id},
             {"field", o.field},
             {"value", o.value},
             {"wanted", o.wanted},
             {"desired_hash", o.desired},
             {"what", o.what},
             {"reason", o.reason},
             {"actor", o.actor},
             {"time", format_rfc3339(o.time)},
             {"expires", o.expires ? Value(format_rfc3339(*o.expires)) : Value()},
             {"over", o.over}};
}

std::vector<std::string> overlay_faults(Store& store) {
  std::vector<std::string> faults;
  // The newest revision of each document says of the same ones as the overlays that git wants
  // others.
  Statement odd = store.database().prepare(
      "SELECT coalesce(r.kind, o.kind) || '/' || coalesce(r.id, o.id) FROM (SELECT kind, id, "
      "desired_hash FROM revision_document d WHERE seq = (SELECT max(s.seq) FROM "
      "revision_document s WHERE s.kind = d.kind AND s.id = d.id)) r FULL JOIN overlay o ON "
      "o.kind = r.kind AND o.id = r.id WHERE coalesce(r.desired_hash, '') <> "
      "coalesce(o.desired_hash, '')");
  while (odd.step())
    faults.push_back(fmt::format("{} and its overlays differ in what git wants", odd.text(0)));
  for (const Overlay& o : read_overlays(store.database())) {
    const auto desired = store.desired_document(o.kind, o.id);
    const auto present = store.document(o.kind, o.id);
    const std::vector<Overlay> mine = overlays_of(read_overlays(store.database()), o.kind, o.id);
    if (!desired || !present || with_overlays(*desired, mine).hash != present->hash)
      faults.push_back(fmt::format("{} is not in force as its overlays say", o.name()));
  }
  return faults;
}

}  // namespace autopilot::state
