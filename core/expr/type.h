#pragma once
// CEL types as the checker sees them. A Type is a cheap immutable value (a shared pointer to its
// description).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autopilot::expr {

enum class TypeKind {
  dyn,   // anything; checked when evaluated
  json,  // like dyn, but a number in it is always a double: an int literal beside it becomes a
         // double
  null,
  boolean,
  integer,
  uinteger,
  real,
  string,
  bytes,
  timestamp,
  duration,
  list,      // parameters: element
  map,       // parameters: key, value
  type,      // parameters: the type that is named, or none
  abstract,  // name and parameters; "optional_type" is the standard one
  record,    // named fields; open ones give `json` for a field that is not declared
  param,     // a type parameter such as A, by name
  error,     // already reported; fits everything
};

class Type {
 public:
  using Field = std::pair<std::string, Type>;

  Type();  // dyn
  explicit Type(TypeKind simple);
  static Type list(Type element);
  static Type map(Type key, Type value);
  static Type type(Type named);
  static Type optional(Type value);
  static Type abstract(std::string name, std::vector<Type> parameters);
  static Type param(std::string name);
  static Type variable(std::uint32_t number);  // a type parameter that the checker made, by number
  static Type record(std::vector<Field> fields, bool open);

  TypeKind kind() const { return rep_->kind; }
  const std::string& name() const { return rep_->name; }  // of abstract and param
  const std::vector<Type>& parameters() const { return rep_->parameters; }
  const std::vector<Field>& fields() const { return rep_->fields; }
  bool is_open() const { return rep_->open; }
  bool is_variable() const { return rep_->number != kNoNumber; }
  std::uint32_t number() const { return rep_->number; }  // of a variable
  bool is_generic() const { return rep_->generic; }      // holds a param somewhere
  bool is_dynamic() const { return kind() == TypeKind::dyn || kind() == TypeKind::json; }
  bool is_same_object(const Type& other) const { return rep_ == other.rep_; }
  bool is_optional() const { return kind() == TypeKind::abstract && name() == "optional_type"; }
  const Type* field(std::string_view name) const;  // null when not declared

  std::string text() const;  // as CEL writes it: "map(string, int)"; params show as dyn
  friend bool operator==(const Type& a, const Type& b);

 private:
  static constexpr std::uint32_t kNoNumber = 0xffffffff;
  struct Rep {
    TypeKind kind = TypeKind::dyn;
    bool open = false;
    bool generic = false;
    std::uint32_t number = kNoNumber;
    std::string name;
    std::vector<Type> parameters;
    std::vector<Field> fields;
  };
  static Type make(TypeKind kind, std::string name, std::vector<Type> parameters);
  explicit Type(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  std::shared_ptr<const Rep> rep_;
};

}  // namespace autopilot::expr
