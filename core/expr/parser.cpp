#include "core/expr/parser.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/expr/lexer.h"
#include "core/expr/parser_builder.h"
#include "core/expr/parser_macros.h"
#include "core/expr/parser_words.h"
#include "core/expr/unescape.h"

namespace autopilot::expr {
namespace {

class Parser {
 public:
  Parser(ParseResult& result, const ParseOptions& options)
      : builder_(result.ast, result.faults, options.max_depth),
        lexer_(result.ast.source),
        options_(options) {
    advance();
  }

  NodeId run() {
    if (token_.kind == TokenKind::end) {
      return builder_.refuse(0, token_.end, "this expression is empty");
    }
    const NodeId root = expression();
    if (root == kNoNode || token_.kind == TokenKind::end) return root;
    return unexpected("the end of the expression");
  }

 private:
  // Counts one level of recursion for as long as it lives.
  struct Level {
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Parser& parser_;
  };

  // --- tokens ---
  void advance() {
    last_end_ = token_.end;
    token_ = lexer_.next();
    if (token_.kind == TokenKind::fault) {
      const Fault& fault = lexer_.fault();
      builder_.refuse(fault.begin, fault.end, fault.message, fault.help);
    }
  }
  bool at(std::string_view symbol) const {
    return token_.kind == TokenKind::symbol && token_.text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!at(symbol)) return false;
    advance();
    return true;
  }
  NodeId unexpected(std::string_view wanted) {
    if (token_.kind == TokenKind::end) {
      return builder_.refuse(token_.begin, token_.end,
                             fmt::format("the expression ends where {} should follow", wanted));
    }
    return builder_.refuse(token_.begin, token_.end,
                           fmt::format("expected {}, found {}", wanted, token_.text),
                           operator_help(token_.text));
  }
  // Closes a bracket that was opened at `open`.
  bool close(std::string_view symbol, std::uint32_t open) {
    if (take(symbol)) return true;
    if (token_.kind == TokenKind::end) {
      builder_.refuse(open, open + 1, fmt::format("this bracket is never closed by {}", symbol));
    } else {
      unexpected(fmt::format("{} or an operator", symbol));
    }
    return false;
  }

  // --- nodes ---
  Node node(NodeKind kind, std::uint32_t begin, std::uint32_t at) const {
    Node made;
    made.kind = kind;
    made.begin = begin;
    made.end = last_end_;
    made.at = at;
    return made;
  }
  std::uint32_t begin_of(NodeId id) const { return builder_[id].begin; }

  NodeId operation(std::string_view name, std::vector<NodeId> operands, std::uint32_t begin,
                   std::uint32_t at) {
    Node call = node(NodeKind::call, begin, at);
    call.name = name;
    call.children = std::move(operands);
    return builder_.add(std::move(call));
  }

  // --- grammar ---
  NodeId expression() {
    const Level level(*this);
    if (depth_ > options_.max_depth) {
      return builder_.refuse(
          token_.begin, token_.end,
          fmt::format("this expression nests deeper than {} levels", options_.max_depth),
          "split it into several rules");
    }
    const std::uint32_t begin = token_.begin;
    const NodeId condition = binary(kOrLevel);
    if (condition == kNoNode || !at("?")) return condition;
    const std::uint32_t question = token_.begin;
    advance();
    const NodeId yes = expression();
    if (yes == kNoNode) return kNoNode;
    if (!take(":")) return unexpected("':' and the other value of ?:");
    const NodeId no = expression();
    if (no == kNoNode) return kNoNode;
    return operation("_?_:_", {condition, yes, no}, begin, question);
  }

  NodeId binary(int lowest) {
    const std::uint32_t begin = token_.begin;
    NodeId left = unary();
    while (left != kNoNode) {
      const Operator* op = find_operator(token_);
      if (op == nullptr || op->level < lowest) break;
      left = op->level <= kAndLevel ? chain(*op, left, begin) : infix(*op, left, begin);
    }
    return left;
  }

  NodeId infix(const Operator& op, NodeId left, std::uint32_t begin) {
    const std::uint32_t at = token_.begin;
    advance();
    const NodeId right = binary(op.level + 1);
    if (right == kNoNode) return kNoNode;
    return operation(op.name, {left, right}, begin, at);
  }

  // a && b && c is one call.
  NodeId chain(const Operator& op, NodeId left, std::uint32_t begin) {
    const std::uint32_t at_first = token_.begin;
    std::vector<NodeId> operands = {left};
    while (at(op.symbol)) {
      advance();
      operands.push_back(binary(op.level + 1));
      if (operands.back() == kNoNode) return kNoNode;
    }
    return operation(op.name, std::move(operands), begin, at_first);
  }

