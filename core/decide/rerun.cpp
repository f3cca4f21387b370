#include "core/decide/rerun.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/decide/recorder.h"
#include "core/decide/values.h"

namespace autopilot::decide {
namespace {

// A reason as a comparison sees it.
struct Cause {
  std::string_view policy, rule, effect, field;
  bool is_like(const Cause& other) const {
    return policy == other.policy && rule == other.rule && effect == other.effect;
  }
};
using Causes = std::vector<Cause>;

std::string_view cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

Causes causes_of(std::string_view recorded) {
  Causes out;
  while (!recorded.empty()) {
    std::string_view one = cut(recorded, kCauseEnd);
    const std::string_view policy = cut(one, kCausePart), rule = cut(one, kCausePart);
    out.push_back({policy, rule, one, {}});
  }
  return out;
}

Causes causes_of(const Outcome& outcome) {
  Causes out;
  for (const Reason& r : outcome.reasons) {
    if (!r.monitor) out.push_back({r.policy, r.rule, to_string(r.effect), r.field});
  }
  return out;
}

std::string_view effect_for(Result result) {
  switch (result) {
    case Result::blocked:
      return "block";
    case Result::pending:
      return "approve";
    case Result::modified:
      return "modify";
    case Result::allowed:
      return "";
  }
  return "";
}

// The first cause of `result` in `here` that `there` lacks.
const Cause* first_new(const Causes& here, const Causes& there, Result result) {
  const auto is_new = [&](const Cause& c) {
    return c.effect == effect_for(result) &&
           std::none_of(there.begin(), there.end(), [&](const Cause& o) { return o.is_like(c); });
  };
  const auto found = std::find_if(here.begin(), here.end(), is_new);
  return found == here.end() ? nullptr : &*found;
}

bool may_happen(Result result) { return result == Result::allowed || result == Result::modified; }

// Ids are numbers of which no sum means anything.
bool is_amount(std::string_view field) { return field != "id" && !field.ends_with("_id"); }

// Collects the amounts of a decision by field.
class Amounts {
 public:
  Amounts(const Retaken& decision, std::vector<Amount>& out)
      : before_(may_happen(decision.before)), after_(may_happen(decision.after)), out_(out) {}

  void before(std::string_view field, double value) {
    if (before_ && is_amount(field)) at(field).before = value;
  }
  void after(std::string_view field, double value) {
    if (after_ && is_amount(field)) at(field).after = value;
  }

