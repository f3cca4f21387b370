// Values as terms: inputs, constants, arithmetic, and the rest by name.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/expr/analyser.h"

namespace autopilot::expr {
namespace {

Arithmetic arithmetic_of(std::string_view name) {
  if (name == "_+_") return Arithmetic::add;
  if (name == "_-_") return Arithmetic::subtract;
  if (name == "_*_") return Arithmetic::multiply;
  if (name == "_/_") return Arithmetic::divide;
  if (name == "-_") return Arithmetic::negate;
  if (name == "math.abs") return Arithmetic::absolute;
  if (name == "math.@max") return Arithmetic::greatest;
  if (name == "math.@min") return Arithmetic::least;
  return Arithmetic::none;
}

std::string literal_text(const Literal& literal) {
  struct Visitor {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t i) const { return fmt::format("int {}", i); }
    std::string operator()(std::uint64_t u) const { return fmt::format("uint {}", u); }
    std::string operator()(double d) const { return "double " + double_text(d); }
    std::string operator()(const std::string& s) const {
      return fmt::format("string {}:{}", s.size(), s);
    }
    std::string operator()(const Bytes& b) const {
      return fmt::format("bytes {}:{}", b.data.size(), b.data);
    }
  };
  return std::visit(Visitor(), literal);
}

// Fields of a timestamp that are numbers of a known range. On durations the same names mean other
// things.
std::optional<double> greatest_field(std::string_view name) {
  if (name == "getHours") return 23;
  if (name == "getMinutes" || name == "getSeconds") return 59;
  if (name == "getMilliseconds") return 999;
  if (name == "getDayOfWeek") return 6;
  if (name == "getMonth") return 11;
  if (name == "getDayOfMonth") return 30;
  if (name == "getDayOfYear") return 365;
  return std::nullopt;
}

bool gives_condition(const Node& n) {
  if (n.kind == NodeKind::select) return n.test;
  if (n.kind == NodeKind::comprehension)
    return n.macro == Macro::all || n.macro == Macro::exists || n.macro == Macro::exists_one;
  return n.kind == NodeKind::call &&
         (n.name == "matches" || n.name == "startsWith" || n.name == "endsWith" ||
          n.name == "contains" || n.name == "@in" || n.name == "_&&_" || n.name == "_||_" ||
          n.name == "!_" || n.name == "_==_" || n.name == "_!=_" || n.name == "_<_" ||
          n.name == "_<=_" || n.name == "_>_" || n.name == "_>=_");
}

void collect(const CheckedExpr& checked, NodeId id, std::vector<Path>& out) {
  const Node& n = checked.ast[id];
  const bool asks = n.kind == NodeKind::select && (n.test || n.optional);
  Type type;
  std::optional<Path> path = input_path(checked, asks ? n.children[0] : id, type);
  if (path && asks) path->push_back(n.name);
  if (path) {
    if (std::find(out.begin(), out.end(), *path) == out.end()) out.push_back(*std::move(path));
    return;
  }
  for (const NodeId child : n.children) collect(checked, child, out);
}

}  // namespace

std::optional<Domain> literal_domain(const Node& node) {
  if (node.kind != NodeKind::literal) return std::nullopt;
  struct Visitor {
    Domain operator()(std::nullptr_t) const { return Domain::of(kind::null); }
    Domain operator()(bool b) const { return Domain::boolean(b); }
    Domain operator()(std::int64_t i) const {
      return Domain::number(kind::integer, static_cast<double>(i));
    }
    Domain operator()(std::uint64_t u) const {
      return Domain::number(kind::uinteger, static_cast<double>(u));
    }
    Domain operator()(double d) const { return Domain::number(kind::real, d); }
    Domain operator()(const std::string& s) const { return Domain::text(s); }
    Domain operator()(const Bytes&) const { return Domain::of(kind::bytes); }
  };
  return std::visit(Visitor(), node.literal);
}