  NodeId unary() {
    if (!at("!") && !at("-")) return member(false);
    std::vector<Token> signs;
    while (at("!") || at("-")) {
      signs.push_back(token_);
      advance();
    }
    // A minus before a number belongs to the literal: only so can the smallest int be written.
    const bool number = token_.kind == TokenKind::integer || token_.kind == TokenKind::real;
    const bool negative = number && signs.back().text == "-";
    if (negative) {
      sign_begin_ = signs.back().begin;
      signs.pop_back();
    }
    NodeId operand = member(negative);
    while (operand != kNoNode && !signs.empty()) {
      const Token sign = signs.back();
      signs.pop_back();
      operand = operation(sign.text == "!" ? "!_" : "-_", {operand}, sign.begin, sign.begin);
    }
    return operand;
  }

  NodeId member(bool negative) {
    const std::uint32_t begin = negative ? sign_begin_ : token_.begin;
    NodeId operand = primary(negative);
    while (operand != kNoNode) {
      if (at(".")) {
        operand = selection(operand, begin);
      } else if (at("[")) {
        operand = index(operand, begin);
      } else if (at("{") && is_name(operand)) {
        return message_literal(operand);
      } else {
        break;
      }
    }
    return operand;
  }

  NodeId selection(NodeId operand, std::uint32_t begin) {
    advance();
    const bool optional = take("?");
    const Token name = token_;
    const bool quoted = name.kind == TokenKind::quoted_name;
    if (!quoted && (name.kind != TokenKind::name || is_keyword(name.text))) {
      unexpected(optional ? "a field name after .?" : "a field name after the dot");
      return kNoNode;
    }
    advance();
    if (!quoted && !optional && at("(")) return call(name, operand, begin, false);
    Node select = node(NodeKind::select, begin, name.begin);
    select.name = quoted ? name.text.substr(1, name.text.size() - 2) : name.text;
    select.optional = optional;
    select.children = {operand};
    return builder_.add(std::move(select));
  }

  NodeId index(NodeId operand, std::uint32_t begin) {
    const std::uint32_t open = token_.begin;
    advance();
    const bool optional = take("?");
    const NodeId key = expression();
    if (key == kNoNode || !close("]", open)) return kNoNode;
    Node made = node(NodeKind::index, begin, open);
    made.optional = optional;
    made.children = {operand, key};
    return builder_.add(std::move(made));
  }

  bool is_name(NodeId id) const {
    return builder_[id].kind == NodeKind::ident || builder_[id].kind == NodeKind::select;
  }

  NodeId message_literal(NodeId operand) {
    return builder_.refuse(
        begin_of(operand), token_.end,
        fmt::format("message literals are not supported: {}{{…}}", builder_.text(operand)),
        "write a map: {\"field\": value}");
  }

  // name(…) or target.name(…); `root` for .name(…).
  NodeId call(const Token& name, NodeId target, std::uint32_t begin, bool root) {
    const std::uint32_t open = token_.begin;
    advance();
    CallSite site{name.text, target, {}, begin, 0, name.begin};
    while (!at(")")) {
      site.args.push_back(expression());
      if (site.args.back() == kNoNode) return kNoNode;
      if (!take(",")) break;
      if (at(")")) return unexpected("an argument after the comma");
    }
    if (!close(")", open)) return kNoNode;
    site.end = last_end_;
    if (options_.macros && !root) {
      if (const auto expanded = expand_macro(builder_, site)) return *expanded;
    }
    Node made = node(NodeKind::call, begin, name.begin);
    made.name = name.text;
    made.root = root;
    made.member = target != kNoNode;
    if (made.member) made.children.push_back(target);
    made.children.insert(made.children.end(), site.args.begin(), site.args.end());
    return builder_.add(std::move(made));
  }

  NodeId primary(bool negative) {
    switch (token_.kind) {
      case TokenKind::integer:
      case TokenKind::uinteger:
      case TokenKind::real:
      case TokenKind::string:
      case TokenKind::bytes:
        return literal(negative);
      case TokenKind::name:
        return name(false);
      case TokenKind::fault:
        return kNoNode;
      case TokenKind::quoted_name:
        return builder_.refuse(token_.begin, token_.end, "backticks quote field names only",
                               "write e.g. labels.`team/name`");
      case TokenKind::symbol:
        break;
      case TokenKind::end:
        return unexpected("a value");
    }
    if (at("(")) return parenthesis();
    if (at("[")) return list();
    if (at("{")) return map();
    if (take(".")) return token_.kind == TokenKind::name ? name(true) : unexpected("a name");
    return unexpected("a value");
  }

