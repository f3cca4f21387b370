#include "core/decide/engine.h"

#include <fmt/format.h>

#include <cmath>

#include "core/decide/deciding.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kIndexLimit =
    4096;  // pairs of type and algorithm: input must not grow memory without bound

using expr::Tag;
using expr::Val;

bool is_blank(const Val& v) { return v.tag == Tag::absent || v.tag == Tag::null; }

// The text of a name. Ids of other systems are often numbers: `numbers` takes those as they are
// written.
bool name_of(const Input& input, int slot, std::string_view what, bool numbers,
             std::string_view& out, InputFault& fault) {
  const Val& v = input.slots[static_cast<std::size_t>(slot)];
  out = {};
  if (is_blank(v)) return true;
  if (v.tag == Tag::string) {
    out = v.text();
    return true;
  }
  if (v.tag == Tag::real && numbers) {
    out = input.raw[static_cast<std::size_t>(slot)];
    return true;
  }
  fault.message = fmt::format("{} must be a string", what);
  return false;
}

// A hash of few instructions: names differ in their sizes or near an end.
std::size_t mix(std::string_view name) {
  if (name.empty()) return 0;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
  const std::size_t sum =
      name.size() + 7u * at(0) + 31u * at(name.size() / 2) + 5u * at(name.size() - 1);
  return sum * 0x9E3779B97F4A7C15u >> 32;
}

std::size_t policy_count(const CompiledSet& set) { return set.policies().size(); }

}  // namespace

Engine::Engine(const CompiledSet& set)
    : set_(set), decoder_(set.slots()), minutes_(policy_count(set)) {
  for (std::uint32_t i = 0; i < policy_count(set); ++i) all_.push_back(i);
}

bool Engine::read(std::string_view line, std::string_view base_context, Input& input,
                  InputFault& fault) {
  scratch_.reset();
  if (!decoder_.decode(line, input, scratch_, fault)) return false;
  if (!input.has_context && !base_context.empty() &&
      !decoder_.decode_context(base_context, input, scratch_, fault)) {
    return false;
  }
  return prepare(input, fault);
}

bool Engine::read_parts(std::string_view action, std::string_view context, Input& input,
                        InputFault& fault) {
  scratch_.reset();
  return read_parts(action, context, input, fault, scratch_);
}

bool Engine::read_parts(std::string_view action, std::string_view context, Input& input,
                        InputFault& fault, expr::Scratch& memory) {
  return decoder_.decode_parts(action, context, input, memory, fault) && prepare(input, fault);
}

void Engine::begin(Input& input) {
  scratch_.reset();
  decoder_.begin(input);
}

bool Engine::prepare(Input& input, InputFault& fault) {
  const FixedSlots& f = set_.fixed();
  fault.offset = 0;
  if (!name_of(input, f.type, "action.type", false, input.type, fault) ||
      !name_of(input, f.algorithm, "action.algorithm", false, input.algorithm, fault) ||
      !name_of(input, f.id, "action.id", true, input.id, fault) ||
      !name_of(input, f.key, "action.idempotency_key", true, input.key, fault) ||
      !name_of(input, f.target, "action.target", true, input.target, fault)) {
    return false;
  }
  if (input.type.empty()) {
    fault.message = "the action has no type";
    return false;
  }
  const Val& risk = input.slots[static_cast<std::size_t>(f.risk)];
  if (!is_blank(risk) && (risk.tag != Tag::real || risk.real < 0)) {
    fault.message = "action.risk must be a number of at least 0";
    return false;
  }
  return default_target(input, fault);
}

bool Engine::default_target(Input& input, InputFault& fault) const {
  const FixedSlots& f = set_.fixed();
  if (input.target.empty() &&
      !name_of(input, f.destination, "action.data.destination_id", true, input.target, fault)) {
    return false;
  }
  if (input.target.empty() &&
      !name_of(input, f.channel, "action.data.channel", true, input.target, fault)) {
    return false;
  }
  if (input.target.empty()) input.target = input.id;
  return true;
}

void Engine::decide(Input& input, const Circumstances& circumstances, LedgerView& ledger,
                    Outcome& outcome, Trace* trace) {
  Deciding(*this, input, circumstances, ledger, outcome, trace).run();
}

const std::vector<std::uint32_t>& Engine::candidates(std::string_view type,
                                                     std::string_view algorithm) {
  if (!use_index) return all_;
  Recent& recent = recent_[(mix(type) ^ mix(algorithm) >> 3) % kRecent];
  if (recent.policies == nullptr || recent.type != type || recent.algorithm != algorithm) {
    const std::vector<std::uint32_t>& found = find_candidates(type, algorithm);
    recent = {std::string(type), std::string(algorithm), &found};
  }
  return *recent.policies;
}

const std::vector<std::uint32_t>& Engine::find_candidates(std::string_view type,
                                                          std::string_view algorithm) {
  std::string key(type);
  key += '\0';
  key += algorithm;
  const auto found = index_.find(key);
  if (found != index_.end()) return found->second;
  if (index_.size() >= kIndexLimit) {
    index_.clear();
    recent_.fill({});
  }
  return index_.emplace(std::move(key), set_.candidates(type, algorithm)).first->second;
}

bool Engine::active(std::uint32_t policy, Instant now) {
  const CompiledPolicy& p = set_.policies()[policy];
  if (!p.cron) return true;
  const std::int64_t minute = now.seconds >= 0 ? now.seconds / 60 : (now.seconds - 59) / 60;
  Minute& cached = minutes_[policy];
  if (cached.minute != minute) {
    const LocalTime local = p.zone->to_civil(Instant{minute * 60, 0});
    const Civil& c = local.civil;
    cached.minute = minute;
    cached.active = matches(*p.cron, c.minute, c.hour, c.day, c.month, local.weekday);
  }
  return cached.active;
}

}  // namespace autopilot::decide
