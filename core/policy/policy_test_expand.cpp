// Tables become cases, and defaults are filled in. Works on YAML nodes, so that every value keeps
// its place.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/policy_test.h"

namespace autopilot::policy {
namespace {

const std::vector<std::string> kHeads = {"name",    "action",   "data",  "context", "metrics",
                                         "segment", "features", "time",  "run",     "actor",
                                         "role",    "used",     "expect"};

YamlNode scalar(std::string text, Span span) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = std::move(text);
  node.span = span;
  return node;
}

YamlNode collection(YamlNode::Kind kind, Span span) {
  YamlNode node;
  node.kind = kind;
  node.span = span;
  return node;
}

YamlEntry* find_entry(YamlNode& map, std::string_view key) {
  for (YamlEntry& entry : map.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

// `over` on top of `base`: maps field by field, all else as a whole. Null takes a default away.
void lay_over(YamlNode& base, const YamlNode& over) {
  for (const YamlEntry& entry : over.entries) {
    YamlEntry* below = find_entry(base, entry.key);
    if (below == nullptr) {
      base.entries.push_back(entry);
    } else if (entry.value.is_null()) {
      base.entries.erase(base.entries.begin() + (below - base.entries.data()));
    } else if (below->value.is_map() && entry.value.is_map()) {
      below->key_span = entry.key_span;
      lay_over(below->value, entry.value);
      below->value.span = entry.value.span;
    } else {
      *below = entry;
    }
  }
}

YamlNode with_defaults(const YamlNode* defaults, const YamlNode& node) {
  if (defaults == nullptr) return node;
  YamlNode out = *defaults;
  out.span = node.span;
  lay_over(out, node);
  return out;
}

// A column's heading as the way from a case to its value.
struct Column {
  std::vector<std::string> path;
  Span span;
};

class TableReader {
 public:
  TableReader(const YamlNode& table, std::string name, Diagnostics& diagnostics)
      : table_(table), name_(std::move(name)), diagnostics_(diagnostics) {}

  std::vector<YamlNode> cases(const YamlNode* shared) {
    for (const YamlNode& heading : table_.find("columns")->items) read_heading(heading);
    std::vector<YamlNode> out;
    if (!sound_) return out;
    const YamlNode* own = table_.find("defaults");
    std::optional<YamlNode> defaults;
    if (own != nullptr) defaults = with_defaults(shared, *own);
    if (own != nullptr) shared = &*defaults;
    for (const YamlNode& row : table_.find("rows")->items) {
      ++number_;
      if (row.items.size() == columns_.size()) {
        out.push_back(with_defaults(shared, case_of(row)));
      } else {
        report_length(row);
      }
    }
    return out;
  }

 private:
  void read_heading(const YamlNode& heading) {
    std::vector<std::string> path = split(heading.text, '.');
    const std::string head = path[0];
    if (std::find(kHeads.begin(), kHeads.end(), head) == kHeads.end()) {
      Diagnostic& d = diagnostics_.error("wrong-value", heading.span,
                                         fmt::format("there is no column {}", heading.text));
      d.help = std::string(trim(did_you_mean(head, kHeads)));
      if (d.help.empty()) d.help = "columns start with " + join(kHeads, ", ");
      sound_ = false;
      return;
    }
    if (head == "data") path.insert(path.begin(), "action");
    if (head == "metrics" || head == "segment" || head == "features")
      path.insert(path.begin(), "context");
    // Ids of policies have dots of their own.
    if (head == "used") path = {"used", rest_of(heading.text, "used")};
    if (heading.text.starts_with("expect.monitor."))
      path = {"expect", "monitor", rest_of(heading.text, "expect.monitor")};
    columns_.push_back({std::move(path), heading.span});
  }

  static std::string rest_of(std::string_view text, std::string_view head) {
    return std::string(text.substr(std::min(text.size(), head.size() + 1)));
  }

  void report_length(const YamlNode& row) {
    diagnostics_
        .error("wrong-value", row.span,
               fmt::format("the row has {} cell{} for {} column{}", row.items.size(),
                           row.items.size() == 1 ? "" : "s", columns_.size(),
                           columns_.size() == 1 ? "" : "s"))
        .help = "write ~ where there is no value";
  }

  YamlNode case_of(const YamlNode& row) {
    YamlNode out = collection(YamlNode::Kind::map, row.span);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!row.items[i].is_null()) put_cell(out, columns_[i], row.items[i]);
    }
    if (out.find("name") == nullptr) {
      out.entries.push_back(
          {"name", row.span, scalar(fmt::format("{} row {}", name_, number_), row.span)});
    }
    return out;
  }

  void put_cell(YamlNode& out, const Column& column, const YamlNode& cell) {
    if (column.path[0] == "used") return put_used(out, column, cell);
    const bool reason = column.path == std::vector<std::string>{"expect", "reason"};
    const bool no_reason = column.path == std::vector<std::string>{"expect", "no_reason"};
    if (!reason && !no_reason) return put(out, column.path, column.span, cell);
    YamlNode list = collection(YamlNode::Kind::list, cell.span);
    list.items.push_back(reason_of(cell));
    put(out, {"expect", reason ? "reasons" : "no_reasons"}, column.span, list);
  }

  void put(YamlNode& out, const std::vector<std::string>& path, Span key_span,
           const YamlNode& value) {
    YamlNode* at = &out;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      YamlEntry* next = find_entry(*at, path[i]);
      if (next == nullptr) {
        at->entries.push_back({path[i], key_span, collection(YamlNode::Kind::map, value.span)});
        next = &at->entries.back();
      }
      at = &next->value;
    }
    if (find_entry(*at, path.back()) == nullptr && at->kind == YamlNode::Kind::map) {
      at->entries.push_back({path.back(), key_span, value});
      return;
    }
    diagnostics_.error("conflicting-fields", key_span,
                       fmt::format("two columns give {}", join(path, ".")));
  }

