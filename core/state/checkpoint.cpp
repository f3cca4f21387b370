#include "core/state/checkpoint.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

constexpr const char* kFormat = "autopilot.checkpoint/v1";
constexpr std::int64_t kMostMarks = 512;
constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kSignatureEnd = "-----END SSH SIGNATURE-----";

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Reads the fields of the line; anything odd makes it no checkpoint at all.
class Reader {
 public:
  explicit Reader(const Value& line) : line_(line) {}

  std::optional<Checkpoint> read() {
    Checkpoint c;
    const Value* marks = line_.get("marks");
    const auto time = parse_rfc3339(text(line_, "time"));
    if (text(line_, "format") != kFormat || marks == nullptr || !time) return std::nullopt;
    c.size = number(line_, "size");
    c.root = text(line_, "root");
    c.head = text(line_, "head");
    c.marks = {number(*marks, "every"), text(*marks, "hashes")};
    c.time = *time;
    if (c.size < 0 || c.marks.every < 1 || !is_hash(c.root) || !is_hash(c.head) ||
        !is_hex(c.marks.digits))
      return std::nullopt;
    const auto count = static_cast<std::size_t>(c.size / c.marks.every);
    if (c.marks.digits.size() != count * ChainMarks::kDigits) return std::nullopt;
    return c;
  }

 private:
  static bool is_hash(std::string_view text) { return text.size() == kHashDigits && is_hex(text); }

  static std::string text(const Value& map, std::string_view key) {
    const Value* v = map.get(key);
    return v != nullptr && v->is_string() ? v->as_string() : std::string();
  }

  static std::int64_t number(const Value& map, std::string_view key) {
    const Value* v = map.get(key);
    return v != nullptr && v->kind() == Value::Kind::integer ? v->as_int() : -1;
  }

  const Value& line_;
};

std::vector<Signature> read_signatures(std::string_view rest) {
  std::vector<Signature> all;
  for (std::size_t end; (end = rest.find(kSignatureEnd)) != std::string_view::npos;) {
    end += kSignatureEnd.size();
    all.push_back({std::string(rest.substr(0, end)) + "\n"});
    rest.remove_prefix(end);
    while (rest.starts_with('\n') || rest.starts_with('\r')) rest.remove_prefix(1);
  }
  if (!rest.empty()) all.push_back({std::string(rest)});  // is none: verifying it will say so
  return all;
}

}  // namespace

std::int64_t mark_distance(std::int64_t size) {
  std::int64_t every = 1;
  while (size / every > kMostMarks) every *= 2;
  return every;
}

std::string checkpoint_text(const Checkpoint& c) {
  return to_canonical_json(Map{{"format", kFormat},
                               {"size", c.size},
                               {"root", c.root},
                               {"head", c.head},
                               {"marks", Map{{"every", c.marks.every}, {"hashes", c.marks.digits}}},
                               {"time", format_rfc3339(c.time)}}) +
         "\n";
}

CheckpointNote read_checkpoint(std::string_view text, const std::string& name) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  const JsonResult parsed = parse_json(line);
  const auto checkpoint = parsed.ok ? Reader(parsed.value).read() : std::nullopt;
  // What is signed is the line; it must say just what was read from it.
  if (!checkpoint || checkpoint_text(*checkpoint) != std::string(line) + "\n") {
    throw Error(ErrorKind::invalid, fmt::format("{} is no checkpoint", name),
                "`autopilot state checkpoint -o FILE` makes one; the first line is its JSON");
  }
  CheckpointNote note{*checkpoint, std::string(line) + "\n", {}};
  if (end != std::string_view::npos) note.signatures = read_signatures(text.substr(end + 1));
  return note;
}

std::string CheckpointWatch::take(std::int64_t seq, std::string_view kind, const Digest& hash,
                                  const MerkleTree& tree) const {
  const bool is_last = seq == checkpoint_.size;
  if (seq > checkpoint_.size || (!is_last && seq % checkpoint_.marks.every != 0)) return "";
  const std::string hex = to_hex(hash);
  const bool fits =
      mark_fits(seq, hex) &&
      (!is_last || (hex == checkpoint_.head && to_hex(tree.root()) == checkpoint_.root));
  return fits ? "" : changed(seq, kind);
}

std::string CheckpointWatch::end(std::int64_t entries) const {
  if (entries >= checkpoint_.size) return "";
  const std::string which =
      entries + 1 == checkpoint_.size
          ? fmt::format("entry {} is missing", checkpoint_.size)
          : fmt::format("entries {} to {} are missing", entries + 1, checkpoint_.size);
  return fmt::format("{}: the checkpoint of {} saw {} entries", which,
                     format_rfc3339(checkpoint_.time), checkpoint_.size);
}

bool CheckpointWatch::mark_fits(std::int64_t seq, std::string_view hex) const {
  const ChainMarks& marks = checkpoint_.marks;
  if (seq % marks.every != 0) return true;
  const auto at = static_cast<std::size_t>(seq / marks.every - 1) * ChainMarks::kDigits;
  return hex.starts_with(std::string_view(marks.digits).substr(at, ChainMarks::kDigits));
}

std::string CheckpointWatch::changed(std::int64_t seq, std::string_view kind) const {
  const std::int64_t first = (seq - 1) / checkpoint_.marks.every * checkpoint_.marks.every + 1;
  const std::string time = format_rfc3339(checkpoint_.time);
  if (first == seq) {
    return fmt::format(
        "entry {} ({}) is not the one of the checkpoint of {}: it was changed, and all after it "
        "hashed anew",
        seq, kind, time);
  }
  return fmt::format(
      "entries {} to {} are not those of the checkpoint of {}: one of them was changed, and all "
      "after it hashed anew",
      first, seq, time);
}

}  // namespace autopilot::state
