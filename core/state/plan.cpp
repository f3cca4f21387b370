#include "core/state/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/state/plan_file.h"

namespace autopilot::state {
namespace {

using Action = Change::Action;

// -1, 0, 1 as the document stands before, at or after the key in the order of sets.
int order(const policy::Document& document, const DocumentKey& key) {
  const int kinds = document.kind.compare(key.kind);
  return kinds != 0 ? kinds : document.id.compare(key.id);
}

// Whether a document is asked for by --target and --exclude.
class Selection {
 public:
  explicit Selection(const PlanOptions& options) : options_(options) {}

  bool takes(std::string_view kind, std::string_view id) {
    const std::string name = fmt::format("{}/{}", kind, id);
    names_.push_back(name);
    bool wanted = options_.targets.empty();
    for (const std::string& target : options_.targets) {
      if (!matches(target, name, id)) continue;
      wanted = true;
      hit_.push_back(target);
    }
    return wanted &&
           std::none_of(options_.excludes.begin(), options_.excludes.end(),
                        [&](const std::string& pattern) { return matches(pattern, name, id); });
  }

  // A target that matches nothing is a typing error, not an empty plan.
  void check() const {
    for (const std::string& target : options_.targets) {
      if (std::find(hit_.begin(), hit_.end(), target) != hit_.end()) continue;
      throw Error(ErrorKind::invalid, fmt::format("no document matches --target {}", target),
                  did_you_mean(target, names_));
    }
  }

 private:
  static bool matches(std::string_view pattern, std::string_view name, std::string_view id) {
    return glob_match(pattern, name) || glob_match(pattern, id);
  }

  const PlanOptions& options_;
  std::vector<std::string> names_;
  std::vector<std::string> hit_;
};

// Builds the plan by walking both sorted sets side by side.
class Planner {
 public:
  Planner(Store* store, const PlanOptions& options) : store_(store), selection_(options) {
    if (store != nullptr) overlays_ = read_overlays(store->database());
    for (Overlay& o : overlays_) o.over = options.now && o.is_over(*options.now);
    plan_.radius.max_share = options.max_change_share;
    plan_.radius.min_documents = options.min_documents;
  }

  Plan run(std::vector<const policy::Document*> desired, const std::vector<DocumentKey>& present) {
    std::size_t d = 0;
    std::size_t p = 0;
    while (d < desired.size() || p < present.size()) {
      const int side = d == desired.size()   ? 1
                       : p == present.size() ? -1
                                             : order(*desired[d], present[p]);
      if (side < 0) {
        create(*desired[d++]);
      } else if (side > 0) {
        remove(present[p++]);
      } else {
        update(*desired[d++], present[p++]);
      }
    }
    selection_.check();
    plan_.radius.existing = static_cast<std::int64_t>(present.size());
    plan_.radius.affected = plan_.count(Action::update) + plan_.count(Action::remove);
    plan_.digest = digest_of(plan_.changes);
    return std::move(plan_);
  }

 private:
  void create(const policy::Document& document) {
    if (!selection_.takes(document.kind, document.id)) return;
    add({Action::create, document.kind, document.id, std::nullopt, std::nullopt, document, {}});
  }

  void update(const policy::Document& document, const DocumentKey& present) {
    if (!selection_.takes(document.kind, document.id)) return;
    const std::vector<Overlay> held = overlays_of(overlays_, document.kind, document.id);
    if (document.hash == (held.empty() ? present.hash : held.front().desired)) {
      ++plan_.unchanged;
      plan_.drift.insert(plan_.drift.end(), held.begin(), held.end());
      return;
    }
    const policy::Document before = content_of(present);
    // Git may now want what is in force anyway: then only the overlay ends.
    add({Action::update,
         document.kind,
         document.id,
         present.hash,
         before,
         before.hash == document.hash ? before : document,
         {}});
  }

  void remove(const DocumentKey& present) {
    if (!selection_.takes(present.kind, present.id)) return;
    if (present.protect) {
      const std::vector<Overlay> held = overlays_of(overlays_, present.kind, present.id);
      plan_.kept.push_back(present);
      plan_.drift.insert(plan_.drift.end(), held.begin(), held.end());
      return;
    }
    add({Action::remove,
         present.kind,
         present.id,
         present.hash,
         content_of(present),
         std::nullopt,
         {}});
  }

  policy::Document content_of(const DocumentKey& key) {
    if (auto found = store_->document(key.kind, key.id)) return std::move(*found);
    throw Error(ErrorKind::storage,
                fmt::format("the content of {}/{} is missing", key.kind, key.id),
                "`autopilot state check` tells what is damaged; restore a backup");
  }

  // Documents come without content only when they were applied just so a moment ago.
  void add(Change change) {
    if (change.after && change.after->content.is_null()) {
      throw Error(ErrorKind::stale,
                  fmt::format("{} was changed in the state while the plan was made", change.name()),
                  "plan again");
    }
    change.hints = hints_of(change, overlays_);
    plan_.changes.push_back(std::move(change));
  }

  Store* store_;
  std::vector<Overlay> overlays_;
  Selection selection_;
  Plan plan_;
};

std::vector<const policy::Document*> sorted(const std::vector<policy::Document>& documents) {
  std::vector<const policy::Document*> all;
  all.reserve(documents.size());
  for (const policy::Document& d : documents) all.push_back(&d);
  std::sort(all.begin(), all.end(), [](const policy::Document* a, const policy::Document* b) {
    return a->kind != b->kind ? a->kind < b->kind : a->id < b->id;
  });
  return all;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::update:
      return "update";
    case Action::remove:
      return "delete";
  }
  return "update";
}

std::int64_t Plan::count(Action action) const {
  return std::count_if(changes.begin(), changes.end(),
                       [&](const Change& c) { return c.action == action; });
}

std::vector<Hint> hints_of(const Change& change, const std::vector<Overlay>& overlays) {
  std::vector<Hint> hints =
      hints_for(change.before ? &*change.before : nullptr, change.after ? &*change.after : nullptr);
  for (const Overlay& o : overlays_of(overlays, change.kind, change.id))
    hints.push_back({Effect::review, "", ending_text(o)});
  return hints;
}

Plan make_plan(const std::vector<policy::Document>& desired, Store* store,
               const PlanOptions& options) {
  return Planner(store, options)
      .run(sorted(desired), store == nullptr ? std::vector<DocumentKey>() : store->keys());
}

}  // namespace autopilot::state
