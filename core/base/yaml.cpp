#include "core/base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include "core/base/text.h"
#include "core/base/yaml_scan.h"

namespace autopilot {
namespace {

// Thrown through yaml-cpp to leave a document after its fault was reported.
struct YamlStop {};

class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

constexpr std::size_t kUsualFields = 4;  // room for so many saves most maps from growing

// yaml-cpp decodes \N and \_ to the lone bytes 85 and A0, where UTF-8 has C2 before them.
void mend_escapes(std::string& text) {
  std::size_t bad = find_invalid_utf8(text);
  if (bad == std::string::npos) return;
  std::string mended;
  std::string_view rest = text;
  for (; bad != std::string::npos; bad = find_invalid_utf8(rest)) {
    mended.append(rest.substr(0, bad)).append(1, '\xC2').append(1, rest[bad]);
    rest.remove_prefix(bad + 1);
  }
  text = mended.append(rest);
}

// A completed node that carries an anchor.
struct Anchored {
  YamlNode node;
  std::size_t nodes = 0;
  std::size_t bytes = 0;
  std::size_t height = 0;
};

void measure(const YamlNode& node, std::size_t depth, Anchored& out) {
  ++out.nodes;
  out.bytes += node.text.size();
  out.height = std::max(out.height, depth);
  for (const YamlNode& item : node.items) measure(item, depth + 1, out);
  for (const YamlEntry& entry : node.entries) {
    out.bytes += entry.key.size();
    measure(entry.value, depth + 1, out);
  }
}

// Builds one document from yaml-cpp's events. Offsets of marks count from `base` in the source.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::uint32_t source, yaml_scan::Range part, YamlBudget& budget,
              Diagnostics& diagnostics)
      : source_(source),
        base_(part.begin),
        text_(std::string_view(diagnostics.sources().text(source)).substr(0, part.end)),
        budget_(budget),
        diagnostics_(diagnostics) {}

