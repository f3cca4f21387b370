// autopilot schema: what documents of a kind may look like, for editors and for people.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/policy/schema_json.h"

namespace autopilot::commands {
namespace {

constexpr char kSchemaDetails[] =
    R"(Prints the JSON Schema (draft 2020-12) of a kind of document, made from the same tables that validate uses.
Project is the schema of autopilot.yaml. Without KIND it lists the kinds; with --json, it prints one schema that fits
every kind.

EXAMPLES
  autopilot schema
  autopilot schema Policy > policy.schema.json
  autopilot schema --json > autopilot.schema.json
)";

constexpr std::string_view kProjectName = "Project";

class SchemaCommand : public cli::Invocation {
 public:
  explicit SchemaCommand(cli::Options& o) {
    o.argument("KIND", kind_, "kind of document; Project for autopilot.yaml");
  }

  cli::Exit run(cli::Context& context) override {
    if (!kind_.empty()) {
      context.write(to_pretty_json(schema_of(kind_)));
    } else if (context.globals.format == "json") {
      context.write(to_pretty_json(policy::json_schema_of_all()));
    } else {
      context.show(list());
    }
    return cli::Exit::ok;
  }

 private:
  static Value schema_of(const std::string& name) {
    if (name == kProjectName) return policy::json_schema_of_project();
    if (const policy::Kind* kind = policy::find_kind(name)) return policy::json_schema(*kind);
    std::vector<std::string> names{std::string(kProjectName)};
    for (const policy::Kind& kind : policy::kinds()) names.emplace_back(kind.name);
    std::string hint(trim(did_you_mean(name, names)));
    if (hint.empty()) hint = "known are " + join(names, ", ");
    throw Error(ErrorKind::usage, fmt::format("unknown kind {}", name), hint);
  }

  static render::Report list() {
    render::Table table;
    table.columns = {"KIND", "API VERSION", "WHAT IT IS FOR"};
    for (const policy::Kind& kind : policy::kinds()) {
      table.rows.push_back(
          {std::string(kind.name), std::string(kind.api_version), std::string(kind.summary)});
    }
    table.rows.push_back({std::string(kProjectName), "", "The project's own file, autopilot.yaml"});
    return {"autopilot.kinds/v1", {}, {std::move(table)}};
  }

  std::string kind_;
};

}  // namespace

extern const cli::Command schema{"schema",
                                 "Print the JSON Schema of a kind of document",
                                 kSchemaDetails,
                                 cli::bind<SchemaCommand>,
                                 {}};

}  // namespace autopilot::commands
