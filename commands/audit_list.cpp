// autopilot audit list, audit search: what was done to the state and what was refused.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "commands/moment.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/state/audit_search.h"
#include "core/state/overlay.h"

namespace autopilot::commands {
namespace {

constexpr char kListDetails[] =
    R"(Lists what was done to the state and what was refused, the newest first.

EXAMPLES
  autopilot audit list -n 5
  autopilot audit list --json
)";

constexpr char kSearchDetails[] =
    R"(Lists the entries of the audit that all conditions fit, the newest first. TEXT may stand anywhere in
the actor, the kind or the body of an entry; case does not matter for ASCII letters.

EXAMPLES
  autopilot audit search --kind refused --since 7d
  autopilot audit search traffic-safety --actor ada
  autopilot audit search --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z --json

EXIT STATUS
  0 when entries were found, 1 when none was.
)";

constexpr std::int64_t kCount = 50;

// What one line can say of an entry.
std::string details_of(const AuditEntry& e) {
  const Value body = parse_json(e.body).value;
  const auto text = [&](const char* key) {
    const Value* value = body.get(key);
    const std::string all = value != nullptr && value->is_string() ? value->as_string() : "";
    return all.substr(0, all.find('\n'));
  };
  if (state::makes_revision(e.kind)) {
    const std::string message = e.kind == state::kApply ? "" : ": " + text("message");
    return fmt::format("revision {}{}", text("revision").substr(0, 12), message);
  }
  if (e.kind == "refused") return fmt::format("{}: {}", text("operation"), text("why"));
  if (e.kind == "override") {
    const Value* count = body.get("count");
    return fmt::format("{} decisions let pass: {}", count == nullptr ? "" : to_json(*count),
                       text("reason"));
  }
  if (e.kind == "loop_step") {
    const Value* generation = body.get("generation");
    return fmt::format("{} generation {}{}", text("algorithm"),
                       generation == nullptr ? "" : to_json(*generation),
                       text("mode") == "shadow" ? " in shadow" : "");
  }
  if (const Value* count = body.get("count")) return fmt::format("{} decisions", to_json(*count));
  return text("holder");
}

// "ada", or "ada (user:root)" for what root did in her name.
std::string who(const AuditEntry& e) {
  const Value body = parse_json(e.body).value;
  const Value* identity = body.get("identity");
  if (identity == nullptr || !identity->is_string() || identity->as_string() == "user:" + e.actor)
    return e.actor;
  return fmt::format("{} ({})", e.actor, identity->as_string());
}

render::Report describe(const char* schema, const std::vector<AuditEntry>& found) {
  List entries;
  render::Table table{{"SEQ", "TIME", "ACTOR", "WHAT", "DETAILS"}, {}, {true}};
  for (const AuditEntry& e : found) {
    const std::string time = format_rfc3339(Instant::from_micros(e.time));
    entries.push_back(Map{{"seq", e.seq},
                          {"time", time},
                          {"actor", e.actor},
                          {"kind", e.kind},
                          {"body", parse_json(e.body).value}});
    table.rows.push_back({std::to_string(e.seq), time, who(e), e.kind, details_of(e)});
  }
  render::Report report{schema, {{"entries", std::move(entries)}}, {}};
  report.text.emplace_back(std::move(table));
  return report;
}

class AuditList : public cli::Invocation {
 public:
  explicit AuditList(cli::Options& o) {
    o.option("-n,--count N", count_, "at most N (default 50)");
  }

  cli::Exit run(cli::Context& context) override {
    context.show(
        describe("autopilot.audit-list/v1", state::recent_audit(context.existing_store(), count_)));
    return cli::Exit::ok;
  }

 private:
  std::int64_t count_ = kCount;
};

class AuditSearch : public cli::Invocation {
 public:
  explicit AuditSearch(cli::Options& o) {
    query_.limit = kCount;
    o.argument("TEXT", query_.text, "some words of the entry");
    o.option("--actor ACTOR", query_.actor, "done or tried by ACTOR");
    o.option("--kind KIND", query_.kind, "of that kind: apply, decisions, refused, lock");
    o.option("--since T", since_, "from T on: a time, or a duration for so long ago");
    o.option("--until T", until_, "before T");
    o.option("-n,--count N", query_.limit, "at most N (default 50)");
  }

  cli::Exit run(cli::Context& context) override {
    if (!since_.empty()) query_.since = moment_of(context, "--since", since_);
    if (!until_.empty()) query_.until = moment_of(context, "--until", until_);
    state::Store& store = context.existing_store();
    const std::vector<AuditEntry> found = state::find_audit(store, query_);
    if (found.empty()) {
      hint(context, store, "kind", query_.kind);
      hint(context, store, "actor", query_.actor);
    }
    render::Report report = describe("autopilot.audit-search/v1", found);
    if (found.empty()) report.text = {render::Lines{{"No entry fits."}}};
    context.show(report);
    return found.empty() ? cli::Exit::no : cli::Exit::ok;
  }

 private:
  // About a word that no entry has.
  static void hint(cli::Context& context, state::Store& store, const char* column,
                   const std::string& word) {
    if (word.empty()) return;
    const std::vector<std::string> words = state::audit_words(store, column);
    if (std::find(words.begin(), words.end(), word) != words.end()) return;
    const std::string meant = did_you_mean(word, words);
    context.inform(
        fmt::format("no entry has the {} {}{}{}", column, word, meant.empty() ? "" : ": ", meant));
  }

  state::AuditQuery query_;
  std::string since_, until_;
};

}  // namespace

extern const cli::Command audit_list{"audit list",
                                     "List what was done and what was refused",
                                     kListDetails,
                                     cli::bind<AuditList>,
                                     {}};
extern const cli::Command audit_search{"audit search",
                                       "Find what was done and what was refused",
                                       kSearchDetails,
                                       cli::bind<AuditSearch>,
                                       {}};

}  // namespace autopilot::commands
