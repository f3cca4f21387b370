#pragma once
// YAML 1.2 text to a tree that remembers where everything stands, and Values back to YAML. The only
// place that knows yaml-cpp. Hostile text (depth, aliases, odd bytes) becomes a diagnostic, never a
// crash; nothing here throws on input.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/value.h"

namespace autopilot {

struct YamlEntry;

// One node. Aliases are already replaced by copies, which keep the spans of the anchored original.
struct YamlNode {
  enum class Kind : std::uint8_t {
    empty,
    scalar,
    list,
    map
  };  // empty: nothing is written where a value may stand

  Kind kind = Kind::empty;
  bool plain = false;  // scalar without quotes and not a block: its type follows from its text
  bool flow = false;   // list, map: written with brackets
  Span span;           // of an empty node: the key or dash that it belongs to
  std::string text;    // scalar, decoded
  std::vector<YamlNode> items;     // list
  std::vector<YamlEntry> entries;  // map, in order of writing, keys unique

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  bool is_null() const;                                // empty, or a plain null or ~
  const YamlEntry* entry(std::string_view key) const;  // null when this is no map or lacks the key
  const YamlNode* find(std::string_view key) const;    // likewise
};

struct YamlEntry {
  std::string key;
  Span key_span;
  YamlNode value;
};

inline constexpr std::size_t kYamlMaxDepth = 64;
inline constexpr std::size_t kYamlMaxDocument = 1 << 20;  // bytes
inline constexpr std::size_t kYamlMaxKey = 1024;          // characters, as YAML says

// What one run may still spend, over all its files: it makes alias bombs and huge inputs end early.
struct YamlBudget {
  std::size_t nodes = 1'000'000;
  std::size_t copied_bytes = 64 << 20;  // text copied for aliases
};

struct YamlDocument {
  YamlNode root;
  bool sound = true;  // false: faults were reported while reading it
};

// All documents of a source of `diagnostics`. Empty documents are left out. A broken document does
// not hide the next one.
std::vector<YamlDocument> parse_yaml(std::uint32_t source, YamlBudget& budget,
                                     Diagnostics& diagnostics);

// The typed value by the YAML 1.2 core schema: `no`, 1_000 and 12:30:45 are strings. Numbers keep
// their spelling when JSON has it too. Infinities and NaN, which JSON lacks, are reported as
// faults.
Value to_value(const YamlNode& node, Diagnostics& diagnostics);
Value scalar_value(
    const YamlNode& node);  // REQUIRES a scalar or empty node; a Real may be infinite or NaN

// Maps the half-open byte range [begin, end) of a scalar's decoded text to the source. `source` is
// the whole source text.
Span yaml_span_within(const YamlNode& scalar, std::string_view source, std::size_t begin,
                      std::size_t end);

// Block style; short lists of scalars on one line; strings quoted only when needed. Reads back as
// the same Value.
std::string to_yaml(const Value& value);

}  // namespace autopilot
