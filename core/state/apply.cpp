#include "core/state/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/audit.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/state/access.h"
#include "core/state/lock.h"
#include "core/state/overlay.h"
#include "core/state/plan_approval.h"
#include "core/state/revise.h"
#include "core/state/seals.h"

namespace autopilot::state {
namespace {

using Action = Change::Action;

constexpr std::size_t kNamed = 20;  // documents that a message lists

std::string listing(std::string text, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size() && i < kNamed; ++i) text += "\n  " + lines[i];
  if (lines.size() > kNamed) text += fmt::format("\n  and {} more", lines.size() - kNamed);
  return text;
}

std::string short_hash(std::string_view hash) { return std::string(hash.substr(0, 12)); }

// One application of a plan, inside its transaction.
class Applier {
 public:
  Applier(Store& store, const Plan& plan, const ApplyOptions& options, World& world)
      : database_(store.database()),
        store_(store),
        plan_(plan),
        options_(options),
        environment_(world.environment),
        now_(world.clock.now()) {}

  void check() {
    check_roles();
    check_fresh();
    check_protected();
    check_radius();
    check_lockout();
  }

  Revision write() {
    Revision draft;
    draft.time = now_;
    draft.actor = options_.actor;
    draft.message = options_.message;
    draft.created = plan_.count(Action::create);
    draft.updated = plan_.count(Action::update);
    draft.deleted = plan_.count(Action::remove);
    std::vector<Replacement> replacements;
    for (const Change& change : plan_.changes)
      replacements.push_back({change.kind, change.id, change.after ? &*change.after : nullptr, {}});
    const Revision revision = revise(store_, std::move(draft), replacements);
    Map body = audit_body(revision);
    add_seals(database_, revision, replacements, body);
    append_audit(database_, kApply, body, options_.actor, now_);
    return revision;
  }

 private:
  void check_roles() {
    const Access access = read_access(&store_);
    const std::vector<std::string> denied = denied_changes(plan_, access, options_.actor);
    if (denied.empty()) return;
    throw Error(ErrorKind::denied,
                listing(fmt::format("{} and may not apply this plan:",
                                    role_sentence(options_.actor, access.role_of(options_.actor))),
                        denied),
                "somebody with the role named there can apply it");
  }

  void check_fresh() {
    Statement present =
        database_.prepare("SELECT content_hash FROM document WHERE kind = ?1 AND id = ?2");
    std::vector<std::string> stale;
    for (const Change& change : plan_.changes) {
      present.bind(change.kind, change.id);
      std::optional<std::string> hash;
      if (present.step()) hash = present.text(0);
      present.reset();
      if (hash != change.base) stale.push_back(describe_stale(change, hash));
      if (hash == change.base && change.base && !change.before) {  // the roles were judged by it
        throw Error(ErrorKind::bug,
                    fmt::format("the plan does not know what {} replaces", change.name()));
      }
    }
    if (stale.empty()) return;
    throw Error(
        ErrorKind::stale,
        listing(fmt::format("the plan is stale: {} of its {} documents changed since it was made:",
                            stale.size(), plan_.changes.size()),
                stale),
        "plan again and look at what is different");
  }

  std::string describe_stale(const Change& change, const std::optional<std::string>& hash) {
    const std::string expected =
        change.base ? "version " + short_hash(*change.base) : "no such document";
    const std::string found = hash ? "version " + short_hash(*hash) : "none";
    const bool done = change.after ? hash == change.after->hash : !hash;
    return fmt::format("{}: planned from {}, now {}{}{}", change.name(), expected, found,
                       last_change(change), done ? "; it is as the plan wants it already" : "");
  }

  std::string last_change(const Change& change) {
    Statement row = database_.prepare(
        "SELECT r.actor, r.time, d.content_hash, r.what FROM revision_document d JOIN revision r "
        "ON r.seq "
        "= d.seq "
        "WHERE d.kind = ?1 AND d.id = ?2 ORDER BY d.seq DESC LIMIT 1");
    row.bind(change.kind, change.id);
    if (!row.step()) return "";
    const std::string_view done = row.is_null(2) ? "deleted" : done_text(row.text(3));
    return fmt::format(" ({} by {} at {})", done, row.text(0),
                       format_rfc3339(Instant::from_micros(row.integer(1))));
  }

  // A plan made here never deletes a protected document; one written by hand may try.
  void check_protected() {
    Statement row = database_.prepare("SELECT protect FROM document WHERE kind = ?1 AND id = ?2");
    std::vector<std::string> refused;
    for (const Change& change : plan_.changes) {
      if (change.action != Action::remove) continue;
      row.bind(change.kind, change.id);
      if (row.step() && row.integer(0) != 0) refused.push_back(change.name());
      row.reset();
    }
    if (refused.empty()) return;
    throw Error(ErrorKind::invalid, listing("the plan deletes protected documents:", refused),
                "set metadata.protect: false and apply that first");
  }

