#include "core/decide/history_builder.h"

#include <bit>
#include <cmath>

#include "core/base/json.h"
#include "core/decide/outcome.h"
#include "core/decide/record.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kMostPaths = 1024;  // more: the rows that have them need their lines

// Places whose objects are walked and never values of a scalar column. An action's own path and
// that of the context's other members begin with a root, too.
constexpr std::string_view kAction = "action", kContext = "context";

struct Alias {
  std::string_view parent, written, name;
};
// As the decoder of lines has them (InputShape).
constexpr std::array kAliases = {
    Alias{"action", "algo_key", "algorithm"},    Alias{"action", "risk_score", "risk"},
    Alias{"context", "segment_data", "segment"}, Alias{"context", "user_role", "role"},
    Alias{"context", "timestamp", "time"},
};
constexpr std::array<std::string_view, 3> kContextRoots = {"metrics", "segment", "features"};

std::string name_of(std::string_view part) { return std::string(part) + kPathEnd; }

// Whether printing the number gives what is written. Any decimal of at most 15 digits is the
// shortest that stands for its double.
bool prints_as(double value, std::string_view written) {
  const bool is_short = written.size() <= 15 && std::fabs(value) >= 1e-6 &&
                        written.find_first_of("eE") == std::string_view::npos;
  if (is_short) return written.back() != '0' || written.find('.') == std::string_view::npos;
  return double_text(value) == written;
}

std::string_view bare(std::string_view token) { return token.substr(1, token.size() - 2); }

bool has_marks(std::string_view text) {
  return text.find(kCausePart) != std::string_view::npos ||
         text.find(kCauseEnd) != std::string_view::npos;
}

}  // namespace

void HistoryBuilder::Texts::clear() {
  table.clear();
  codes.clear();
}

void HistoryBuilder::Changes::clear() {
  for (auto* numbers : {&rows, &fields}) numbers->clear();
  tags.clear();
  bits.clear();
  texts.clear();
}

HistoryBuilder::HistoryBuilder() { begin(0); }

void HistoryBuilder::begin(std::int64_t after) {
  after_ = after;
  row_ = 0;
  for (auto* numbers : {&seqs_, &seconds_, &nanos_}) numbers->clear();
  for (auto* bytes : {&results_, &flags_}) bytes->clear();
  risks_.clear();
  for (Texts* texts : {&runs_, &actors_, &roles_, &causes_}) texts->clear();
  changes_.clear();
  if (paths_.size() >= kMostPaths) {
    by_name_.clear();
    paths_.clear();
  }
  for (Path& p : paths_) p.column.clear();
  if (!paths_.empty()) return;
  for (const std::string_view name : {kAction, kContext}) root(name);
  for (const std::string_view name : kContextRoots) root(name);
  path(root(kAction), "data")->is_object = true;
}

Branch& HistoryBuilder::root(std::string_view name) {
  Branch*& known = by_name_[name_of(name)];
  if (known != nullptr) return *known;
  known = &paths_.emplace_back().branch;
  known->slot = static_cast<int>(paths_.size()) - 1;
  known->name = name_of(name);
  known->is_object = true;
  return *known;
}

// The place of a member, made when new; null when there are too many.
Branch* HistoryBuilder::path(const Branch& parent, std::string_view key) {
  for (const Alias& alias : kAliases) {
    if (key == alias.written && parent.name == name_of(alias.parent)) key = alias.name;
  }
  std::string name = parent.name + name_of(key);
  if (parent.name == name_of(kContext)) {
    for (const std::string_view other : kContextRoots) {
      if (key == other) name = name_of(other);
    }
  }
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return known->second;
  if (paths_.size() >= kMostPaths || key.find(kPathEnd) != std::string_view::npos) return nullptr;
  Branch& fresh = paths_.emplace_back().branch;
  fresh.slot = static_cast<int>(paths_.size()) - 1;
  fresh.name = name;
  by_name_.emplace(std::move(name), &fresh);
  return &fresh;
}

