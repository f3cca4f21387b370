// autopilot audit verify, audit list: the chain of everything that was done or refused.
#include "core/state/audit.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/json.h"
#include "core/state/overlay.h"

namespace autopilot::commands {
namespace {

constexpr char kVerifyDetails[] =
    R"(Walks the audit chain from its first entry and computes every hash again, that of each recorded
decision too. Reports the first entry that does not hold. The hash of the last entry stands for the
whole chain: kept somewhere else, it proves later that nothing was changed or cut off.

EXAMPLES
  autopilot audit verify
  autopilot audit verify --json

EXIT STATUS
  0 when the chain holds, 1 when it is broken.
)";

constexpr char kListDetails[] =
    R"(Lists what was done to the state and what was refused, the newest first.

EXAMPLES
  autopilot audit list -n 5
  autopilot audit list --json
)";

constexpr std::int64_t kListCount = 50;

class AuditVerify : public cli::Invocation {
 public:
  explicit AuditVerify(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    context.require_role("viewer", "audit verify");
    const state::AuditReport found = state::verify_audit(context.existing_store());
    const bool ok = !found.fault;
    Value fault;
    if (!ok) fault = Map{{"seq", found.fault->seq}, {"what", found.fault->what}};
    render::Report report{"autopilot.audit-verify/v1",
                          {{"ok", ok},
                           {"entries", found.entries},
                           {"decisions", found.decisions},
                           {"head", found.head},
                           {"fault", std::move(fault)}},
                          {}};
    render::Lines lines;
    if (ok) {
      lines.lines = {fmt::format("The audit chain holds: {} entries, {} decisions.", found.entries,
                                 found.decisions),
                     fmt::format("Head: {}", found.head)};
    } else {
      lines.lines = {fmt::format("The audit chain is broken: {}.", found.fault->what),
                     fmt::format("{} entries before it hold.", found.entries)};
    }
    report.text.emplace_back(std::move(lines));
    context.show(report);
    return ok ? cli::Exit::ok : cli::Exit::no;
  }
};

class AuditList : public cli::Invocation {
 public:
  explicit AuditList(cli::Options& o) {
    o.option("-n,--count N", count_, "at most N (default 50)");
  }

  cli::Exit run(cli::Context& context) override {
    context.require_role("viewer", "audit list");
    List entries;
    render::Table table{{"SEQ", "TIME", "ACTOR", "WHAT", "DETAILS"}, {}, {true}};
    for (const AuditEntry& e : state::recent_audit(context.existing_store(), count_)) {
      const std::string time = format_rfc3339(Instant::from_micros(e.time));
      entries.push_back(Map{{"seq", e.seq},
                            {"time", time},
                            {"actor", e.actor},
                            {"kind", e.kind},
                            {"body", parse_json(e.body).value}});
      table.rows.push_back({std::to_string(e.seq), time, e.actor, e.kind, details(e)});
    }
    render::Report report{"autopilot.audit-list/v1", {{"entries", std::move(entries)}}, {}};
    report.text.emplace_back(std::move(table));
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  // What one line can say of an entry.
  static std::string details(const AuditEntry& e) {
    const Value body = parse_json(e.body).value;
    const auto text = [&](const char* key) {
      const Value* value = body.get(key);
      return value != nullptr && value->is_string() ? value->as_string() : std::string();
    };
    if (state::makes_revision(e.kind)) {
      const std::string message = e.kind == state::kApply ? "" : ": " + first_line(text("message"));
      return fmt::format("revision {}{}", text("revision").substr(0, 12), message);
    }
    if (e.kind == "refused")
      return fmt::format("{}: {}", text("operation"), first_line(text("why")));
    if (const Value* count = body.get("count")) return fmt::format("{} decisions", to_json(*count));
    return text("holder");
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  std::int64_t count_ = kListCount;
};

}  // namespace

extern const cli::Command audit_verify{"audit verify",
                                       "Tell whether the audit chain holds",
                                       kVerifyDetails,
                                       cli::bind<AuditVerify>,
                                       {}};
extern const cli::Command audit_list{"audit list",
                                     "List what was done and what was refused",
                                     kListDetails,
                                     cli::bind<AuditList>,
                                     {}};

}  // namespace autopilot::commands