  void check_radius() {
    BlastRadius radius = plan_.radius;
    radius.existing = database_.integer("SELECT count(*) FROM document");
    radius.affected = plan_.count(Action::update) + plan_.count(Action::remove);
    if (options_.allow_large || !radius.exceeded()) return;
    throw Error(ErrorKind::invalid,
                fmt::format("the plan updates or deletes {} of {} documents, more than {:g} %",
                            radius.affected, radius.existing, radius.max_share * 100),
                "say --allow-large when this is meant");
  }

  void check_lockout() {
    const auto is_access = [](const Change& change) { return change.kind == "Access"; };
    if (options_.allow_lockout ||
        std::none_of(plan_.changes.begin(), plan_.changes.end(), is_access))
      return;
    std::vector<policy::Document> after = store_.documents();
    for (const Change& change : plan_.changes) {
      std::erase_if(after, [&](auto& d) { return d.kind == change.kind && d.id == change.id; });
      if (change.after) after.push_back(*change.after);
    }
    const std::string why =
        lockout(read_access(&store_), access_from(after), {options_.actor, {}}, environment_);
    if (why.empty()) return;
    throw Error(ErrorKind::invalid, "the plan locks people out: " + why,
                "say --allow-lockout when this is meant");
  }

  Map audit_body(const Revision& r) const {
    return Map{
        {"revision", r.hash},   {"seq", r.seq},         {"parent", r.parent},
        {"plan", plan_.digest}, {"created", r.created}, {"updated", r.updated},
        {"deleted", r.deleted}, {"message", r.message}, {"allow_large", options_.allow_large}};
  }

  Database& database_;
  Store& store_;
  const Plan& plan_;
  const ApplyOptions& options_;
  Environment& environment_;
  Instant now_;
};

// Uses up the approval that the plan needs. When nobody asked for it yet, asks; that is then all
// that happens.
std::vector<std::string> use_approval(Store& store, const Plan& plan, const ApplyOptions& options,
                                      World& world, WriteTransaction& transaction) {
  const Who who{options.actor, options.identity};
  Approvals approvals(store, world, options.root);
  const auto need = need_of(plan, approvals.settings(), who);
  if (!need) return {};
  auto waiting = approvals.with_digest(plan.digest);
  const bool has_expired = waiting && waiting->request().expires <= world.clock.now();
  if (!waiting || has_expired || waiting->stored.status == RequestStatus::consumed ||
      waiting->stored.status == RequestStatus::revoked) {
    waiting = approvals.ask_within(subject_of(plan, who), *need, who);
    const Error error = approval_error(*waiting, approvals.standing(*waiting));
    transaction.commit();
    throw error;
  }
  approvals.admit(options.approvals, plan.digest, who);
  return approvals.consume(*waiting, Map{{"plan", plan.digest}}, who).by;
}

Applied apply_now(Store& store, const Plan& plan, const ApplyOptions& options, World& world) {
  WriteTransaction transaction(store.database());
  Applied applied;
  applied.note = pass_lock(store.database(), world, options.actor);
  Applier applier(store, plan, options, world);
  applier.check();
  applied.approved_by = use_approval(store, plan, options, world, transaction);
  applied.revision = applier.write();
  transaction.commit();
  return applied;
}

}  // namespace

bool is_refusal(const Error& error) {
  const ErrorKind kind = error.kind();
  return kind == ErrorKind::denied || kind == ErrorKind::stale || kind == ErrorKind::invalid ||
         kind == ErrorKind::locked || kind == ErrorKind::approval;
}

void record_refusal(Store& store, std::string_view operation, std::string_view why,
                    std::string_view actor, Instant time) {
  WriteTransaction transaction(store.database());
  append_audit(store.database(), "refused", Map{{"operation", operation}, {"why", why}}, actor,
               time);
  transaction.commit();
}

void refuse(Store& store, std::string_view operation, const Error& refusal, std::string_view actor,
            Instant time) {
  try {
    record_refusal(store, operation, refusal.what(), actor, time);
  } catch (const Error& e) {
    throw Error(refusal.kind(),
                fmt::format("{}\nand the audit does not know of it: {}", refusal.what(), e.what()),
                refusal.hint());
  }
  throw refusal;
}

Applied apply(Store& store, const Plan& plan, const ApplyOptions& options, World& world) {
  if (plan.empty()) return {store.head(), ""};
  return recording_refusals(store, "apply", options.actor, world,
                            [&] { return apply_now(store, plan, options, world); });
}

}  // namespace autopilot::state