  YamlDocument take() { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp takes whatever follows a finished value for a new document; only "..." really ends
    // one.
    const std::size_t at = offset(mark);
    if (documents_++ > 0 && text_.substr(root_end_, at - std::min(root_end_, at)).find("...") ==
                                std::string_view::npos) {
      stop("yaml-syntax", span(at, at + 1), "text after the end of the value",
           "check the indentation and the quotes; start a new document with ---");
    }
    document_ = {};
    stack_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override { root_end_ = document_.root.span.end; }
  void OnAnchor(const YAML::Mark&, const std::string&) override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = offset(mark);
    YamlNode node;
    node.span = span(at, at);
    const std::string_view word = null_word(at);
    if (!word.empty()) {
      node.kind = YamlNode::Kind::scalar;
      node.plain = true;
      node.text = word;
      node.span = span(at, at + word.size());
    } else if (!stack_.empty() && stack_.back().has_key) {
      node.span = stack_.back().key_span;
    } else if (!stack_.empty()) {
      node.span = stack_.back().node->span;
    }
    add_leaf(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const std::size_t at = yaml_scan::skip_properties(text_, offset(mark));
    const std::size_t end = yaml_scan::scalar_end(text_, at, value, indent_at(at));
    if (end == std::string_view::npos) {
      stop("unclosed-quote", span(at, at + 1), "the quote that opens here is never closed",
           "close it");
    }
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.plain =
        at < text_.size() && std::string_view("'\"|>").find(text_[at]) == std::string_view::npos;
    node.span = span(at, end);
    node.text = value;
    if (!node.plain && text_[at] == '"') mend_escapes(node.text);
    check_scalar_tag(tag, node);
    add_leaf(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = offset(mark);
    std::size_t end = at;
    while (end < text_.size() &&
           std::string_view(" \t\r\n,]}").find(text_[end]) == std::string_view::npos)
      ++end;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      stop("bad-alias", span(at, end), "the alias stands inside the value that it names",
           "write the value out");
    }
    const Anchored& original = found->second;
    if (stack_.size() + original.height > kYamlMaxDepth) too_deep(span(at, end));
    if (original.bytes > budget_.copied_bytes || original.nodes > budget_.nodes) {
      stop("too-large", span(at, end), "aliases expand to more than one run may hold",
           "use fewer aliases");
    }
    budget_.copied_bytes -= original.bytes;
    budget_.nodes -= original.nodes;
    put(original.node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::list, mark, tag, anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::map, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    report_duplicates(*stack_.back().node);
    close();
  }

 private:
  struct Frame {
    YamlNode* node;  // stays valid: only the innermost collection grows
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    Span key_span;
  };

  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(base_ + static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }
  Span span(std::size_t begin, std::size_t end) const {
    return {source_, static_cast<std::uint32_t>(begin),
            static_cast<std::uint32_t>(std::min(end, text_.size()))};
  }

  // Column of the collection around a block scalar, 0-based. Others don't need it, and in a long
  // line it is far to look.
  std::size_t indent_at(std::size_t at) const {
    const bool block = at < text_.size() && (text_[at] == '|' || text_[at] == '>');
    return block && !stack_.empty() ? yaml_scan::column_of(text_, stack_.back().node->span.begin)
                                    : 0;
  }

  // The word for null that stands at `at`, or "" for a value left out.
  std::string_view null_word(std::size_t at) const {
    if (!stack_.empty() && stack_.back().has_key) {
      const std::size_t key_end = stack_.back().key_span.end;
      // A mark beyond the key's line belongs to the next token.
      const std::size_t line = text_.find('\n', key_end);
      if (at < key_end || (line != std::string_view::npos && at > line)) return {};
    }
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (text_.substr(at, word.size()) != word) continue;
      const std::size_t after = at + word.size();
      if (after == text_.size() ||
          std::string_view(" \t\r\n,]}#:").find(text_[after]) != std::string_view::npos) {
        return word;
      }
    }
    return {};
  }

  [[noreturn]] void stop(std::string code, Span where, std::string message, std::string help) {
    diagnostics_.error(std::move(code), where, std::move(message)).help = std::move(help);
    throw YamlStop{};
  }
  [[noreturn]] void too_deep(Span where) {
    stop("too-deep", where, fmt::format("nested deeper than {} levels", kYamlMaxDepth),
         "flatten it");
  }
  void fault(std::string code, Span where, std::string message, std::string help) {
    diagnostics_.error(std::move(code), where, std::move(message)).help = std::move(help);
    document_.sound = false;
  }

  void check_scalar_tag(const std::string& tag, YamlNode& node) {
    if (tag.empty() || tag == "?") return;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      node.plain = false;
      return;
    }
    Value::Kind kind = scalar_value(node).kind();
    if (!node.plain) kind = Value::Kind::string;
    const bool integer = kind == Value::Kind::integer || kind == Value::Kind::unsigned_integer;
    const bool fits = (tag == "tag:yaml.org,2002:int" && integer) ||
                      (tag == "tag:yaml.org,2002:float" && kind == Value::Kind::real) ||
                      (tag == "tag:yaml.org,2002:bool" && kind == Value::Kind::boolean) ||
                      (tag == "tag:yaml.org,2002:null" && kind == Value::Kind::null);
    if (!fits) bad_tag(tag, node.span);
  }
  void check_collection_tag(const std::string& tag, const YamlNode& node) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag != (node.is_map() ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq"))
      bad_tag(tag, node.span);
  }
  void bad_tag(const std::string& tag, Span where) {
    if (tag.rfind("tag:yaml.org,2002:", 0) == 0) {
      fault("bad-tag", where, fmt::format("the tag !!{} does not fit this value", tag.substr(18)),
            "remove it: types follow from the text, and quotes make a string");
    } else {
      fault("bad-tag", where, fmt::format("{} is read as a YAML tag, not as text", tag),
            "put quotes around a text that starts with !");
    }
  }

  void spend_node(Span where) {
    if (budget_.nodes == 0)
      stop("too-large", where, "more values than one run may hold", "split the run");
    --budget_.nodes;
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node->is_map() && !stack_.back().has_key;
  }

  void add_leaf(YamlNode node, YAML::anchor_t anchor) {
    spend_node(node.span);
    if (anchor != YAML::NullAnchor) remember(anchor, node);
    put(std::move(node));
  }

