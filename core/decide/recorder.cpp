#include "core/decide/recorder.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::decide {
namespace {

constexpr std::int64_t kCountersPerMillisecond = 4096;

// An action's content as idempotency sees it: by its canonical names, without what may differ
// between tries.
Value content_of(std::string_view action) {
  JsonResult parsed = parse_json(action);
  if (!parsed.ok) return action;  // say, a key that is twice in what no policy reads: as written
  Map& map = parsed.value.as_map();
  map.erase("id");
  map.erase("created_at");
  for (const auto& [alias, name] : {std::pair{"algo_key", "algorithm"}, {"risk_score", "risk"}}) {
    if (Value* v = map.find(alias)) {
      Value moved = std::move(*v);
      map.erase(alias);
      map[name] = std::move(moved);
    }
  }
  return std::move(parsed.value);
}

std::string padded(std::string text) {
  text.append(kPadding, ' ');
  return text;
}

std::string joint_key(std::string_view algorithm, std::string_view key) {
  std::string out(algorithm);
  out += '\0';
  out += key;
  return out;
}

}  // namespace

void Tally::count(Result result) {
  switch (result) {
    case Result::allowed:
      ++allowed;
      break;
    case Result::modified:
      ++modified;
      break;
    case Result::pending:
      ++pending;
      break;
    case Result::blocked:
      ++blocked;
      break;
  }
}

void consume(const Outcome& outcome, const Circumstances& at, std::int64_t seq,
             MemoryLedger& ledger) {
  if (!outcome.consumes()) return;
  for (const Use& use : outcome.uses) {
    const auto would_pass = [&](const MonitorOutcome& m) {
      return m.policy == use.policy &&
             (m.result == Result::allowed || m.result == Result::modified);
    };
    if (use.monitor && std::none_of(outcome.monitor.begin(), outcome.monitor.end(), would_pass))
      continue;
    ledger.consume(use, at.run, at.now, seq);
  }
}

Recorder::Recorder(Database& database, World& world, PolicySource& policies,
                   RecorderSettings settings)
    : database_(database),
      world_(world),
      policies_(policies),
      settings_(std::move(settings)),
      ledger_(database),
      add_decision_(
          database.prepare("INSERT INTO decision (seq, id, result, body) VALUES (?1, ?2, ?3, ?4)")),
      add_key_(database.prepare("INSERT INTO idempotency (algorithm, key, seq) VALUES (?1, ?2, ?3) "
                                "ON CONFLICT (algorithm, key) DO NOTHING")),
      find_key_(database.prepare("SELECT seq FROM idempotency WHERE algorithm = ?1 AND key = ?2")),
      find_body_(database.prepare("SELECT body FROM decision WHERE seq = ?1")) {
  if (!settings_.base_context.empty())
    settings_.base_context = padded(std::move(settings_.base_context));
}

Recorder::~Recorder() = default;

void Recorder::decide(const std::vector<InputLine>& lines, std::string& out,
                      std::vector<LineFault>& faults) {
  const std::size_t out_before = out.size();
  const std::size_t faults_before = faults.size();
  const Tally tally_before = tally_;
  try {
    if (settings_.dry_run) {
      use_current_policies();
      for (const InputLine& line : lines) decide_one(line, out, faults);
      return;
    }
    WriteTransaction transaction(database_);
    decide_all(lines, out, faults);
    transaction.commit();
  } catch (...) {
    // Nothing of this batch happened; nothing of it may be shown or remembered.
    out.resize(out_before);
    faults.resize(faults_before);
    tally_ = tally_before;
    forget();
    throw;
  }
}

void Recorder::forget() {
  ledger_.forget();
  last_seq_ = -1;
}

void Recorder::decide_all(const std::vector<InputLine>& lines, std::string& out,
                          std::vector<LineFault>& faults) {
  begin_batch();
  for (const InputLine& line : lines) decide_one(line, out, faults);
  end_batch();
}

void Recorder::begin_batch() {
  ledger_.refresh();
  const std::int64_t version = database_.integer("PRAGMA data_version");
  const bool ended = policies_.settle(world_.clock.now());
  if (std::exchange(data_version_, version) != version || last_seq_ < 0 || ended) {
    last_seq_ = database_.integer("SELECT coalesce(max(seq), 0) FROM decision");
    use_current_policies();
  }
  batch_ = {};
  overrides_ = {};
}

void Recorder::end_batch() {
  ledger_.flush();
  if (batch_.count() > 0) {
    Map summary = batch_.summary();
    if (!settings_.identity.empty()) summary.append("identity", settings_.identity);
    append_audit(database_, "decisions", summary, settings_.actor, world_.clock.now());
  }
  if (settings_.override_by) {
    overrides_.append_audit(database_, *settings_.override_by, settings_.actor, world_.clock.now());
  }
}

void Recorder::use_current_policies() {
  std::shared_ptr<const CompiledSet> set = policies_.current(world_.clock.now());
  if (set == set_) return;
  engine_ = std::make_unique<Engine>(*set);
  set_ = std::move(set);
}

