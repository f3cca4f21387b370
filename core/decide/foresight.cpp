#include "core/decide/foresight.h"

#include <algorithm>

namespace autopilot::decide {
namespace {

using expr::RowSet;

constexpr std::size_t kMostNames = 64;  // of types or algorithms in one batch

// The rows of each text of a slot. Those of none or of rare ones among too many are left out.
std::vector<Foretold::Named> rows_by_name(const expr::Batch& batch, int slot) {
  std::vector<Foretold::Named> out;
  const expr::Column& column = batch.column(static_cast<std::uint32_t>(slot));
  expr::Arena none;
  std::vector<std::uint32_t> codes;  // of the names, where the column has codes
  const bool coded = column.kind == expr::ColumnKind::coded;
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    const expr::Val value =
        coded && !column.is_present(row) ? expr::Val() : column.value(row, none);
    if (value.tag != expr::Tag::string || value.size == 0) continue;
    std::size_t i = 0;
    while (i < out.size() && (coded ? codes[i] != column.codes[row] : out[i].name != value.text()))
      ++i;
    if (i == kMostNames) continue;
    if (i == out.size()) {
      out.push_back({std::string(value.text()), {}});
      if (coded) codes.push_back(column.codes[row]);
    }
    out[i].rows.add(row);
  }
  return out;
}

RowSet all_of(const std::vector<Foretold::Named>& names) {
  RowSet out;
  for (const Foretold::Named& n : names) out |= n.rows;
  return out;
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The rows of the listed names.
RowSet rows_of(const std::vector<std::string>& listed, const std::vector<Foretold::Named>& names) {
  RowSet out;
  for (const Foretold::Named& n : names) {
    if (lists(listed, n.name)) out |= n.rows;
  }
  return out;
}

// The rows in which the slot has no value.
RowSet absent_rows(const expr::Batch& batch, int slot) {
  RowSet out;
  const expr::Column& column = batch.column(static_cast<std::uint32_t>(slot));
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    if (!column.is_present(row)) out.add(row);
  }
  return out;
}

// The rows in which the slot holds a text that may be a name.
RowSet named_rows(const expr::Batch& batch, int slot) {
  RowSet out;
  expr::Arena arena;
  const expr::Column& column = batch.column(static_cast<std::uint32_t>(slot));
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    const expr::Val value = column.value(row, arena);
    if (value.tag == expr::Tag::string && value.size > 0) out.add(row);
  }
  return out;
}

RowSet concerned_by(const CompiledRule& rule, const Foretold& told) {
  return rule.types.empty() ? told.rows : rows_of(rule.types, told.types) & told.rows;
}

}  // namespace

Foreteller::Foreteller(const CompiledSet& set, const Foreseeable& which)
    : set_(set), which_(which), programs_(set.condition_count()) {}

void Foreteller::forget() {
  for (const auto& program : programs_) {
    if (program != nullptr) program->forget();
  }
}

void Foreteller::tell(const expr::Batch& batch, Foretold& out) {
  const FixedSlots& f = set_.fixed();
  out.types = rows_by_name(batch, f.type);
  out.algorithms = rows_by_name(batch, f.algorithm);
  out.rows = all_of(out.types) & (all_of(out.algorithms) | absent_rows(batch, f.algorithm));
  for (const int slot : which_.names()) {
    RowSet as_written = named_rows(batch, slot);
    // A target that is absent has a default.
    if (slot != f.target) as_written |= absent_rows(batch, slot);
    out.rows &= as_written;
  }
  out.known.assign(set_.condition_count(), 0);
  out.verdicts.resize(set_.condition_count());
  out.costs.assign(expr::kBatchRows, 0);
  scratch_.reset();
  for (const CompiledPolicy& policy : set_.policies()) tell(policy, batch, out);
}

void Foreteller::tell(const CompiledPolicy& policy, const expr::Batch& batch, Foretold& out) {
  RowSet rows = out.rows;
  if (policy.model.scope == policy::Scope::algorithm)
    rows &= rows_of(policy.model.algorithms, out.algorithms);
  for (const auto& gate : policy.gates) tell(*gate, rows, batch, out);
  const auto tell_rule = [&](const CompiledRule& rule, const Condition* condition) {
    const RowSet concerned = concerned_by(rule, out) & rows;
    if (rule.when != nullptr) tell(*rule.when, concerned, batch, out);
    if (condition != nullptr) tell(*condition, concerned, batch, out);
  };
  for (const CompiledMutation& m : policy.mutations) tell_rule(m, nullptr);
  for (const CompiledGuard& g : policy.guards) tell_rule(g, g.condition.get());
  for (const CompiledLimit& l : policy.limits) tell_rule(l, nullptr);
}

void Foreteller::tell(const Condition& condition, const RowSet& rows, const expr::Batch& batch,
                      Foretold& out) {
  if (!which_.has(condition) || condition.constant_true) return;
  out.known[condition.number] = 1;
  out.verdicts[condition.number] = {};
  if (!rows.any()) return;
  auto& program = programs_[condition.number];
  if (program == nullptr) program = std::make_unique<expr::ColumnProgram>(condition.program);
  out.verdicts[condition.number] = program->test(batch, rows, scratch_, out.costs.data());
}

// The ways that a test goes, by rows; `other`: it fails, or nobody knows.
struct Foresight::Ways {
  RowSet yes, no, other;
};

void Foresight::look(const CompiledSet& set, const Foreseeable& which, const Foretold& told) {
  told_ = &told;
  known_.assign(set.condition_count(), 0);
  for (std::size_t i = 0; i < std::min(known_.size(), told.known.size()); ++i)
    known_[i] = told.known[i] != 0 && which.has(static_cast<std::uint32_t>(i)) ? 1 : 0;
  quiet_.clear();
  for (const CompiledPolicy& policy : set.policies()) quiet_.push_back(quiet_rows(policy));
}

Foresight::Ways Foresight::ways_of(const Condition* condition) const {
  const RowSet& rows = told_->rows;
  if (condition == nullptr || condition->constant_true) return {rows, {}, {}};
  if (!knows(*condition)) return {{}, {}, rows};
  const expr::Verdicts& v = told_->verdicts[condition->number];
  return {v.yes, rows - v.yes - v.failed, v.failed};
}

// A policy is quiet where one of its gates is closed and where all its rules are silent. Limits
// that are checked are never silent, nor are mutations that are done.
RowSet Foresight::quiet_rows(const CompiledPolicy& policy) const {
  if (policy.rollout_key != nullptr) return {};
  RowSet closed, loud;
  for (const auto& gate : policy.gates) {
    const Ways ways = ways_of(gate.get());
    closed |= ways.no;
    loud |= ways.other;
  }
  // It is noted of a policy that monitors that it found nothing.
  if (policy.model.mode == policy::Mode::monitor) return closed;
  const auto hear = [&](const CompiledRule& rule, const RowSet& silent) {
    loud |= concerned_by(rule, *told_) - silent;
  };
  for (const CompiledMutation& m : policy.mutations) hear(m, ways_of(m.when.get()).no);
  for (const CompiledLimit& l : policy.limits) hear(l, ways_of(l.when.get()).no);
  for (const CompiledGuard& g : policy.guards) {
    const Ways when = ways_of(g.when.get());
    const bool is_condition = g.condition != nullptr;
    hear(g, is_condition ? when.no | (when.yes & ways_of(g.condition.get()).no) : when.no);
  }
  return closed | (told_->rows - loud);
}

}  // namespace autopilot::decide