 private:
  Amount& at(std::string_view field) {
    const auto place =
        std::lower_bound(out_.begin(), out_.end(), field,
                         [](const Amount& a, std::string_view wanted) { return a.field < wanted; });
    if (place != out_.end() && place->field == field) return *place;
    return *out_.insert(place, {std::string(field), 0, 0});
  }
  bool before_, after_;
  std::vector<Amount>& out_;
};

const expr::Val* find(const std::vector<FieldChange>& changes, std::string_view field) {
  for (const FieldChange& c : changes) {
    if (c.field == field) return &c.value;
  }
  return nullptr;
}

// action.data of an action's JSON; no map when it has none.
Value data_of(std::string_view action) {
  const JsonResult parsed = parse_json(action);
  const Value* data = parsed.ok ? parsed.value.get("data") : nullptr;
  return data != nullptr && data->is_map() ? *data : Value(Map());
}

// The one part that a column's name has behind `action.data`; "" when it has more.
std::string_view data_field(std::string_view name) {
  static const std::string kData = std::string("action") + kPathEnd + "data" + kPathEnd;
  if (!name.starts_with(kData)) return {};
  name.remove_prefix(kData.size());
  return name.find(kPathEnd) + 1 == name.size() ? name.substr(0, name.size() - 1)
                                                : std::string_view();
}

// Takes a rule that did not speak before, else one that is silent now, else the first that gives
// another value.
void find_cause(const Causes& before, const Causes& after,
                const std::vector<std::string_view>& differing, Retaken& decision) {
  const Cause* cause = first_new(after, before, decision.after);
  if (cause == nullptr) cause = first_new(before, after, decision.before);
  for (const Cause& c : after) {
    const bool differs = std::find(differing.begin(), differing.end(), c.field) != differing.end();
    if (cause == nullptr && c.effect == effect_for(Result::modified) && differs) cause = &c;
  }
  decision.policy = cause == nullptr ? std::string_view() : cause->policy;
  decision.rule = cause == nullptr ? std::string_view() : cause->rule;
}

// What a blocked action would have become is nobody's concern.
bool is_moot(const Retaken& decision) {
  return !decision.flipped && decision.after == Result::blocked;
}

class EmptyLedger final : public LedgerView {
 public:
  std::int64_t used(const Use&, std::string_view, Instant) override { return 0; }
};

Circumstances circumstances_of(const HistoryBlock& block, std::uint32_t row) {
  return {block.time(row), block.run(row), block.actor(row), block.role(row), nullptr};
}

}  // namespace

RowTaker::RowTaker(const CompiledSet& set)
    : engine_(set), slots_(set), foreseeable_(set), foreteller_(set, foreseeable_) {
  slots_.choose_few(foreseeable_.other_slots());
}

void RowTaker::bind(const HistoryBlock& block) {
  block_ = &block;
  slots_.bind(block);
  data_bound_ = false;
  foreseen_begin_ = foreseen_end_ = batch_begin_ = batch_end_ = 0;
  if (dictionary_ != slots_.dictionaries()) foreteller_.forget();
  dictionary_ = slots_.dictionaries();
}

void RowTaker::foresee(std::uint32_t begin, std::uint32_t end) {
  constexpr std::uint32_t kWorthIt = 16;  // rows
  if (end - begin < kWorthIt) return;
  foreseen_begin_ = begin;
  foreseen_end_ = end;
}

Foreseen RowTaker::look_ahead(std::uint32_t row) {
  if (row < foreseen_begin_ || row >= foreseen_end_) return {};
  if (row < batch_begin_ || row >= batch_end_) {
    batch_begin_ = row / 64 * 64;
    batch_end_ = std::min(batch_begin_ + expr::kBatchRows, foreseen_end_);
    foreteller_.tell(slots_.batch(batch_begin_, batch_end_ - batch_begin_), told_);
    foresight_.look(engine_.set(), foreseeable_, told_);
  }
  const std::uint32_t at = row - batch_begin_;
  return foresight_.has(at) ? Foreseen{&foresight_, at} : Foreseen{};
}

bool RowTaker::take(std::uint32_t row, LedgerView& ledger, Retaken& decision) {
  if (!slots_.tells(row)) return false;
  at_ = circumstances_of(*block_, row);
  engine_.writes_texts = false;
  const Foreseen foreseen = look_ahead(row);
  if (!decide(row, ledger, foreseen)) return false;
  if (!foreseen.fits(engine_.scratch())) decide(row, ledger, {});
  if (outcome_.needs_text) return false;
  begin(row, decision);
  compare_columns(row, decision);
  return true;
}

// False when the row is no action: who reads its line says what is wrong.
bool RowTaker::decide(std::uint32_t row, LedgerView& ledger, Foreseen foreseen) {
  InputFault fault;
  engine_.scratch().reset();
  if (foreseen.all != nullptr) {
    slots_.fill_few(row, input_, engine_.scratch());
  } else {
    slots_.fill(row, input_, engine_.scratch());
  }
  if (!engine_.prepare(input_, fault)) return false;
  engine_.foreseen = foreseen;
  engine_.decide(input_, at_, ledger, outcome_);
  return true;
}

void RowTaker::take_line(std::uint32_t row, std::string_view line, LedgerView& ledger,
                         Retaken& decision) {
  reader_.read(line, record_);
  read_again(engine_, record_, input_);
  at_ = decide::circumstances_of(record_);
  engine_.writes_texts = true;
  engine_.decide(input_, at_, ledger, outcome_);
  begin(row, decision);
  compare_lines(row, decision);
}

void RowTaker::begin(std::uint32_t row, Retaken& decision) const {
  decision.seq = block_->seq(row);
  decision.time = block_->time(row);
  decision.before = block_->result(row);
  decision.after = outcome_.result;
  decision.risk_before = block_->risk(row);
  decision.risk_after = outcome_.risk;
  decision.flipped = decision.before != decision.after;
  decision.amounts.clear();
}

void RowTaker::compare_columns(std::uint32_t row, Retaken& decision) {
  if (is_moot(decision)) return;
  const std::vector<FieldChange> recorded = block_->changes(row);
  if (!decision.flipped && recorded.empty() && outcome_.changes.empty()) return;
  std::vector<std::string_view> differing;
  const auto final_value = [&](const std::vector<FieldChange>& changes, std::string_view field) {
    const expr::Val* changed = find(changes, field);
    return changed != nullptr ? *changed : proposed(row, field);
  };
  const auto look_at = [&](const std::vector<FieldChange>& changes) {
    for (const FieldChange& c : changes) {
      if (!same_value(final_value(recorded, c.field), final_value(outcome_.changes, c.field)))
        differing.push_back(c.field);
    }
  };
  look_at(recorded);
  look_at(outcome_.changes);
  decision.flipped = decision.flipped || !differing.empty();
  if (!decision.flipped) return;
  find_cause(causes_of(block_->causes(row)), causes_of(outcome_), differing, decision);
  sum_columns(row, recorded, decision);
}

void RowTaker::sum_columns(std::uint32_t row, const std::vector<FieldChange>& recorded,
                           Retaken& decision) {
  Amounts amounts(decision, decision.amounts);
  bind_data();
  for (const HistoryColumn& column : data_) {
    const expr::Val value = column.column().value(row, engine_.scratch().arena());
    if (value.tag != expr::Tag::real) continue;
    const std::string_view field = data_field(column.name());
    if (find(recorded, field) == nullptr) amounts.before(field, value.real);
    if (find(outcome_.changes, field) == nullptr) amounts.after(field, value.real);
  }
  for (const FieldChange& c : recorded) {
    if (c.value.tag == expr::Tag::real) amounts.before(c.field, c.value.real);
  }
  for (const FieldChange& c : outcome_.changes) {
    if (c.value.tag == expr::Tag::real) amounts.after(c.field, c.value.real);
  }
}

void RowTaker::compare_lines(std::uint32_t row, Retaken& decision) {
  if (is_moot(decision)) return;
  const std::string_view after_action =
      outcome_.changed ? std::string_view(outcome_.action) : record_.proposed;
  if (!decision.flipped && after_action == record_.action) return;
  const Value before = data_of(record_.action), after = data_of(after_action);
  std::vector<std::string_view> differing;
  for (const auto& [field, value] : after.as_map()) {
    const Value* other = before.get(field);
    if (other == nullptr || !(*other == value)) differing.push_back(field);
  }
  for (const auto& [field, value] : before.as_map()) {
    if (after.get(field) == nullptr) differing.push_back(field);
  }
  decision.flipped = decision.flipped || !differing.empty();
  if (!decision.flipped) return;
  find_cause(causes_of(block_->causes(row)), causes_of(outcome_), differing, decision);
  Amounts amounts(decision, decision.amounts);
  for (const auto& [field, value] : before.as_map()) {
    if (value.is_number()) amounts.before(field, value.as_double());
  }
  for (const auto& [field, value] : after.as_map()) {
    if (value.is_number()) amounts.after(field, value.as_double());
  }
}

// The value of a field of action.data in the proposed action.
expr::Val RowTaker::proposed(std::uint32_t row, std::string_view field) {
  bind_data();
  for (const HistoryColumn& column : data_) {
    if (data_field(column.name()) == field)
      return column.column().value(row, engine_.scratch().arena());
  }
  return {};
}

void RowTaker::bind_data() {
  if (data_bound_) return;
  data_bound_ = true;
  data_.clear();
  data_texts_ = std::make_unique<expr::TextCodes>();
  std::vector<std::uint64_t> silent(expr::words_for(block_->rows()));
  for (const std::string_view name : block_->names("")) {
    if (!data_field(name).empty()) data_.emplace_back(std::string(name));
  }
  for (HistoryColumn& column : data_) column.bind(*block_, *data_texts_, silent);
}

std::vector<Draft> draft(const HistoryBlock& block, std::uint32_t begin, std::uint32_t end,
                         RowTaker& taker) {
  taker.bind(block);
  taker.foresee(begin, end);
  EmptyLedger ledger;
  std::vector<Draft> drafts(end - begin);
  for (std::uint32_t row = begin; row < end; ++row) {
    Draft& out = drafts[row - begin];
    out.told = taker.take(row, ledger, out.decision);
    Outcome& outcome = taker.outcome();
    out.outcome.result = outcome.result;
    out.outcome.uses = std::move(outcome.uses);
    out.outcome.monitor = std::move(outcome.monitor);
  }
  return drafts;
}

Rerun::Rerun(std::shared_ptr<const CompiledSet> set, RecordedLines& lines)
    : set_(std::move(set)), lines_(lines), taker_(*set_) {}

void Rerun::take(const HistoryBlock& block, std::uint32_t begin, std::uint32_t end,
                 Retaker& retaker) {
  taker_.bind(block);
  taker_.foresee(begin, end);
  for (std::uint32_t row = begin; row < end; ++row) take(block, row, retaker);
}

void Rerun::take(const HistoryBlock& block, std::uint32_t row, Retaker& retaker) {
  if (!taker_.take(row, ledger_, retaken_))
    taker_.take_line(row, lines_.line(block.seq(row)), ledger_, retaken_);
  consume(taker_.outcome(), taker_.circumstances(), 0, ledger_);
  retaker.take(retaken_, taker_.outcome().uses);
}

void Rerun::settle(const HistoryBlock& block, std::uint32_t begin, std::vector<Draft>& drafts,
                   Retaker& retaker) {
  bool bound = false;
  for (std::uint32_t i = 0; i < drafts.size(); ++i) {
    Draft& draft = drafts[i];
    if (stands(block, begin + i, draft)) {
      consume(draft.outcome, circumstances_of(block, begin + i), 0, ledger_);
      retaker.take(draft.decision, draft.outcome.uses);
      continue;
    }
    if (!std::exchange(bound, true)) taker_.bind(block);
    take(block, begin + i, retaker);
  }
}

// Whether every limit gives the verdict that it gave while nothing was used.
bool Rerun::stands(const HistoryBlock& block, std::uint32_t row, Draft& draft) {
  if (!draft.told) return false;
  const Circumstances at = circumstances_of(block, row);
  for (Use& use : draft.outcome.uses) {
    const bool exceeded = use.exceeded();
    use.used = ledger_.used(use, at.run, at.now);
    if (use.exceeded() != exceeded) return false;
  }
  return true;
}

void Retelling::tell(std::string_view line, const std::vector<Use>& uses) {
  reader_.read(line, record_);
  read_again(engine_, record_, input_);
  const Circumstances at = circumstances_of(record_);
  Record seen;
  seen.uses = uses;
  RecordedLedger ledger(seen);
  engine_.decide(input_, at, ledger, outcome_);
}

}  // namespace autopilot::decide
