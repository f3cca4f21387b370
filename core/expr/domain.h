#pragma once
// The values that an expression may have, as far as conditions tell: kinds, an interval of numbers,
// sets and affixes of strings, booleans. Domains only ever claim too much: a value that is possible
// is in them. No evaluation happens here.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::expr {

// A set of kinds of values. An error is a kind: of an input, that it is absent.
using Kinds = std::uint16_t;
namespace kind {
inline constexpr Kinds error = 1, null = 2, boolean = 4, real = 8, nan = 16, integer = 32,
                       uinteger = 64, string = 128, bytes = 256, list = 512, map = 1024,
                       timestamp = 2048, duration = 4096, other = 8192;
inline constexpr Kinds everything = 16383;
inline constexpr Kinds numbers = real | integer | uinteger;  // those that are ordered
inline constexpr Kinds json =
    null | boolean | real | string | list | map;  // what a JSON value can be
}  // namespace kind

// A condition on the beginning, the end or the inside of a string.
struct Affix {
  enum class Place : std::uint8_t { start, end, inside };
  Place place = Place::start;
  bool holds = true;
  std::string text;
  friend bool operator==(const Affix&, const Affix&) = default;
};

struct Domain {
  Kinds kinds = kind::everything;
  // Of numbers but NaN, compared as doubles; closed.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::optional<std::vector<double>> points;  // sorted; present: one of these
  std::vector<double> holes;                  // none of these
  bool can_be_true = true, can_be_false = true;
  std::optional<std::vector<std::string>> texts;  // sorted; present: one of these
  std::vector<std::string> not_texts;
  std::vector<Affix> affixes;

  static Domain of(Kinds kinds);
  static Domain interval(Kinds kinds, double low, double high);
  static Domain number(Kinds kind, double value);
  static Domain text(std::string value);
  static Domain boolean(bool value);

  bool empty() const { return kinds == 0; }
  bool has(Kinds some) const { return (kinds & some) != 0; }
  bool only(Kinds some) const { return (kinds & ~some) == 0; }
  // Keeps what both allow; true when that changed this one.
  bool meet(const Domain& other);
  bool keep(Kinds some);
  bool keep_interval(double from, double to);  // of the numbers; other kinds stay
  bool exclude(double number);
  // Drops kinds of which no value is left.
  void settle();
  // Whether no value is in both.
  bool excludes(const Domain& other) const;
  // The only number or string that is possible; null when there are more, or other kinds.
  std::optional<double> only_number() const;
  const std::string* only_text() const;

 private:
  void settle_numbers();
  void settle_texts();
  bool excludes_numbers(const Domain& other) const;
  bool excludes_texts(const Domain& other) const;
  bool lists(const std::string& text) const;
  bool allows(const std::string& text) const;
  bool affixes_clash() const;
};

}  // namespace autopilot::expr
