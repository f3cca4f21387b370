#include "core/evaluate/governed.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/json_index.h"
#include "core/decide/recorder.h"

namespace autopilot::evaluate {
namespace {

void append_member(std::string& out, const std::string& name) {
  if (!out.empty() && out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
}

}  // namespace

Governor::Governor(std::shared_ptr<const decide::CompiledSet> policies, GovernedAction as,
                   Instant now)
    : policies_(std::move(policies)), as_(std::move(as)), now_(now), engine_(*policies_) {}

// The action that was logged is the target; what the log tells of the row is its data, and, as
// metrics and segment, its context.
void Governor::write_line(const Log& log, const std::vector<events::Labels>& labels,
                          const events::Batch& batch, std::size_t row) {
  const std::string& action = labels[log.action][batch.columns[log.action].codes[row]];
  line_ = fmt::format(R"({{"action":{{"id":"row-{}","type":)", row_);
  append_json_string(line_, as_.type);
  line_ += R"(,"algorithm":)";
  append_json_string(line_, as_.algorithm);
  line_ += R"(,"target":)";
  append_json_string(line_, action);
  line_ += R"(,"data":{"action":)";
  append_json_string(line_, action);
  if (log.position != Log::kNone) {
    line_ += R"(,"position":)";
    append_json_string(line_, labels[log.position][batch.columns[log.position].codes[row]]);
  }
  if (log.propensity != Log::kNone) {
    line_ += R"(,"propensity":)";
    append_double(line_, batch.columns[log.propensity].numbers[row]);
  }
  metrics_ = segment_ = "{";
  for (const ContextColumn& column : log.context) {
    const events::Column& from = batch.columns[column.index];
    const bool is_text = from.codes[row] != events::kNoLabel;
    if (!is_text && std::isnan(from.numbers[row])) continue;
    std::string& to = is_text ? segment_ : metrics_;
    for (std::string* out : {&to, &line_}) {
      append_member(*out, column.name);
      if (is_text)
        append_json_string(*out, labels[column.index][from.codes[row]]);
      else
        append_double(*out, from.numbers[row]);
    }
  }
  line_ += R"(}},"context":{"metrics":)" + metrics_ + R"(},"segment":)" + segment_ + "}}}";
}

bool Governor::lets(const Log& log, const std::vector<events::Labels>& labels,
                    const events::Batch& batch, std::size_t row) {
  ++row_;
  write_line(log, labels, batch, row);
  const std::size_t size = line_.size();
  line_.append(kPadding, ' ');
  decide::InputFault fault;
  if (!engine_.read(std::string_view(line_).substr(0, size), {}, input_, fault))
    throw Error(ErrorKind::invalid, fmt::format("row {} is no action: {}", row_, fault.message));
  decide::Circumstances at;
  at.now =
      log.time == Log::kNone ? now_ : Instant::from_micros(batch.columns[log.time].integers[row]);
  at.run = "backtest";
  at.actor = as_.algorithm;
  at.role = as_.role;
  engine_.decide(input_, at, ledger_, outcome_);
  decide::consume(outcome_, at, static_cast<std::int64_t>(row_), ledger_);
  ++counts_[static_cast<std::size_t>(outcome_.result)];
  const bool let = outcome_.result <= decide::Result::modified;
  for (const decide::Reason& reason : outcome_.reasons) {
    const bool holds =
        reason.effect == decide::Effect::block || reason.effect == decide::Effect::approve;
    if (let || reason.monitor || !holds) continue;
    note(reason);
    break;
  }
  return let;
}

void Governor::note(const decide::Reason& reason) {
  Held& held = held_by_[reason.policy.empty() ? std::string(reason.kind)
                                              : fmt::format("{}/{}", reason.policy, reason.rule)];
  ++held.rows;
  if (reason.kind != "error") return;
  if (held.failed++ == 0) held.why = reason.message;
}

void add_governed(const Governor& governor, const Answer& answer, render::Report& report) {
  using decide::Result;
  const double rows = static_cast<double>(answer.log.rows->rows());
  const double sum = answer.log.reward_sum;
  double let = 0, earned = 0;
  answer.log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const double passes = batch.columns[answer.log.let].numbers[i];
      let += passes;
      earned += passes * batch.columns[answer.log.reward].numbers[i];
    }
  });
  const double held = rows - let;
  Map rules, failed;
  for (const auto& [rule, by] : governor.held_by()) {
    rules[rule] = Value(by.rows);
    if (by.failed > 0) failed[rule] = Map{{"rows", Value(by.failed)}, {"why", by.why}};
  }
  report.data["policies"] =
      Map{{"allowed", Value(governor.count(Result::allowed))},
          {"modified", Value(governor.count(Result::modified))},
          {"pending", Value(governor.count(Result::pending))},
          {"blocked", Value(governor.count(Result::blocked))},
          {"mean_reward_let", let > 0 ? Value(earned / let) : Value()},
          {"mean_reward_held", held > 0 ? Value((sum - earned) / held) : Value()},
          {"held_by", std::move(rules)},
          {"failed", std::move(failed)}};
  std::string text = fmt::format("The policies let {} of {} rows through", let, rows);
  if (let > 0) text += fmt::format(", which earned {:.4g} each", earned / let);
  if (held > 0)
    text += fmt::format("; the {} held back earned {:.4g} each", held, (sum - earned) / held);
  report.text.insert(report.text.begin() + 1, render::Paragraph{text});
  if (governor.held_by().empty()) return;
  render::Table table{{"HELD BACK BY", "ROWS"}, {}, {false, true}};
  std::string failures;
  for (const auto& [rule, by] : governor.held_by()) {
    table.rows.push_back({rule, fmt::format("{}", by.rows)});
    if (by.failed == 0) continue;
    failures += fmt::format("{}{} failed on {} row{}: {}", failures.empty() ? "" : "; ", rule,
                            by.failed, by.failed == 1 ? "" : "s", by.why);
  }
  report.text.insert(report.text.begin() + 2, std::move(table));
  if (failures.empty()) return;
  report.text.insert(report.text.begin() + 3,
                     render::Paragraph{failures + ". --context names what policies see of a row"});
}

}  // namespace autopilot::evaluate
