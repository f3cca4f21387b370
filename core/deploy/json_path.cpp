#include "core/deploy/json_path.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  JsonPath run() {
    if (text_.empty()) return fail("the path is empty");
    if (text_[0] == '$') {
      ++at_;
    } else if (text_[0] != '[' && text_[0] != '.' && !name()) {
      return path_;
    }
    while (at_ < text_.size()) {
      const bool read = text_[at_] == '.'   ? (++at_, name())
                        : text_[at_] == '[' ? (++at_, bracket())
                                            : stop("expected . or [");
      if (!read) break;
    }
    return path_;
  }

 private:
  JsonPath fail(const char* fault) {
    stop(fault);
    return path_;
  }
  bool stop(const char* fault) {
    path_.fault = fault;
    path_.at = at_;
    return false;
  }

  bool name() {
    const std::size_t end = std::min(text_.find_first_of(".[", at_), text_.size());
    if (end == at_) return stop("expected a name");
    path_.steps.emplace_back(std::string(text_.substr(at_, end - at_)));
    at_ = end;
    return true;
  }

  bool bracket() {
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    return first == '"' || first == '\'' ? quoted(first) : index();
  }

  bool quoted(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return stop("the quote is not closed");
    path_.steps.emplace_back(std::string(text_.substr(at_ + 1, end - at_ - 1)));
    at_ = end + 1;
    return close();
  }

  bool index() {
    std::int64_t value = 0;
    const char* from = text_.data() + at_;
    const auto [to, error] = std::from_chars(from, text_.data() + text_.size(), value);
    if (error != std::errc()) return stop("expected an index or a quoted name");
    path_.steps.emplace_back(value);
    at_ += static_cast<std::size_t>(to - from);
    return close();
  }

  bool close() {
    if (at_ >= text_.size() || text_[at_] != ']') return stop("expected ]");
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  JsonPath path_;
};

const Value* step_into(const Value& value, const JsonStep& step) {
  if (const auto* name = std::get_if<std::string>(&step)) return value.get(*name);
  if (!value.is_list()) return nullptr;
  const auto size = static_cast<std::int64_t>(value.as_list().size());
  std::int64_t index = std::get<std::int64_t>(step);
  if (index < 0) index += size;
  if (index < 0 || index >= size) return nullptr;
  return &value.as_list()[static_cast<std::size_t>(index)];
}

}  // namespace

JsonPath parse_json_path(std::string_view text) { return PathParser(text).run(); }

const Value* find_at(const Value& root, const JsonPath& path) {
  const Value* at = &root;
  for (const JsonStep& step : path.steps) {
    at = step_into(*at, step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    if (text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos)
      return 0.0;
    return text[0] == '-' ? -std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::infinity();
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> number_of(const Value& value) {
  if (value.is_number()) return value.as_double();
  if (value.is_string()) return parse_number(value.as_string());
  return std::nullopt;
}

}  // namespace autopilot::deploy
