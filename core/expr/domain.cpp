#include "core/expr/domain.h"

#include <algorithm>
#include <cmath>

namespace autopilot::expr {
namespace {

template <class T>
void intersect(std::optional<std::vector<T>>& mine, const std::optional<std::vector<T>>& theirs) {
  if (!theirs) return;
  if (!mine) {
    mine = theirs;
    return;
  }
  std::erase_if(*mine,
                [&](const T& v) { return !std::binary_search(theirs->begin(), theirs->end(), v); });
}

template <class T>
bool add_new(std::vector<T>& mine, const std::vector<T>& theirs) {
  bool changed = false;
  for (const T& v : theirs) {
    if (std::find(mine.begin(), mine.end(), v) != mine.end()) continue;
    mine.push_back(v);
    changed = true;
  }
  return changed;
}

template <class T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool fits(const Affix& affix, std::string_view text) {
  switch (affix.place) {
    case Affix::Place::start:
      return text.starts_with(affix.text) == affix.holds;
    case Affix::Place::end:
      return text.ends_with(affix.text) == affix.holds;
    case Affix::Place::inside:
      return (text.find(affix.text) != std::string_view::npos) == affix.holds;
  }
  return true;
}

// Whether a string with the affix `known` has `other` too, whatever the rest of it is.
bool implies(const Affix& known, const Affix& other) {
  if (other.place == Affix::Place::inside) return known.text.find(other.text) != std::string::npos;
  if (known.place != other.place) return other.text.empty();
  return other.place == Affix::Place::start ? known.text.starts_with(other.text)
                                            : known.text.ends_with(other.text);
}

bool exclude_each_other(const Affix& a, const Affix& b) {
  if (!a.holds && !b.holds) return false;
  if (a.holds != b.holds) return a.holds ? implies(a, b) : implies(b, a);
  if (a.place != b.place || a.place == Affix::Place::inside) return false;
  return !implies(a, b) && !implies(b, a);
}

}  // namespace

Domain Domain::of(Kinds kinds) {
  Domain d;
  d.kinds = kinds;
  return d;
}

Domain Domain::interval(Kinds kinds, double low, double high) {
  Domain d = of(kinds);
  d.low = low;
  d.high = high;
  return d;
}

Domain Domain::number(Kinds kind, double value) {
  return std::isnan(value) ? of(kind::nan) : interval(kind, value, value);
}

Domain Domain::text(std::string value) {
  Domain d = of(kind::string);
  d.texts = {std::move(value)};
  return d;
}

Domain Domain::boolean(bool value) {
  Domain d = of(kind::boolean);
  d.can_be_true = value;
  d.can_be_false = !value;
  return d;
}

bool Domain::meet(const Domain& other) {
  const Kinds before = kinds;
  const double low_before = low, high_before = high;
  const bool could[] = {can_be_true, can_be_false};
  const std::size_t points_before = points ? points->size() : std::string::npos;
  const std::size_t texts_before = texts ? texts->size() : std::string::npos;
  kinds &= other.kinds;
  low = std::max(low, other.low);
  high = std::min(high, other.high);
  intersect(points, other.points);
  bool changed = add_new(holes, other.holes);
  can_be_true &= other.can_be_true;
  can_be_false &= other.can_be_false;
  intersect(texts, other.texts);
  changed |= add_new(not_texts, other.not_texts);
  changed |= add_new(affixes, other.affixes);
  settle();
  return changed || kinds != before || low != low_before || high != high_before ||
         could[0] != can_be_true || could[1] != can_be_false ||
         points_before != (points ? points->size() : std::string::npos) ||
         texts_before != (texts ? texts->size() : std::string::npos);
}

bool Domain::keep(Kinds some) {
  if (only(some)) return false;
  kinds &= some;
  return true;
}

bool Domain::keep_interval(double from, double to) {
  if (from <= low && to >= high) return false;
  low = std::max(low, from);
  high = std::min(high, to);
  settle();
  return true;
}

bool Domain::exclude(double number) {
  if (number < low || number > high || contains(holes, number)) return false;
  holes.push_back(number);
  settle();
  return true;
}

void Domain::settle() {
  if (has(kind::numbers)) settle_numbers();
  if (has(kind::string) && (texts || !affixes.empty())) settle_texts();
  if (!can_be_true && !can_be_false) kinds &= static_cast<Kinds>(~kind::boolean);
}

void Domain::settle_numbers() {
  if (points) {
    std::erase_if(*points, [&](double p) { return p < low || p > high || contains(holes, p); });
    if (!points->empty()) {
      low = points->front();
      high = points->back();
    }
  } else if (!has(kind::real)) {  // whole numbers
    low = std::ceil(low);
    high = std::floor(high);
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!points && !holes.empty()) {
    while (low <= high && contains(holes, low)) low = std::nextafter(low, kInfinity);
    while (low <= high && contains(holes, high)) high = std::nextafter(high, -kInfinity);
  }
  if (!(low <= high) || (points && points->empty())) kinds &= static_cast<Kinds>(~kind::numbers);
}

bool Domain::allows(const std::string& text) const {
  return !contains(not_texts, text) &&
         std::all_of(affixes.begin(), affixes.end(), [&](const Affix& a) { return fits(a, text); });
}

bool Domain::affixes_clash() const {
  for (std::size_t i = 0; i < affixes.size(); ++i) {
    if (!affixes[i].holds && affixes[i].text.empty()) return true;
    for (std::size_t j = i + 1; j < affixes.size(); ++j) {
      if (exclude_each_other(affixes[i], affixes[j])) return true;
    }
  }
  return false;
}

void Domain::settle_texts() {
  if (texts) std::erase_if(*texts, [&](const std::string& t) { return !allows(t); });
  if (texts ? texts->empty() : affixes_clash()) kinds &= static_cast<Kinds>(~kind::string);
}

// Asked for each pair of rules, so nothing is copied but in rare cases.
bool Domain::excludes(const Domain& other) const {
  const Kinds common = kinds & other.kinds;
  if ((common & ~(kind::numbers | kind::string | kind::boolean)) != 0) return false;
  const bool same_truth =
      (can_be_true && other.can_be_true) || (can_be_false && other.can_be_false);
  if ((common & kind::boolean) != 0 && same_truth) return false;
  if ((common & kind::numbers) != 0 && !excludes_numbers(other)) return false;
  return (common & kind::string) == 0 || excludes_texts(other);
}

bool Domain::excludes_numbers(const Domain& other) const {
  if (std::max(low, other.low) > std::min(high, other.high)) return true;
  if (!points && !other.points && holes.empty() && other.holes.empty()) return false;
  Domain both = *this;
  both.meet(other);
  return !both.has(kind::numbers);
}

bool Domain::excludes_texts(const Domain& other) const {
  const auto& listed = texts ? texts : other.texts;
  if (listed) {
    return std::none_of(listed->begin(), listed->end(), [&](const std::string& text) {
      return lists(text) && other.lists(text) && allows(text) && other.allows(text);
    });
  }
  if (affixes.empty() && other.affixes.empty()) return false;
  Domain both = *this;
  both.meet(other);
  return !both.has(kind::string);
}

bool Domain::lists(const std::string& text) const {
  return !texts || std::binary_search(texts->begin(), texts->end(), text);
}

std::optional<double> Domain::only_number() const {
  if (!only(kind::numbers) || low != high) return std::nullopt;
  return low;
}

const std::string* Domain::only_text() const {
  return only(kind::string) && texts && texts->size() == 1 ? &texts->front() : nullptr;
}

}  // namespace autopilot::expr
