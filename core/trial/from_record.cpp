#include "core/trial/from_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/base/yaml.h"
#include "core/decide/record.h"
#include "core/policy/model.h"

namespace autopilot::trial {
namespace {

constexpr std::string_view kActionFields[] = {
    "id",   "type", "algorithm",  "algo_key",        "target",
    "data", "risk", "risk_score", "idempotency_key", "created_at"};
constexpr std::string_view kContextFields[] = {"metrics", "segment", "segment_data", "features",
                                               "actor",   "role",    "user_role"};

// The fields that policies can see; null is absent.
Map known_fields(const Value& value, std::span<const std::string_view> known) {
  Map out;
  if (!value.is_map()) return out;
  for (const auto& [name, field] : value.as_map()) {
    const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
    if (is_known && !field.is_null()) out.append(name, field);
  }
  return out;
}

// Names are often numbers in the JSON of other systems; documents want texts.
Map action_of(const Value& action) {
  Map out = known_fields(action, kActionFields);
  for (auto& [name, field] : out) {
    const bool name_field = name == "id" || name == "target" || name == "idempotency_key";
    if (name_field && field.is_number()) field = to_json(field);
  }
  return out;
}

List ledger_of(const decide::Record& record) {
  List out;
  for (const decide::Use& use : record.uses) {
    Map entry{{"policy", use.policy}, {"limit", use.limit}};
    if (!use.key.empty()) entry.append("key", use.key);
    entry.append("used", parse_json(micros_text(use.used)).value);
    out.push_back(std::move(entry));
  }
  return out;
}

Map reason_of(const Value& reason) {
  Map out;
  for (const char* field : {"policy", "rule", "effect", "approvals", "message"}) {
    const Value* value = reason.get(field);
    const bool empty = value == nullptr || (value->is_string() && value->as_string().empty());
    if (!empty) out.append(field, *value);
  }
  return out;
}

Map expect_of(const Value& decision) {
  Map out{{"result", *decision.get("result")},
          {"whole_action", action_of(*decision.get("action"))},
          {"risk", *decision.get("risk")}};
  List reasons;
  for (const Value& reason : decision.get("reasons")->as_list())
    reasons.push_back(reason_of(reason));
  if (reasons.empty()) out.append("no_reasons", List{Map{}});
  if (!reasons.empty()) out.append("reasons", std::move(reasons));
  Map monitor;
  for (const Value& m : decision.get("monitor")->as_list())
    monitor.append(m.get("policy")->as_string(), *m.get("result"));
  if (!monitor.empty()) out.append("monitor", std::move(monitor));
  return out;
}

Map case_of(const decide::Record& record, const Value& decision) {
  Map out{{"name", fmt::format("decision {} is {}", record.id, record.result)},
          {"action", action_of(*decision.get("proposed"))}};
  Map context = known_fields(*decision.get("context"), kContextFields);
  if (!context.empty()) out.append("context", std::move(context));
  if (!record.uses.empty()) out.append("ledger", ledger_of(record));
  out.append("time", format_rfc3339(record.time));
  out.append("run", std::string(record.run));
  out.append("actor", std::string(record.actor));
  out.append("role", std::string(record.role));
  if (const auto& by = record.override_by) {
    out.append(
        "override",
        Map{{"role", policy::to_string(by->role)}, {"actor", by->actor}, {"reason", by->reason}});
  }
  out.append("expect", expect_of(decision));
  return out;
}

}  // namespace

std::string test_from_record(std::string_view line) {
  decide::Record record;
  decide::RecordReader().read(line, record);
  const Value decision = parse_json_or_throw(line, "the recorded decision");
  const Map document{
      {"apiVersion", "autopilot/v1"},
      {"kind", "PolicyTest"},
      {"metadata", Map{{"id", fmt::format("decision-{}", record.id)}}},
      {"spec", Map{{"description", fmt::format("recorded at {} under revision {}",
                                               format_rfc3339(record.time), record.revision)},
                   {"cases", List{case_of(record, decision)}}}}};
  return to_yaml(document);
}

}  // namespace autopilot::trial
