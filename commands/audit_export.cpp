// autopilot audit export: the audit as JSON lines.
#include "cli/command.h"
#include "commands/moment.h"
#include "core/base/json.h"
#include "core/state/audit_search.h"

namespace autopilot::commands {
namespace {

constexpr char kDetails[] =
    R"(Writes the audit as JSON lines, the oldest entry first: a line with the schema, then one for each
entry with its chain hash. It is not verified; `autopilot audit verify` does that.

EXAMPLES
  autopilot audit export > audit.jsonl
  autopilot audit export --since 24h | jq 'select(.kind == "refused")'
)";

class AuditExport : public cli::Invocation {
 public:
  explicit AuditExport(cli::Options& o) {
    o.option("--since T", since_, "from T on: a time, or a duration for so long ago");
    o.option("--until T", until_, "before T");
  }

  cli::Exit run(cli::Context& context) override {
    state::AuditQuery query;
    if (!since_.empty()) query.since = moment_of(context, "--since", since_);
    if (!until_.empty()) query.until = moment_of(context, "--until", until_);
    state::Store& store = context.existing_store();
    context.write("{\"schema\":\"autopilot.audit/v1\"}\n");
    state::each_audit(store, query, [&](const AuditEntry& e, const std::string& hash) {
      context.write(line_of(e, hash));
    });
    return cli::Exit::ok;
  }

 private:
  // The body is as it was hashed, unless it is no JSON any more: every line must be.
  static std::string line_of(const AuditEntry& e, const std::string& hash) {
    std::string line = "{\"seq\":" + std::to_string(e.seq) + ",\"time\":\"" +
                       format_rfc3339(Instant::from_micros(e.time)) + "\",\"actor\":";
    append_json_string(line, e.actor);
    line += ",\"kind\":";
    append_json_string(line, e.kind);
    line += ",\"body\":";
    if (parse_json(e.body).ok) {
      line += e.body;
    } else {
      append_json_string(line, e.body);
    }
    return line + ",\"hash\":\"" + hash + "\"}\n";
  }

  std::string since_, until_;
};

}  // namespace

extern const cli::Command audit_export{
    "audit export", "Write the audit as JSON lines", kDetails, cli::bind<AuditExport>, {"jsonl"}};

}  // namespace autopilot::commands