void HistoryBuilder::add(std::int64_t seq, std::string_view line) {
  seqs_.push_back(seq);
  seconds_.push_back(0);
  nanos_.push_back(0);
  results_.push_back(0);
  flags_.push_back(0);
  risks_.push_back(0);
  for (Texts* texts : {&runs_, &actors_, &roles_, &causes_}) texts->add();
  last_line_ = checksum(line);
  arena_.reset();
  std::string why;
  try {
    if (index_.build(line, why)) {
      read(JsonText(line, index_));
    } else {
      needs_line();
    }
  } catch (const JsonStop&) {
    needs_line();
  }
  ++row_;
}

void HistoryBuilder::read(const JsonText& text) {
  Written written;
  Token at = text.expect(text.begin(), '{');
  for (;; ++at) {
    std::string_view key;
    at = text.expect(text.key(at, key), ':');
    at = member(text, bare(key), at, written);
    if (!text.more(at, '}')) break;
  }
  if (written.action != written.proposed) note_changes(written);
}

Token HistoryBuilder::member(const JsonText& text, std::string_view key, Token at,
                             Written& written) {
  if (key == "action") return text.skip(at, written.action);
  if (key == "proposed") {
    const Token behind = object(text, at, root(kAction), 1);
    written.proposed = text.between(at, behind);
    return behind;
  }
  if (key == "context") return object(text, at, root(kContext), 1);
  if (key == "reasons") return reasons(text, at);
  if (key == "actor") return actor(text, at);
  if (key == "override" || key == "resumes") needs_line();
  return fact(text, key, at);
}

Token HistoryBuilder::fact(const JsonText& text, std::string_view key, Token at) {
  std::string_view json;
  const Token behind = text.skip(at, json);
  if (key == "result") {
    const std::optional<Result> result = parse_result(bare(json));
    if (!result) needs_line();
    results_.back() = static_cast<std::uint8_t>(result.value_or(Result::blocked));
  }
  if (key == "run") runs_.set(text.content(json, arena_));
  if (key == "semantics" && json != std::to_string(kSemantics)) needs_line();
  if (key == "risk") text.number(at, json, risks_.back());
  if (key == "time") {
    const std::optional<Instant> time = parse_rfc3339(bare(json));
    if (!time) needs_line();
    seconds_.back() = time.value_or(Instant()).seconds;
    nanos_.back() = time.value_or(Instant()).nanos;
  }
  return behind;
}

Token HistoryBuilder::actor(const JsonText& text, Token at) {
  for (at = text.expect(at, '{');; ++at) {
    std::string_view key, json;
    at = text.skip(text.expect(text.key(at, key), ':'), json);
    const std::string_view content = text.content(json, arena_);
    if (bare(key) == "id") actors_.set(content);
    if (bare(key) == "role") roles_.set(content);
    if (!text.more(at, '}')) return at + 1;
  }
}

Token HistoryBuilder::reasons(const JsonText& text, Token at) {
  std::string causes;
  at = text.expect(at, '[');
  if (text.first(at) != ']') {
    for (;; ++at) {
      at = reason(text, at, causes);
      if (!text.more(at, ']')) break;
    }
  }
  causes_.set(causes);
  return at + 1;
}

// A monitor policy's is no cause.
Token HistoryBuilder::reason(const JsonText& text, Token at, std::string& causes) {
  std::string_view policy, rule, effect;
  bool monitor = false;
  for (at = text.expect(at, '{');; ++at) {
    std::string_view key, json;
    at = text.skip(text.expect(text.key(at, key), ':'), json);
    if (key == "\"policy\"") policy = text.content(json, arena_);
    if (key == "\"rule\"") rule = text.content(json, arena_);
    if (key == "\"effect\"") effect = text.content(json, arena_);
    monitor = monitor || key == "\"monitor\"";
    if (!text.more(at, '}')) break;
  }
  if (has_marks(policy) || has_marks(rule)) needs_line();
  if (monitor) return at + 1;
  for (const std::string_view part : {policy, rule}) {
    causes += part;
    causes += kCausePart;
  }
  causes += effect;
  causes += kCauseEnd;
  return at + 1;
}

