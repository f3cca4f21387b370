#include "core/expr/signatures.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/expr/signatures_table.h"

namespace autopilot::expr {
namespace {

const std::map<std::string_view, Type>& types_by_name() {
  static const std::map<std::string_view, Type> types = {
      {"bool", Type(TypeKind::boolean)},
      {"bytes", Type(TypeKind::bytes)},
      {"double", Type(TypeKind::real)},
      {"dyn", Type()},
      {"google.protobuf.Duration", Type(TypeKind::duration)},
      {"google.protobuf.Timestamp", Type(TypeKind::timestamp)},
      {"int", Type(TypeKind::integer)},
      {"list", Type::list(Type())},
      {"map", Type::map(Type(), Type())},
      {"net.CIDR", Type::abstract("net.CIDR", {})},
      {"net.IP", Type::abstract("net.IP", {})},
      {"null_type", Type(TypeKind::null)},
      {"optional_type", Type::optional(Type())},
      {"string", Type(TypeKind::string)},
      {"type", Type(TypeKind::type)},
      {"uint", Type(TypeKind::uinteger)}};
  return types;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Reads the little language of the tables; the tables are constants, so there is nothing to refuse.
class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  Signature run() {
    Signature signature;
    if (text_[at_] != '(') {
      signature.member = true;
      signature.params.push_back(type());
      skip(".");
    }
    skip("(");
    while (text_[at_] != ')') {
      signature.params.push_back(type());
      skip(", ");
    }
    skip(") -> ");
    signature.result = type();
    signature.variables = variables_;
    return signature;
  }

 private:
  void skip(std::string_view expected) {
    if (text_.substr(at_, expected.size()) == expected) at_ += expected.size();
  }

  std::string_view word() {
    const std::size_t begin = at_;
    const auto dotted = [&] {
      return text_[at_] == '.' && at_ + 1 < text_.size() && is_letter(text_[at_ + 1]);
    };
    while (at_ < text_.size() && (is_letter(text_[at_]) || dotted())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Type type() {
    const std::string_view name = word();
    if (name.size() == 1) {
      const auto number = static_cast<std::uint32_t>(name[0] - 'A');
      variables_ = std::max(variables_, number + 1);
      return Type::variable(number);
    }
    if (at_ < text_.size() && text_[at_] == '(') return parameterised(name);
    if (name == "timestamp") return Type(TypeKind::timestamp);
    if (name == "duration") return Type(TypeKind::duration);
    return types_by_name().at(name);
  }

  Type parameterised(std::string_view name) {
    skip("(");
    Type first = type();
    if (name == "map") {
      skip(", ");
      Type value = type();
      skip(")");
      return Type::map(std::move(first), std::move(value));
    }
    skip(")");
    if (name == "list") return Type::list(std::move(first));
    if (name == "type") return Type::type(std::move(first));
    return Type::optional(std::move(first));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t variables_ = 0;
};

using Library = std::unordered_map<std::string_view, std::vector<Signature>>;

Library read_library() {
  Library library;
  for (const auto part : {operator_signatures(), standard_signatures(), extension_signatures()}) {
    for (const SignatureText& text : part) {
      library[text.function].push_back(parse_signature(text.signature));
    }
  }
  for (const std::string_view text : ordering_signatures()) {
    const Signature signature = parse_signature(text);
    for (const std::string_view name : {"_<_", "_<=_", "_>_", "_>=_"}) {
      library[name].push_back(signature);
    }
  }
  return library;
}

bool is_callable_by_name(std::string_view name) {
  return is_letter(name[0]) && name.find('@') == std::string_view::npos;
}

}  // namespace

Signature parse_signature(std::string_view text) { return SignatureReader(text).run(); }

const std::vector<Signature>* standard_function(std::string_view name) {
  static const Library library = read_library();
  const auto found = library.find(name);
  return found == library.end() ? nullptr : &found->second;
}

const std::vector<std::string>& standard_function_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto part : {standard_signatures(), extension_signatures()}) {
      for (const SignatureText& text : part) {
        if (is_callable_by_name(text.function)) all.emplace_back(text.function);
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }();
  return names;
}

const Type* standard_type(std::string_view name) {
  const auto& types = types_by_name();
  const auto found = types.find(name);
  return found == types.end() ? nullptr : &found->second;
}

}  // namespace autopilot::expr
