#pragma once
// The decision line: one JSON object that says what was asked, what was decided and everything that
// deciding needed, so that it can be taken again. `decide` prints it, the state keeps it, `replay`
// compares its bytes.

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/engine.h"
#include "core/decide/key_order.h"
#include "core/decide/last_reading.h"
#include "core/decide/line_matcher.h"
#include "core/decide/members.h"
#include "core/decide/outcome.h"

namespace autopilot::decide {

// How decisions are taken and rendered. Raised when either changes; replay refuses what it does not
// know.
inline constexpr int kSemantics = 1;

// A decision's place in time and in the store: the first 60 bits of a UUIDv7 (RFC 9562 §5.7),
// milliseconds << 12 | counter, in rising order, and 62 random bits.
struct DecisionId {
  std::int64_t seq = 0;
  std::uint64_t random = 0;  // the lower 62 bits count
  std::string text() const;  // 36 characters
  std::array<char, 16> bytes() const;
};
// Null when `text` is no UUIDv7.
std::optional<DecisionId> parse_decision_id(std::string_view text);

// What a line says beside the outcome.
struct LineFacts {
  std::string_view id;
  std::string_view proposed;  // JSON
  std::string_view context;   // JSON
  std::string_view revision;
  Circumstances at;
};

// Appends the canonical line, without a line end.
void append_line(std::string& out, const LineFacts& facts, const Outcome& outcome);
// Whether append_line() would append exactly `line`; writes nothing. Any matcher will do: one that
// is kept for many lines is faster.
bool is_line(std::string_view line, const LineFacts& facts, const Outcome& outcome,
             LineMatcher& matcher);

// A line read back: what is needed to decide anew. Views point into the line and into `texts`.
struct Record {
  Record() = default;
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  std::string_view id, result, action, proposed, context, revision;
  std::string_view reasons, monitor;  // JSON lists
  std::string_view risk;              // a JSON number
  std::string_view actor, role, run;
  Instant time;
  int semantics = 0;
  std::optional<Override> override_by;
  std::optional<Resumption> resumes;
  std::vector<Use> uses;         // with what each account held
  std::list<std::string> texts;  // strings that are written with escapes
};

// One of a record's reasons. Views point into the line, too.
struct RecordedReason {
  std::string_view policy, rule, kind, effect;
  std::string_view message;  // JSON
  bool monitor = false;
};
struct RecordedMonitor {
  std::string_view policy, result;
};

// An engine that is likely to decide a record anew, and the input that it will do so from.
struct Likely {
  Engine* engine = nullptr;  // null: none
  Input* input = nullptr;
};

// Reads lines back. Not thread-safe.
class RecordReader {
 public:
  // Throws Error(storage) naming the decision when the line is no record, or of semantics that this
  // build does not know. REQUIRES kPadding readable bytes after the line. With a likely engine,
  // read_again() for it has little left to do.
  void read(std::string_view line, Record& record, const Likely& likely = {});
  // What the free read_again() does, by the look that read() had at the line. REQUIRES that the
  // record is what read() read last, and that nobody used the likely engine since.
  void read_again(Engine& engine, const Record& record, Input& input);

  // What stands in a record's lists, valid until the next call of the same. REQUIRES that the
  // record's line is still there.
  const std::vector<RecordedReason>& reasons(const Record& record);
  const std::vector<RecordedMonitor>& monitor(const Record& record);

 private:
  struct Rest;

  Token read_member(const JsonText& text, std::size_t key, Token at, Record& record, Rest& rest);
  Token read_actor(const JsonText& text, Token at, Record& record);
  Token read_uses(const JsonText& text, Token at, Record& record);
  Token read_use(const JsonText& text, Token at, Record& record);
  Token read_part(const JsonText& text, std::size_t key, Token at, std::string_view& written);
  template <class Item, class Set>
  void read_items(std::string_view list, std::vector<Item>& items, Set set);

  JsonIndex index_;
  Likely likely_;              // what it was given, while that is of use
  bool has_proposed_ = false;  // for the likely engine
  bool has_context_ = false;
  LastReading<Instant> time_;
  LastReading<Duration> per_;
  MemberReader inner_;
  std::vector<Member> parts_;
  std::vector<RecordedReason> reasons_;
  std::vector<RecordedMonitor> monitor_;
};

// 0 when the record has none.
double risk_of(const Record& record);
// What a record was decided in.
Circumstances circumstances_of(const Record& record);
// Reads the record's action and context for deciding it anew. Throws Error(storage) when the
// engine can't.
void read_again(Engine& engine, const Record& record, Input& input);

// The values that a record kept, as a ledger.
class RecordedLedger : public LedgerView {
 public:
  explicit RecordedLedger(const Record& record) : record_(record) {}
  std::int64_t used(const Use& use, std::string_view run, Instant now) override;

 private:
  const Record& record_;
};

}  // namespace autopilot::decide
