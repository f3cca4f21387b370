#include "core/state/approval_report.h"

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/decide/archive.h"
#include "core/decide/replay.h"
#include "core/decide/summary.h"
#include "core/policy/loader.h"
#include "core/state/impact_run.h"
#include "core/state/plan_report.h"
#include "core/state/policy_sets.h"

namespace autopilot::state {
namespace {

using render::Line;
using render::Tone;

constexpr std::int64_t kImpactDecisions = 10'000;

Tone tone_of(Standing::Status status) {
  switch (status) {
    case Standing::Status::granted:
      return Tone::good;
    case Standing::Status::open:
      return Tone::warn;
    case Standing::Status::rejected:
      return Tone::bad;
    default:
      return Tone::dim;
  }
}

std::string text_of(const Map& facts, std::string_view name) {
  const Value* fact = facts.find(name);
  return fact != nullptr && fact->is_string() ? fact->as_string() : std::string();
}

// What a line of the list can say of the thing that waits.
std::string subject_of(const Request& request) {
  if (request.kind == RequestKind::gate) return request.subject;
  if (request.kind == RequestKind::decision)
    return fmt::format("{} {}", text_of(request.facts, "type"), request.subject);
  const Value* documents = request.facts.find("documents");
  if (documents == nullptr || !documents->is_list() || documents->as_list().empty()) return "";
  const List& all = documents->as_list();
  const std::string first = all.front().is_string() ? all.front().as_string() : "";
  return all.size() == 1 ? first : fmt::format("{} and {} more", first, all.size() - 1);
}

Value data_of(const Judged& judged) {
  const Approval& approval = judged.approval;
  return Map{{"name", judged.name},
             {"actor", approval.who.actor},
             {"identity", approval.who.identity},
             {"principal", judged.principal},
             {"fingerprint", judged.fingerprint},
             {"verdict", approval.verdict == Verdict::approve ? "approve" : "reject"},
             {"note", approval.note},
             {"time", format_rfc3339(approval.time)},
             {"signed", !approval.signature.empty()},
             {"counts", judged.counts},
             {"why_not", judged.why_not}};
}

Map data_of(const Waiting& waiting, const Standing& standing) {
  const Request& request = waiting.request();
  List approvals;
  for (const Judged& judged : standing.approvals) approvals.push_back(data_of(judged));
  return Map{
      {"id", request.id},
      {"kind", to_string(request.kind)},
      {"subject", request.subject},
      {"summary", subject_of(request)},
      {"digest", request.digest},
      {"author", Map{{"actor", request.author.actor}, {"identity", request.author.identity}}},
      {"status", to_string(standing.status)},
      {"needs", standing.need.approvals},
      {"has", standing.counted},
      {"role", policy::to_string(standing.need.role)},
      {"rule", standing.need.rule},
      {"why", standing.need.why},
      {"created", format_rfc3339(request.created)},
      {"expires", format_rfc3339(request.expires)},
      {"closed_by", waiting.stored.closed_by},
      {"reason", waiting.stored.reason},
      {"approvals", std::move(approvals)}};
}

Line fact(const char* name, std::string text) {
  return Line({{fmt::format("{:<9}", name), Tone::dim}, {std::move(text), Tone::plain}});
}

std::string said(const Judged& judged) {
  const Approval& approval = judged.approval;
  std::string text =
      fmt::format("{} by {} at {}", approval.verdict == Verdict::approve ? "approved" : "rejected",
                  judged.name, format_rfc3339(approval.time));
  if (!judged.principal.empty()) text += fmt::format(", signed with {}", judged.fingerprint);
  if (!approval.note.empty()) text += ": " + approval.note;
  if (!judged.counts && approval.verdict == Verdict::approve)
    text += fmt::format(" (does not count: {})", judged.why_not);
  return text;
}

render::Lines head_of(const Waiting& waiting, const Standing& standing) {
  const Request& request = waiting.request();
  render::Lines head;
  head.lines.emplace_back(
      Line({{fmt::format("{} ", to_string(standing.status)), tone_of(standing.status)},
            {fmt::format("{} {}", to_string(request.kind), subject_of(request)), Tone::strong}}));
  head.lines.push_back(fact("request", request.id));
  head.lines.push_back(fact("digest", request.digest));
  head.lines.push_back(
      fact("author", fmt::format("{} ({})", request.author.actor, request.author.identity)));
  std::string needs = to_text(standing.need);
  if (!standing.need.why.empty())
    needs += fmt::format(" ({}: {})", standing.need.rule, standing.need.why);
  head.lines.push_back(fact("needs", needs));
  head.lines.push_back(fact("has", std::to_string(standing.counted)));
  head.lines.push_back(fact("expires", format_rfc3339(request.expires)));
  if (waiting.stored.closed) {
    head.lines.push_back(
        fact("closed", fmt::format("by {} at {} {}", waiting.stored.closed_by,
                                   format_rfc3339(*waiting.stored.closed), waiting.stored.reason)));
  }
  for (const Judged& judged : standing.approvals) head.lines.push_back(fact("", said(judged)));
  return head;
}

void add_plan(Approvals& approvals, const Request& request, render::Report& report) {
  Value file = parse_json_or_throw(request.content, "the requested plan");
  file.as_map()["digest"] = request.digest;
  Store& store = approvals.store();
  const Plan plan = parse_plan(to_canonical_json(file) + "\n", "of the request", &store, {});
  std::optional<decide::Impact> impact;
  decide::Archive archive(store.database());
  if (archive.has({}, 1)) {
    const auto documents = documents_after(plan, store, approvals.world().clock.now());
    impact = impact_on(store, approvals.world().files, archive.newest(kImpactDecisions),
                       compile_documents("", documents));
  }
  render::Report of_plan = describe(plan, false, impact ? &*impact : nullptr);
  report.data.append("plan", std::move(of_plan.data));
  for (render::Block& block : of_plan.text) report.text.push_back(std::move(block));
}

void add_decision(Approvals& approvals, const Request& request, render::Report& report) {
  decide::Page page;
  page.add(0, decide::Archive(approvals.store().database()).find(request.subject));
  PolicySets sets(approvals.store());
  decide::Replayer replayer(sets);
  decide::Trace trace;
  const bool same = replayer.replay(page.line(0), &trace) == page.line(0);
  render::Report of_decision = decide::describe(page.line(0), trace, same);
  report.data.append("decision", std::move(of_decision.data));
  for (render::Block& block : of_decision.text) report.text.push_back(std::move(block));
}

void add_content(Approvals& approvals, const Request& request, render::Report& report) {
  if (request.kind == RequestKind::plan) return add_plan(approvals, request, report);
  if (request.kind == RequestKind::decision) return add_decision(approvals, request, report);
  const Value content = parse_json_or_throw(request.content, "the content of the request");
  render::Lines lines;
  lines.lines.emplace_back(to_pretty_json(content));
  report.data.append("gate", content);
  report.text.emplace_back(std::move(lines));
}

}  // namespace

render::Report describe_requests(Approvals& approvals, const std::vector<Waiting>& all) {
  render::Report report{"autopilot.approvals/v1", {}, {}};
  List requests;
  render::Table table{{"ID", "STATUS", "WHAT", "AUTHOR", "NEEDS", "HAS", "EXPIRES"}, {}, {}};
  for (const Waiting& waiting : all) {
    const Request& request = waiting.request();
    const Standing standing = approvals.standing(waiting);
    requests.push_back(data_of(waiting, standing));
    table.rows.push_back(
        {short_id(request.id),
         Line({{std::string(to_string(standing.status)), tone_of(standing.status)}}),
         fmt::format("{} {}", to_string(request.kind), subject_of(request)), request.author.actor,
         fmt::format("{} {}", standing.need.approvals, policy::to_string(standing.need.role)),
         std::to_string(standing.counted), format_rfc3339(request.expires)});
  }
  report.data.append("requests", std::move(requests));
  if (all.empty()) {
    report.text.emplace_back(render::Lines{{"Nothing waits for approval."}});
  } else {
    report.text.emplace_back(std::move(table));
  }
  return report;
}

render::Report describe_request(Approvals& approvals, const Waiting& waiting, const Who& who) {
  const Request& request = waiting.request();
  const Standing standing = approvals.standing(waiting);
  render::Report report{"autopilot.approval-request/v1", data_of(waiting, standing), {}};
  report.text.emplace_back(head_of(waiting, standing));
  add_content(approvals, request, report);
  const std::string bytes = signed_bytes(request, who.actor);
  report.data.append("signed_bytes", bytes);
  report.data.append("signed_bytes_sha256", to_hex(sha256(bytes)));
  report.text.emplace_back(render::Lines{
      {fmt::format("{} signs, in the namespace {}, these bytes and a line end (SHA-256 {}):",
                   who.actor, kSignatureNamespace, to_hex(sha256(bytes))),
       bytes.substr(0, bytes.size() - 1)}});
  return report;
}

render::Report describe_verdict(Approvals& approvals, const Waiting& waiting,
                                const std::string& done) {
  const Standing standing = approvals.standing(waiting);
  render::Report report{"autopilot.approval-verdict/v1", data_of(waiting, standing), {}};
  std::string text = fmt::format("{} {} {}: ", done, to_string(waiting.request().kind),
                                 subject_of(waiting.request()));
  if (standing.status == Standing::Status::open || standing.status == Standing::Status::granted) {
    text += fmt::format("it has {} of {}, and is {}", standing.counted, to_text(standing.need),
                        to_string(standing.status));
  } else {
    text += fmt::format("it is {}", to_string(standing.status));
  }
  report.data.append("done", done);
  report.text.emplace_back(render::Lines{{text}});
  return report;
}

}  // namespace autopilot::state