  void remember(YAML::anchor_t anchor, const YamlNode& node) {
    Anchored& anchored = anchors_[anchor];
    anchored = {};
    measure(node, 0, anchored);
    if (anchored.bytes > budget_.copied_bytes || anchored.nodes > budget_.nodes) {
      stop("too-large", node.span, "anchors hold more than one run may hold", "use fewer anchors");
    }
    budget_.copied_bytes -= anchored.bytes;
    budget_.nodes -= anchored.nodes;
    anchored.node = node;
  }

  // Puts a complete node (or a collection that will grow) where the next one belongs.
  YamlNode* put(YamlNode node) {
    if (stack_.empty()) {
      document_.root = std::move(node);
      return &document_.root;
    }
    Frame& top = stack_.back();
    if (top.node->is_list()) {
      top.node->items.push_back(std::move(node));
      return &top.node->items.back();
    }
    if (!top.has_key) {
      take_key(top, std::move(node));
      return nullptr;
    }
    top.has_key = false;
    top.node->entries.push_back({std::move(top.key), top.key_span, std::move(node)});
    return &top.node->entries.back().value;
  }

  void take_key(Frame& top, YamlNode node) {
    if (node.kind == YamlNode::Kind::empty) {
      stop("bad-key", node.span, "a key is missing before the colon",
           "write a name before the colon");
    }
    if (!node.is_scalar()) complex_key(node.span);
    if (node.text.size() > kYamlMaxKey) {
      stop("bad-key", node.span,
           fmt::format("a key of {} bytes; at most {} are allowed", node.text.size(), kYamlMaxKey),
           "shorten it, or put the text into a value");
    }
    if (node.plain && node.text == "<<") {
      fault("merge-key", node.span, "merge keys (<<) are not part of YAML 1.2",
            "write the fields out, or use an alias for a whole value");
    }
    top.has_key = true;
    top.key = std::move(node.text);
    top.key_span = node.span;
  }

  [[noreturn]] void complex_key(Span where) {
    // yaml-cpp takes a long run of open brackets for a key.
    if (yaml_scan::bracket_depth(text_, where.begin) > kYamlMaxDepth) too_deep(where);
    stop("bad-key", where, "a key must be a word or a text, not a list or a map",
         "put quotes around a value that starts with { or [");
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    const std::size_t at = yaml_scan::skip_properties(text_, offset(mark));
    YamlNode node;
    node.kind = kind;
    node.flow = style == YAML::EmitterStyle::Flow;
    node.span = span(at, at + 1);
    if (expects_key()) complex_key(node.span);
    if (stack_.size() >= kYamlMaxDepth) too_deep(node.span);
    check_collection_tag(tag, node);
    spend_node(node.span);
    YamlNode* placed = put(std::move(node));
    if (kind == YamlNode::Kind::map) placed->entries.reserve(kUsualFields);
    stack_.push_back({placed, anchor, false, {}, {}});
  }

  void close() {
    const Frame top = std::move(stack_.back());
    stack_.pop_back();
    YamlNode& node = *top.node;
    std::uint32_t end = node.span.end;
    if (!node.items.empty()) end = std::max(end, node.items.back().span.end);
    if (!node.entries.empty()) {
      end = std::max({end, node.entries.back().key_span.end, node.entries.back().value.span.end});
    }
    // An alias's span may stand before its container; the maximum keeps the span inside out of
    // reach of that.
    node.span.end = node.flow ? static_cast<std::uint32_t>(yaml_scan::flow_end(text_, end)) : end;
    if (top.anchor != YAML::NullAnchor) remember(top.anchor, node);
  }