Token HistoryBuilder::object(const JsonText& text, Token at, Branch& branch, int depth) {
  text.check_depth(at, depth);
  branch.keys.begin();
  at = text.expect(at, '{');
  if (text.first(at) == '}') return at + 1;
  for (;; ++at) {
    KnownKey* known = branch.keys.likely(text.place(at));
    std::string_view written;
    at = text.key(at, written);
    if (known == nullptr) known = branch.keys.find(text.content(written, arena_));
    if (!branch.keys.note(known)) needs_line();  // twice: whoever reads it stops there
    if (known->branch == nullptr) known->branch = path(branch, known->key);
    at = text.expect(at, ':');
    if (known->branch != nullptr) {
      at = value(text, at, *known->branch, depth);
    } else {
      needs_line();
      at = text.skip(at, written);
    }
    if (!text.more(at, '}')) return at + 1;
  }
}

Token HistoryBuilder::value(const JsonText& text, Token at, Branch& branch, int depth) {
  ColumnWriter& column = column_of(branch);
  std::string_view written;
  switch (text.first(at)) {
    case '{':
      if (!branch.is_object) column.complex(row_);
      return object(text, at, branch, depth + 1);
    case '[':
      return list(text, at, column);
    case '"':
      at = text.string(at, written);
      column.text(row_, text.content(written, arena_));
      return at;
    case 't':
      column.boolean(row_, true);
      return text.literal(at, written);
    case 'f':
      column.boolean(row_, false);
      return text.literal(at, written);
    case 'n':
      column.null(row_);
      return text.literal(at, written);
    default:
      return number(text, at, column);
  }
}

Token HistoryBuilder::number(const JsonText& text, Token at, ColumnWriter& column) {
  std::string_view written;
  double value = 0;
  const Token behind = text.number(at, written, value);
  column.real(row_, value);
  if (!prints_as(value, written)) column.spelling(row_, written);
  return behind;
}

Token HistoryBuilder::list(const JsonText& text, Token at, ColumnWriter& column) {
  items_.clear();
  std::string_view written;
  bool only_texts = true;
  const Token behind = text.skip(at, written);
  for (++at; at + 1 < behind; ++at) {
    if (text.first(at) == ',') continue;
    only_texts = only_texts && text.first(at) == '"';
    if (!only_texts) break;
    text.string(at, written);
    items_.push_back(text.content(written, arena_));
  }
  if (only_texts) {
    column.list(row_, items_);
  } else {
    column.complex(row_);
  }
  return behind;
}

void HistoryBuilder::note_changes(const Written& written) {
  if (!compare_actions(written.action, written.proposed)) needs_line();
}

// The engine changes fields of data in place and puts new ones behind the others. False when there
// is any other difference.
bool HistoryBuilder::compare_actions(std::string_view after, std::string_view before) {
  InputFault fault;
  std::vector<Member>& a = action_after_;
  std::vector<Member>& b = action_before_;
  if (!members_.read(after, a, fault) || !members_.read(before, b, fault)) return false;
  if (a.size() < b.size() || a.size() > b.size() + 1) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool is_new = i == b.size();
    if (is_new ? a[i].key != "data" : a[i].key != b[i].key) return false;
    if (!is_new && a[i].value == b[i].value) continue;
    if (a[i].key != "data" || !compare_data(a[i].value, is_new ? "" : b[i].value)) return false;
  }
  return true;
}

bool HistoryBuilder::compare_data(std::string_view after, std::string_view before) {
  InputFault fault;
  std::vector<Member>& a = data_after_;
  std::vector<Member>& b = data_before_;
  b.clear();
  if (!members_.read(after, a, fault)) return false;
  if (!before.empty() && !members_.read(before, b, fault)) return false;
  if (a.size() < b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i < b.size() && a[i].key != b[i].key) return false;
    if (i < b.size() && a[i].value == b[i].value) continue;
    if (!change(a[i].key, a[i].value)) return false;
  }
  return true;
}

