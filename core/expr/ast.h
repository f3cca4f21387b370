#pragma once
// What the parser makes and what checker and compiler read: nodes in one array, children by index,
// so that deep expressions need no recursion to free. Macros are already expanded into nodes of
// their own kinds.

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace autopilot::expr {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

enum class NodeKind : std::uint8_t {
  literal,  // `literal`
  ident,    // `name` (".x" has root set: looked up in the root scope only); see "Names" below
  select,   // children[0].name; `optional` for .?name; `test` for has(e.name)
  index,    // children[0][children[1]]; `optional` for [?i]
  call,  // name(children…), or children[0].name(rest…) when `member`; operators are calls, see
         // below
  list,  // [children…]; marks[i] when element i is ?optional
  map,   // {k: v, …} as children k, v, k, v…; marks[i] when entry i is ?optional
  comprehension,  // macro over children[0], the range; then its bodies in order of writing
  bind,           // cel.bind(var, children[0], children[1])
  block,  // cel.block([children[0..n-1]], children[n]); idents "@index0", "@index1", … refer to the
          // slots
};

// Operators are calls with these names (cel-spec's): "_&&_" "_||_" "!_" "-_" "_+_" "_-_" "_*_"
// "_/_" "_%_" "_==_" "_!=_" "_<_" "_<=_"
// "_>_" "_>=_" "@in" "_?_:_". A chain a && b && c is ONE call with three children (likewise ||), in
// the order of writing.

enum class Macro : std::uint8_t {
  all,              // bodies: predicate
  exists,           // bodies: predicate
  exists_one,       // bodies: predicate
  map,              // bodies: transform, or filter then transform
  filter,           // bodies: predicate
  transform_list,   // two variables; bodies: transform, or filter then transform
  transform_map,    // two variables; likewise
  transform_entry,  // two variables; likewise, the transform is a map literal (or map) of one or
                    // more entries
  opt_map,          // children[0].optMap(var, body): body wrapped in an optional, none stays none
  opt_flat_map,     // children[0].optFlatMap(var, body): body is an optional already
  sort_by,          // bodies: key
};

// math.greatest(…) and math.least(…) become calls of "math.@max" and "math.@min" with one child,
// two, or a list of more.

// Names. The parser leaves them as written. check() and leave_unchecked() resolve them: afterwards
// an ident with `root` set is the variable of the environment with exactly this (qualified, maybe
// dotted) name, or a type when `is_type` is set ("int", "google.protobuf.Timestamp"); one without
// `root` is a comprehension's or cel.bind's variable, or "@index0" of a block. Calls carry the
// function's full name ("math.abs", member unset). An ident that leave_unchecked() could not find
// stays, with `root` set.

// A constant as written. Strings and bytes are decoded; `bytes` tells them apart.
struct Bytes {
  std::string data;
};
using Literal =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Bytes>;

struct Node {
  NodeKind kind = NodeKind::literal;
  Macro macro = Macro::all;  // comprehension
  bool member = false;       // call
  bool root = false;         // ident
  bool is_type = false;      // ident, once resolved: names a type
  bool optional = false;     // select, index
  bool test = false;         // select
  std::uint32_t begin = 0;   // [begin, end): bytes of the source
  std::uint32_t end = 0;
  std::uint32_t at =
      0;              // byte that an error about this node points to: operator, dot, bracket, name
  std::string name;   // ident, select, call; bind: its variable; comprehension: first variable
  std::string name2;  // comprehension: second variable, or empty
  Literal literal = nullptr;  // literal
  std::vector<NodeId> children;
  std::vector<bool> marks;  // list, map: optional entries; empty when none is
};

struct Ast {
  std::string source;
  std::vector<Node> nodes;
  NodeId root = kNoNode;

  const Node& operator[](NodeId id) const { return nodes[id]; }
  Node& operator[](NodeId id) { return nodes[id]; }
};

// A fault in an expression: half-open byte range in its source. Lower case, no final period.
struct Fault {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string message;
  std::string help;  // what to do; may be empty
};

}  // namespace autopilot::expr