  // used.POLICY/LIMIT
  void put_used(YamlNode& out, const Column& column, const YamlNode& cell) {
    YamlEntry* ledger = find_entry(out, "ledger");
    if (ledger == nullptr) {
      out.entries.push_back({"ledger", column.span, collection(YamlNode::Kind::list, cell.span)});
      ledger = &out.entries.back();
    }
    const std::string& name = column.path[1];
    const std::size_t slash = name.find('/');
    YamlNode entry = collection(YamlNode::Kind::map, cell.span);
    entry.entries.push_back({"policy", column.span, scalar(name.substr(0, slash), column.span)});
    if (slash != std::string::npos) {
      entry.entries.push_back({"limit", column.span, scalar(name.substr(slash + 1), column.span)});
    }
    entry.entries.push_back({"used", column.span, cell});
    ledger->value.items.push_back(std::move(entry));
  }

  // policy/rule effect
  static YamlNode reason_of(const YamlNode& cell) {
    if (!cell.is_scalar()) return cell;
    YamlNode out = collection(YamlNode::Kind::map, cell.span);
    const auto add = [&](const char* key, std::string_view text) {
      if (!text.empty())
        out.entries.push_back({key, cell.span, scalar(std::string(text), cell.span)});
    };
    const std::string_view text = cell.text;
    const std::size_t space = text.find(' ');
    const std::string_view names = text.substr(0, space);
    const std::size_t slash = names.find('/');
    add("policy", names.substr(0, slash));
    if (slash != std::string_view::npos) add("rule", names.substr(slash + 1));
    if (space != std::string_view::npos) add("effect", trim(text.substr(space)));
    return out;
  }

  const YamlNode& table_;
  const std::string name_;
  Diagnostics& diagnostics_;
  std::vector<Column> columns_;
  std::size_t number_ = 0;
  bool sound_ = true;
};

}  // namespace

std::vector<YamlNode> expanded_cases(const YamlNode& spec, Diagnostics& diagnostics) {
  const YamlNode* defaults = spec.find("defaults");
  std::vector<YamlNode> out;
  if (const YamlNode* cases = spec.find("cases")) {
    for (const YamlNode& item : cases->items) out.push_back(with_defaults(defaults, item));
  }
  const YamlNode* tables = spec.find("tables");
  if (tables == nullptr) return out;
  for (std::size_t i = 0; i < tables->items.size(); ++i) {
    const YamlNode* name = tables->items[i].find("name");
    TableReader reader(tables->items[i],
                       name != nullptr             ? name->text
                       : tables->items.size() == 1 ? "table"
                                                   : fmt::format("table {}", i + 1),
                       diagnostics);
    for (YamlNode& one : reader.cases(defaults)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace autopilot::policy