  void report_duplicates(YamlNode& map) {
    std::vector<YamlEntry>& entries = map.entries;
    if (entries.size() < 2) return;
    std::vector<const YamlEntry*> sorted;
    sorted.reserve(entries.size());
    for (const YamlEntry& entry : entries) sorted.push_back(&entry);
    // Entries stand in order of writing, so their addresses keep equal keys in that order.
    std::sort(sorted.begin(), sorted.end(), [](const YamlEntry* a, const YamlEntry* b) {
      const int order = a->key.compare(b->key);
      return order != 0 ? order < 0 : a < b;
    });
    bool found = false;
    const YamlEntry* first = sorted[0];
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i]->key != first->key) {
        first = sorted[i];
        continue;
      }
      found = true;
      Diagnostic& d =
          diagnostics_.error("duplicate-key", sorted[i]->key_span,
                             fmt::format("the key \"{}\" appears twice in one map", first->key));
      d.help = "remove or rename one of them";
      d.related.push_back({"the first one is here", first->key_span});
    }
    if (found) drop_duplicates(entries);
  }

  // Keeps the first of equal keys.
  void drop_duplicates(std::vector<YamlEntry>& entries) {
    document_.sound = false;
    std::unordered_map<std::string, bool> seen;
    std::vector<YamlEntry> kept;
    for (YamlEntry& entry : entries) {
      if (seen.emplace(entry.key, true).second) kept.push_back(std::move(entry));
    }
    entries = std::move(kept);
  }

  std::uint32_t source_;
  std::size_t base_;
  std::string_view text_;  // of the source, up to the end of this document
  YamlBudget& budget_;
  Diagnostics& diagnostics_;
  YamlDocument document_;
  std::size_t documents_ = 0;
  std::size_t root_end_ = 0;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

void parse_part(std::uint32_t source, yaml_scan::Range part, YamlBudget& budget,
                Diagnostics& diagnostics, std::vector<YamlDocument>& out) {
  const std::string_view text = diagnostics.sources().text(source);
  ViewBuffer buffer(text.substr(part.begin, part.end - part.begin));
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder(source, part, budget, diagnostics);
    while (parser.HandleNextDocument(builder)) {
      YamlDocument document = builder.take();
      if (document.root.kind != YamlNode::Kind::empty) out.push_back(std::move(document));
    }
  } catch (const YamlStop&) {
    // Already reported.
  } catch (const YAML::ParserException& e) {
    const std::size_t at = part.begin + static_cast<std::size_t>(std::max(e.mark.pos, 0));
    yaml_scan::report_syntax(
        e.msg, {source, static_cast<std::uint32_t>(std::min(at, text.size())), 0}, diagnostics);
  }
}

}  // namespace

bool YamlNode::is_null() const {
  return kind == Kind::empty ||
         (kind == Kind::scalar && plain &&
          (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL"));
}

const YamlEntry* YamlNode::entry(std::string_view key) const {
  for (const YamlEntry& e : entries) {
    if (e.key == key) return &e;
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  const YamlEntry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

std::vector<YamlDocument> parse_yaml(std::uint32_t source, YamlBudget& budget,
                                     Diagnostics& diagnostics) {
  std::vector<YamlDocument> documents;
  const std::string_view text = diagnostics.sources().text(source);
  if (const auto bad = yaml_scan::find_bad_bytes(text)) {
    const auto at = static_cast<std::uint32_t>(bad->offset);
    const Span span{source, at, static_cast<std::uint32_t>(bad->offset + bad->length)};
    diagnostics.error(std::string(bad->code), span, std::string(bad->message)).help = bad->help;
    return documents;
  }
  for (yaml_scan::Range part : yaml_scan::split_documents(text)) {
    if (part.begin == 0 && text.rfind("\xEF\xBB\xBF", 0) == 0) part.begin = 3;
    if (part.end - part.begin > kYamlMaxDocument) {
      const auto at = static_cast<std::uint32_t>(part.begin);
      diagnostics
          .error("too-large", {source, at, at},
                 fmt::format("a document of {} bytes; at most {} are allowed",
                             part.end - part.begin, kYamlMaxDocument))
          .help = "split it; bulk data belongs in a CSV or JSONL file that the document names";
      continue;
    }
    parse_part(source, part, budget, diagnostics, documents);
  }
  return documents;
}

Span yaml_span_within(const YamlNode& scalar, std::string_view source, std::size_t begin,
                      std::size_t end) {
  const std::vector<std::size_t> offsets =
      yaml_scan::scalar_offsets(source, scalar.span.begin, scalar.span.end, scalar.text);
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(offsets[std::min(i, offsets.size() - 1)]);
  };
  Span span{scalar.span.source, at(begin), at(begin)};
  // The end is one past the last byte, not the start of the next one: escapes and folds may lie
  // between.
  if (end > begin) span.end = std::max(at(end), at(end - 1) + 1);
  span.end = std::min(span.end, static_cast<std::uint32_t>(source.size()));
  return span;
}

}  // namespace autopilot