// A field's value in the final action. False when it is no scalar, or the key has escapes.
bool HistoryBuilder::change(std::string_view field, std::string_view json) {
  if (field.find('\\') != std::string_view::npos) return false;
  const JsonResult parsed = parse_json(json);
  const Value& value = parsed.value;
  StoredTag tag = StoredTag::null;
  std::uint64_t bits = 0;
  if (!parsed.ok || value.is_list() || value.is_map()) return false;
  if (value.is_bool()) {
    tag = StoredTag::boolean;
    bits = value.as_bool() ? 1 : 0;
  } else if (value.is_string()) {
    tag = StoredTag::text;
    bits = changes_.texts.code(value.as_string());
  } else if (value.is_number()) {
    tag = StoredTag::real;
    bits = std::bit_cast<std::uint64_t>(value.as_double());
  }
  changes_.rows.push_back(row_);
  changes_.fields.push_back(changes_.texts.code(field));
  changes_.tags.push_back(static_cast<std::uint8_t>(tag));
  changes_.bits.push_back(bits);
  return true;
}

namespace {

// Lays out sections one after the other and their entries.
class BlockLayout {
 public:
  template <class Write>
  void section(std::string name, StoredKind kind, Write write) {
    DirectoryEntry entry;
    entry.kind = kind;
    entry.offset = sections_.size();
    write(sections_, entry);
    entry.size = sections_.size() - entry.offset;
    entry.checksum = checksum(std::string_view(sections_).substr(entry.offset));
    entry.name = static_cast<std::uint32_t>(name.size());
    directory_.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    directory_ += name;
    ++columns_;
  }
  template <class T>
  void array(std::string_view name, StoredKind kind, const std::vector<T>& items) {
    section(std::string(name), kind,
            [&](std::string& out, DirectoryEntry&) { SectionWriter(out).array(items); });
  }
  void column(std::string name, std::uint32_t rows, ColumnWriter& column) {
    if (column.has_spellings()) {
      section(name, StoredKind::spelling,
              [&](std::string& out, DirectoryEntry&) { column.write_spellings(out); });
    }
    section(std::move(name), StoredKind::mixed,
            [&](std::string& out, DirectoryEntry& entry) { column.write(rows, out, entry); });
  }

  std::string bytes(BlockHead head) {
    SectionWriter(directory_).pad();
    head.columns = columns_;
    head.directory = directory_.size();
    head.size = sizeof head + directory_.size() + sections_.size();
    const auto raw = [&] {
      return std::string(reinterpret_cast<const char*>(&head), sizeof head) + directory_;
    };
    head.checksum = checksum(raw());
    return raw() + sections_;
  }

 private:
  std::string directory_, sections_;
  std::uint32_t columns_ = 0;
};

}  // namespace

std::string HistoryBuilder::finish(const Anchor& anchor) {
  BlockLayout layout;
  layout.array(kSeqColumn, StoredKind::integers, seqs_);
  layout.array(kSecondsColumn, StoredKind::integers, seconds_);
  layout.array(kNanosColumn, StoredKind::integers, nanos_);
  layout.array(kResultColumn, StoredKind::bytes, results_);
  layout.array(kFlagsColumn, StoredKind::bytes, flags_);
  layout.array(kRiskColumn, StoredKind::reals, risks_);
  for (const auto& [name, texts] : {std::pair{kRunColumn, &runs_},
                                    {kActorColumn, &actors_},
                                    {kRoleColumn, &roles_},
                                    {kCausesColumn, &causes_}}) {
    layout.section(std::string(name), StoredKind::codes, [&](std::string& out, DirectoryEntry&) {
      SectionWriter to(out);
      to.array(texts->codes);
      to.texts(texts->table);
    });
  }
  layout.section(std::string(kChangesColumn), StoredKind::changes,
                 [&](std::string& out, DirectoryEntry&) {
                   SectionWriter to(out);
                   to.number(changes_.rows.size());
                   to.array(changes_.rows);
                   to.array(changes_.fields);
                   to.array(changes_.tags);
                   to.array(changes_.bits);
                   to.texts(changes_.texts);
                 });
  for (Path& p : paths_) {
    if (!p.column.empty()) layout.column(p.branch.name, row_, p.column);
  }
  BlockHead head;
  head.build = build_mark();
  head.after = after_;
  head.last = last();
  head.last_line = last_line_;
  head.anchor = anchor;
  head.rows = row_;
  return layout.bytes(head);
}

}  // namespace autopilot::decide