  NodeId constant(Literal value) {
    Node made = node(NodeKind::literal, token_.begin, token_.begin);
    made.end = token_.end;
    made.literal = std::move(value);
    advance();
    return builder_.add(std::move(made));
  }

  NodeId literal(bool negative) {
    Fault fault;
    auto value = literal_value(token_, negative, fault);
    if (!value) {
      return builder_.refuse(fault.begin, fault.end, std::move(fault.message),
                             std::move(fault.help));
    }
    const NodeId id = constant(std::move(*value));
    if (negative && id != kNoNode) builder_[id].begin = builder_[id].at = sign_begin_;
    return id;
  }

  NodeId name(bool root) {
    const Token token = token_;
    const std::uint32_t begin = root ? last_end_ - 1 : token.begin;
    if (token.text == "true") return constant(true);
    if (token.text == "false") return constant(false);
    if (token.text == "null") return constant(nullptr);
    if (token.text == "in") return unexpected("a value");
    if (is_reserved(token.text)) {
      return builder_.refuse(token.begin, token.end,
                             fmt::format("{} is a reserved word", token.text),
                             operator_help(token.text));
    }
    advance();
    if (at("(")) return call(token, kNoNode, begin, root);
    Node made = node(NodeKind::ident, begin, token.begin);
    made.name = token.text;
    made.root = root;
    return builder_.add(std::move(made));
  }

  NodeId parenthesis() {
    const std::uint32_t open = token_.begin;
    advance();
    const NodeId inner = expression();
    if (inner == kNoNode || !close(")", open)) return kNoNode;
    return inner;
  }

  // Marks the newest child as ?optional.
  static void mark(Node& aggregate, std::size_t entry, bool optional) {
    if (optional) aggregate.marks.resize(entry + 1);
    if (!aggregate.marks.empty()) aggregate.marks.resize(entry + 1);
    if (optional) aggregate.marks[entry] = true;
  }

  NodeId list() {
    const std::uint32_t open = token_.begin;
    Node made = node(NodeKind::list, open, open);
    advance();
    bool more = !take(",");  // [,] is an empty list
    while (more && !at("]")) {
      const bool optional = take("?");
      const NodeId element = expression();
      if (element == kNoNode) return kNoNode;
      mark(made, made.children.size(), optional);
      made.children.push_back(element);
      more = take(",");
    }
    if (!close("]", open)) return kNoNode;
    made.end = last_end_;
    return builder_.add(std::move(made));
  }

  NodeId map() {
    const std::uint32_t open = token_.begin;
    Node made = node(NodeKind::map, open, open);
    advance();
    bool more = !take(",");
    while (more && !at("}")) {
      const bool optional = take("?");
      const NodeId key = expression();
      if (key == kNoNode) return kNoNode;
      if (!take(":")) return unexpected("':' and a value after the key");
      const NodeId value = expression();
      if (value == kNoNode) return kNoNode;
      mark(made, made.children.size() / 2, optional);
      made.children.insert(made.children.end(), {key, value});
      more = take(",");
    }
    if (!close("}", open)) return kNoNode;
    made.end = last_end_;
    return builder_.add(std::move(made));
  }

  Builder builder_;
  Lexer lexer_;
  const ParseOptions& options_;
  Token token_;
  std::uint32_t last_end_ = 0;    // end of the token before token_
  std::uint32_t sign_begin_ = 0;  // of the minus that belongs to the number at hand
  int depth_ = 0;
};

}  // namespace

ParseResult parse(std::string_view source, const ParseOptions& options) {
  ParseResult result;
  if (source.size() > options.max_bytes) {
    result.faults.push_back({0, 0,
                             fmt::format("this expression has {} bytes, more than the {} allowed",
                                         source.size(), options.max_bytes),
                             "split it into several rules"});
    return result;
  }
  result.ast.source = source;
  if (const std::size_t bad = find_invalid_utf8(source); bad != std::string_view::npos) {
    const auto begin = static_cast<std::uint32_t>(bad);
    result.faults.push_back({begin, begin + 1, "this is not UTF-8", {}});
    return result;
  }
  Parser parser(result, options);
  const NodeId root = parser.run();
  if (result.faults.empty()) result.ast.root = root;
  return result;
}

}  // namespace autopilot::expr