std::vector<Path> inputs_of(const CheckedExpr& checked) {
  std::vector<Path> out;
  collect(checked, checked.ast.root, out);
  return out;
}

TermId Analyser::input(const Path& path, const Type& type) {
  const std::string version = inputs_.version_of(path);
  std::string name = "$" + join(path, "\x1f");
  if (!version.empty()) name += "\x1e" + version;
  return logic_.named(name, inputs_.domain_of(path, type));
}

TermId Analyser::term(NodeId id) {
  const Node& n = node(id);
  if (const auto constant = literal_domain(n)) return logic_.named(key(id), *constant);
  Type type;
  if (const auto path = input_path(checked_, id, type)) return input(*path, type);
  if (n.kind == NodeKind::call) {
    if (const auto found = arithmetic(id)) return *found;
  }
  Domain domain = opaque_domain(id);
  const bool is_ranged =
      domain.only(kind::integer | kind::timestamp | kind::duration | kind::error);
  if (!is_ranged && not_understood_.empty())
    not_understood_ = checked_.ast.source.substr(n.begin, n.end - n.begin);
  return logic_.named(key(id), domain);
}

std::optional<TermId> Analyser::arithmetic(NodeId id) {
  const Node& n = node(id);
  const Arithmetic op = arithmetic_of(n.name);
  if (op == Arithmetic::none || n.children.empty()) return std::nullopt;
  if (op == Arithmetic::negate || op == Arithmetic::absolute) {
    return n.children.size() == 1 ? std::optional(logic_.arithmetic(op, term(n.children[0])))
                                  : std::nullopt;
  }
  if (n.children.size() != 2) return std::nullopt;
  return logic_.arithmetic(op, term(n.children[0]), term(n.children[1]));
}

// The checker's types say what values of well-formed inputs are; here only what a function always
// gives counts.
Domain Analyser::opaque_domain(NodeId id) const {
  const Node& n = node(id);
  if (gives_condition(n)) return Domain::of(kind::boolean | kind::error);
  if (n.kind == NodeKind::list) return Domain::of(kind::list | kind::error);
  if (n.kind == NodeKind::map) return Domain::of(kind::map | kind::error);
  if (n.kind == NodeKind::call && n.name == "size")
    return Domain::interval(kind::integer | kind::error, 0, 4294967296.0);
  if (n.kind == NodeKind::call && n.name == "timestamp")
    return Domain::of(kind::timestamp | kind::error);
  if (n.kind == NodeKind::call && n.name == "duration")
    return Domain::of(kind::duration | kind::error);
  if (n.kind == NodeKind::call && n.member && !n.children.empty()) {
    Type type;
    const auto path = input_path(checked_, n.children[0], type);
    const auto most = path && *path == Path{"now"} ? greatest_field(n.name) : std::nullopt;
    if (most) return Domain::interval(kind::integer | kind::error, 0, *most);
  }
  return Domain::of(kind::everything);
}

// A text that is the same for the same expression, whatever its spelling and place.
std::string Analyser::key(NodeId id) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::literal) return "=" + literal_text(n.literal);
  Type type;
  if (const auto path = input_path(checked_, id, type)) {
    return "$" + join(*path, "\x1f") + "\x1e" + inputs_.version_of(*path);
  }
  std::string out = fmt::format("({}{}{} {}:{} {}", static_cast<int>(n.kind), n.optional ? "?" : "",
                                n.test ? "!" : "", static_cast<int>(n.macro), n.name, n.name2);
  if (n.kind == NodeKind::select && (n.test || n.optional)) {
    if (auto path = input_path(checked_, n.children[0], type)) {
      path->push_back(n.name);
      return out + " $" + join(*path, "\x1f") + "\x1e" + inputs_.version_of(*path) + ")";
    }
  }
  for (std::size_t i = 0; i < n.children.size(); ++i) {
    out += i < n.marks.size() && n.marks[i] ? " ?" : " ";
    out += key(n.children[i]);
  }
  return out + ")";
}

}  // namespace autopilot::expr
