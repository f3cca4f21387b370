// Step 5 of a decision: limits are checked against what the ledger holds; the recorder consumes
// them afterwards.
#include <fmt/format.h>

#include <cmath>

#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/decide/deciding.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

namespace {

std::string window_text(const Use& use) {
  return use.per ? "in " + format_duration(*use.per) : "in this run";
}

std::string use_values(const Use& use) {
  std::string out =
      fmt::format("{{\"used\":{},\"amount\":{},\"max\":{},\"per\":", micros_text(use.used),
                  micros_text(use.amount), micros_text(use.max));
  append_json_string(out, use.per ? format_duration(*use.per) : "run");
  if (!use.key.empty()) {
    out += ",\"key\":";
    append_json_string(out, use.key);
  }
  return out + '}';
}

}  // namespace

void Deciding::limit(const CompiledPolicy& policy, const CompiledLimit& limit) {
  if (!wanted(policy, limit, "limit", limit.model->name)) return;
  Use use;
  if (!amount_of(policy, limit, use)) return;
  use.used = ledger_.used(use, at_.run, at_.now);
  if (use.exceeded()) {
    Reason& reason = add_reason(policy.model.id, limit.model->name, "limit", Effect::block);
    if (texts_) {
      reason.message = fmt::format("{} of {} used {}, and this takes {}", micros_text(use.used),
                                   micros_text(use.max), window_text(use), micros_text(use.amount));
      reason.values = use_values(use);
    }
  }
  if (trace_ != nullptr) {
    step("limit", limit.model->name, use.exceeded() ? StepStatus::fail : StepStatus::pass,
         fmt::format("at most {} {}{}", micros_text(use.max), window_text(use),
                     use.key.empty() ? "" : " for " + use.key),
         fmt::format("{} used, {} asked", micros_text(use.used), micros_text(use.amount)),
         use_values(use));
  }
  outcome_.uses.push_back(std::move(use));
}

// What this action would take, and from which account. False when an expression failed.
bool Deciding::amount_of(const CompiledPolicy& policy, const CompiledLimit& limit, Use& use) {
  use.policy = policy.model.id;
  use.limit = limit.model->name;
  use.monitor = pass_.monitor;
  use.per = limit.model->per;
  use.max = limit.max_micros;
  use.amount = 1'000'000;
  if (limit.key != nullptr) {
    const Val key = limit.key->program.evaluate(input_.slots.data(), engine_.scratch_);
    if (key.tag == Tag::error || key.tag == Tag::absent) {
      note_fault(limit.key->program, key);
      failed(policy, "limit", limit.model->name, *limit.key);
      return false;
    }
    use.key = plain_text(key);
  }
  if (limit.sum == nullptr) return true;
  const Val sum = limit.sum->program.evaluate(input_.slots.data(), engine_.scratch_);
  const double amount = sum.tag == Tag::real       ? sum.real
                        : sum.tag == Tag::integer  ? static_cast<double>(sum.integer)
                        : sum.tag == Tag::uinteger ? static_cast<double>(sum.uinteger)
                                                   : std::nan("");
  if (amount >= 0 && amount <= 9e12) {
    use.amount = std::llround(amount * 1e6);
    return true;
  }
  if (sum.tag == Tag::error) {
    note_fault(limit.sum->program, sum);
  } else {
    last_fault_ = {"the sum is not a number from 0 to 9e12", 0, 0};
  }
  failed(policy, "limit", limit.model->name, *limit.sum);
  return false;
}

}  // namespace autopilot::decide
