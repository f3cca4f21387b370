#include "core/state/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

using Action = Change::Action;

void append_member(std::string& out, std::string_view key, std::string_view text) {
  append_json_string(out, key);
  out += ':';
  append_json_string(out, text);
}

// Written by hand, keys in order: a plan of ten thousand documents is not worth a second tree of
// them.
void append_change(std::string& out, const Change& change) {
  out += '{';
  append_member(out, "action", to_string(change.action));
  out += ",\"base\":";
  out += change.base ? "\"" + *change.base + "\"" : "null";
  out += ",\"content\":";
  out += change.after ? to_canonical_json(change.after->content) : "null";
  out += ',';
  append_member(out, "id", change.id);
  out += ',';
  append_member(out, "kind", change.kind);
  out += '}';
}

// `digest` and `request` may be empty: then they are left out.
std::string file_text(const std::vector<Change>& changes, const std::string& digest,
                      const std::string& request) {
  std::string out = "{\"changes\":[";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i != 0) out += ',';
    append_change(out, changes[i]);
  }
  out += "],";
  if (!digest.empty()) {
    append_member(out, "digest", digest);
    out += ',';
  }
  append_member(out, "format", kPlanFormat);
  if (!request.empty()) out += ",\"request\":" + request;
  return out + "}";
}

// Reads one plan file; every member must be there and mean what it says.
class PlanReader {
 public:
  explicit PlanReader(std::string_view name) : name_(name) {}

  Plan read(std::string_view text) {
    const JsonResult parsed = parse_json(text);
    if (!parsed.ok)
      fail(fmt::format("is cut short or no plan: {} at byte {}", parsed.fault.message,
                       parsed.fault.offset));
    check_format(parsed.value);
    const Value* changes = parsed.value.get("changes");
    if (changes == nullptr || !changes->is_list()) fail("has no changes");
    Plan plan;
    for (const Value& change : changes->as_list()) plan.changes.push_back(read_change(change));
    check_order(plan.changes);
    plan.digest = digest_of(plan.changes);
    if (text_of(parsed.value, "digest") != plan.digest)
      fail("was changed after it was made: its digest does not match");
    if (const Value* request = parsed.value.get("request"))
      plan.request = to_canonical_json(*request);
    // Members that nobody reads could be taken for something by a reader of the file.
    if (to_canonical_json(parsed.value) + "\n" != plan_text(plan))
      fail("holds more or less than a plan");
    return plan;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::invalid, fmt::format("the plan {} {}", name_, what),
                "make it anew: autopilot plan -o FILE");
  }

  std::string text_of(const Value& map, std::string_view key) const {
    const Value* value = map.get(key);
    if (value == nullptr || !value->is_string()) fail(fmt::format("lacks {}", key));
    return value->as_string();
  }

  void check_format(const Value& file) const {
    const Value* format = file.get("format");
    if (format == nullptr || !format->is_string()) fail("is no plan: it has no format");
    if (format->as_string() == kPlanFormat) return;
    fail(fmt::format("has the format {}; this autopilot reads {}", format->as_string(),
                     kPlanFormat));
  }

  Change read_change(const Value& from) const {
    Change change;
    change.kind = text_of(from, "kind");
    change.id = text_of(from, "id");
    change.action = read_action(text_of(from, "action"));
    const Value* base = from.get("base");
    if (base != nullptr && base->is_string()) change.base = base->as_string();
    const Value* content = from.get("content");
    if (content != nullptr && content->is_map()) change.after = document_of(change, *content);
    check_shape(change);
    return change;
  }

  Action read_action(const std::string& text) const {
    for (const Action action : {Action::create, Action::update, Action::remove}) {
      if (text == to_string(action)) return action;
    }
    fail(fmt::format("has an unknown action: {}", text));
  }

  policy::Document document_of(const Change& change, const Value& content) const {
    policy::Document document;
    document.kind = change.kind;
    document.id = change.id;
    document.content = content;
    document.hash = to_hex(sha256(to_canonical_json(content)));
    const Value* metadata = content.get("metadata");
    if (metadata == nullptr)
      fail(fmt::format("has a document without metadata: {}", change.name()));
    const Value* protect = metadata->get("protect");
    document.protect = protect != nullptr && protect->is_bool() && protect->as_bool();
    if (text_of(content, "kind") != change.kind || text_of(*metadata, "id") != change.id) {
      fail(fmt::format("names {} what is another document", change.name()));
    }
    return document;
  }

  void check_shape(const Change& change) const {
    const bool has_base = change.action != Action::create;
    const bool has_content = change.action != Action::remove;
    if (change.base.has_value() != has_base || change.after.has_value() != has_content) {
      fail(fmt::format("says too little or too much to {} {}", to_string(change.action),
                       change.name()));
    }
  }

  void check_order(const std::vector<Change>& changes) const {
    const auto rising = [](const Change& a, const Change& b) {
      return std::tie(a.kind, a.id) >= std::tie(b.kind, b.id);
    };
    if (std::adjacent_find(changes.begin(), changes.end(), rising) != changes.end())
      fail("is not sorted");
  }

  std::string_view name_;
};

// What the state knows of the documents that the plan changes.
void look_up(Plan& plan, Store& store) {
  const std::vector<Overlay> overlays = read_overlays(store.database());
  for (Change& change : plan.changes) {
    if (change.base) change.before = store.document(change.kind, change.id);
    if (change.before && change.before->hash != *change.base)
      change.before.reset();  // stale: apply says so
    if (change.base && !change.before) continue;
    change.hints = hints_of(change, overlays);
  }
  plan.radius.existing = store.database().integer("SELECT count(*) FROM document");
}

}  // namespace

std::string canonical_text(const std::vector<Change>& changes) {
  return file_text(changes, "", "");
}

std::string digest_of(const std::vector<Change>& changes) {
  return to_hex(sha256(canonical_text(changes)));
}

std::string plan_text(const Plan& plan) {
  return file_text(plan.changes, plan.digest, plan.request) + "\n";
}

Plan parse_plan(std::string_view text, std::string_view name, Store* store,
                const PlanOptions& options) {
  Plan plan = PlanReader(name).read(text);
  plan.radius.max_share = options.max_change_share;
  plan.radius.min_documents = options.min_documents;
  plan.radius.affected = plan.count(Action::update) + plan.count(Action::remove);
  if (store != nullptr) look_up(plan, *store);
  return plan;
}

}  // namespace autopilot::state
