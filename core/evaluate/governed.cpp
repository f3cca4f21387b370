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

namespace {

// What the rows that were let through earned, and those that were not.
struct Passed {
  double rows = 0, let = 0, earned = 0, sum = 0;
  double held() const { return rows - let; }
};

Passed passed(const Answer& answer) {
  Passed out;
  out.rows = static_cast<double>(answer.log.rows->rows());
  out.sum = answer.log.reward_sum;
  answer.log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const double passes = batch.columns[answer.log.let].numbers[i];
      out.let += passes;
      out.earned += passes * batch.columns[answer.log.reward].numbers[i];
    }
  });
  return out;
}

std::string passed_text(const Passed& of) {
  std::string text = fmt::format("let {} of {} rows through", of.let, of.rows);
  if (of.let > 0) text += fmt::format(", which earned {:.4g} each", of.earned / of.let);
  if (of.held() > 0)
    text += fmt::format("; the {} held back earned {:.4g} each", of.held(),
                        (of.sum - of.earned) / of.held());
  return text;
}

}  // namespace

std::string governed_text(const Governor& governor, const Answer& answer) {
  std::string rules;
  for (const auto& [rule, by] : governor.held_by())
    rules += fmt::format("{}{} {}", rules.empty() ? "" : ", ", rule, by.rows);
  return passed_text(passed(answer)) + (rules.empty() ? rules : " (" + rules + ")");
}

void doubt_failures(const Governor& governor, const Answer& answer, Backtest& backtest) {
  for (const auto& [rule, by] : governor.held_by()) {
    if (by.failed == 0) continue;
    backtest.findings.push_back(
        {Trust::doubt, "failed-policy",
         fmt::format("{} failed on {} of {} rows and held them back for that: {}. The columns of "
                     "the context are what policies see of a row",
                     rule, by.failed, answer.log.rows->rows(), by.why)});
  }
  backtest.trust = verdict_of(backtest.findings);
}

void add_governed(const Governor& governor, const Answer& answer, render::Report& report) {
  using decide::Result;
  const Passed of = passed(answer);
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
          {"mean_reward_let", of.let > 0 ? Value(of.earned / of.let) : Value()},
          {"mean_reward_held", of.held() > 0 ? Value((of.sum - of.earned) / of.held()) : Value()},
          {"held_by", std::move(rules)},
          {"failed", std::move(failed)}};
  report.text.insert(report.text.begin() + 1, render::Paragraph{"The policies " + passed_text(of)});
  if (governor.held_by().empty()) return;
  render::Table table{{"HELD BACK BY", "ROWS"}, {}, {false, true}};
  for (const auto& [rule, by] : governor.held_by())
    table.rows.push_back({rule, fmt::format("{}", by.rows)});
  report.text.insert(report.text.begin() + 2, std::move(table));
}

}  // namespace autopilot::evaluate