void Recorder::decide_one(const InputLine& line, std::string& out, std::vector<LineFault>& faults) {
  if (line.text.size() > kLongestLine) {
    faults.push_back(
        {line.number, 0, fmt::format("the line is longer than {} MiB", kLongestLine >> 20)});
    return;
  }
  fault_.message.clear();
  bool answered = false;
  const Instant now = world_.clock.now();
  at_ = {now, settings_.run, settings_.actor, settings_.role, nullptr};
  at_.now.nanos -= at_.now.nanos % 1'000'000;
  if (settings_.override_by) at_.override_by = &*settings_.override_by;
  std::string_view base = settings_.base_context;
  if (!base.empty()) base.remove_suffix(kPadding);
  const std::int64_t seq = next_seq(now);
  if (!engine_->read(line.text, base, input_, fault_) || !time_of_line(fault_) ||
      !repeats(seq, out, fault_, answered)) {
    faults.push_back({line.number, fault_.offset, fault_.message});
    return;
  }
  if (answered) return;
  engine_->decide(input_, at_, ledger_, outcome_);
  const DecisionId id{seq, world_.random.next()};
  const std::string id_text = id.text();
  line_.clear();
  append_line(line_, {id_text, input_.proposed, input_.context, set_->revision(), at_}, outcome_);
  consume(outcome_, at_, seq, ledger_);
  record(id, line_);
  last_seq_ = seq;
  tally_.count(outcome_.result);
  if (at_.override_by != nullptr) {
    const std::size_t before = overrides_.refused();
    overrides_.add(outcome_, id_text);
    tally_.refused_overrides += overrides_.refused() - before;
  }
  out += line_;
  out += '\n';
}

// The names that the context gives: the actor and, where it is believed, the time.
bool Recorder::time_of_line(InputFault& fault) {
  const FixedSlots& f = set_->fixed();
  const auto text = [&](int slot) -> std::optional<std::string_view> {
    const expr::Val& v = input_.slots[static_cast<std::size_t>(slot)];
    if (v.tag != expr::Tag::string) return std::nullopt;
    return v.text();
  };
  if (const auto actor = text(f.context_actor)) at_.actor = *actor;
  if (const auto role = text(f.context_role)) at_.role = *role;
  if (!settings_.input_time) return true;
  if (input_.slots[static_cast<std::size_t>(f.context_time)].tag == expr::Tag::absent) return true;
  const auto time = text(f.context_time);
  const std::optional<Instant> instant = time ? parse_rfc3339(*time) : std::nullopt;
  if (!instant) {
    fault = {0, "context.time is not an RFC 3339 time such as 2026-11-20T10:01:00Z"};
    return false;
  }
  at_.now = *instant;
  at_.now.nanos -= at_.now.nanos % 1000;
  return true;
}

// Answers an action whose idempotency key was seen before. False with `fault` when its content was
// another one. A new key is taken for the decision `seq` at once: looking for it first would cost
// as much again, and nearly all keys are new.
bool Recorder::repeats(std::int64_t seq_if_new, std::string& out, InputFault& fault,
                       bool& answered) {
  if (input_.key.empty()) return true;
  if (settings_.dry_run) {
    const auto earlier = dry_keys_.find(joint_key(input_.algorithm, input_.key));
    if (earlier != dry_keys_.end()) {
      answered = true;
      return answer(earlier->second, out, fault);
    }
  } else {
    add_key_.run(input_.algorithm, input_.key, seq_if_new);
    if (database_.changes() > 0) return true;
  }
  if (!find_key_.bind(input_.algorithm, input_.key).step()) return true;
  const std::int64_t seq = find_key_.integer(0);
  find_key_.reset();
  answered = true;
  return answer(body_of(seq), out, fault);
}

bool Recorder::answer(std::string_view recorded, std::string& out, InputFault& fault) {
  const std::string line = padded(std::string(recorded));
  Record record;
  reader_.read(std::string_view(line).substr(0, recorded.size()), record);
  if (!(content_of(record.proposed) == content_of(input_.proposed))) {
    fault = {0, fmt::format("idempotency key {} was used before with other content, by decision {}",
                            input_.key, record.id)};
    return false;
  }
  ++tally_.repeated;
  tally_.count(parse_result(record.result).value_or(Result::blocked));
  out += recorded;
  out += '\n';
  return true;
}

std::string Recorder::body_of(std::int64_t seq) {
  if (!find_body_.bind(seq).step()) {
    throw Error(ErrorKind::storage,
                fmt::format("the decision behind an idempotency key is missing (seq {})", seq),
                "run `autopilot state check`");
  }
  std::string body(find_body_.text(0));
  find_body_.reset();
  return body;
}

void Recorder::record(const DecisionId& id, std::string_view body) {
  if (settings_.dry_run) {
    if (!input_.key.empty()) dry_keys_[joint_key(input_.algorithm, input_.key)] = std::string(body);
    return;
  }
  const std::array<char, 16> id_bytes = id.bytes();
  const std::string_view bytes(id_bytes.data(), id_bytes.size());
  const auto result = static_cast<std::int64_t>(outcome_.result);
  add_decision_.run(id.seq, Blob{bytes}, result, body);
  batch_.add(id.seq, bytes, result, body);
}

// Rising within the state even when the clock steps back: the counter then runs on from the last
// one.
std::int64_t Recorder::next_seq(Instant now) const {
  const std::int64_t from_clock =
      (now.seconds * 1000 + now.nanos / 1'000'000) * kCountersPerMillisecond;
  return std::max(last_seq_ + 1, from_clock);
}

}  // namespace autopilot::decide
