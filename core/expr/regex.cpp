#include "core/expr/regex.h"

#include <re2/re2.h>

#include "core/expr/literals.h"

namespace autopilot::expr {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options regex_options() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(8 << 20);
  return options;
}

}  // namespace

struct Regex::Parts {
  explicit Parts(std::string_view pattern) : re(piece(pattern), regex_options()) {}
  RE2 re;
};

Regex::Regex(std::string_view pattern) : parts_(std::make_unique<Parts>(pattern)) {}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

bool Regex::ok() const { return parts_->re.ok(); }
const std::string& Regex::fault() const { return parts_->re.error(); }
int Regex::groups() const { return parts_->re.NumberOfCapturingGroups(); }

bool Regex::matches(std::string_view text) const {
  return parts_->re.Match(piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Regex::search(std::string_view text, std::size_t start, std::vector<Group>& groups) const {
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(this->groups()) + 1);
  if (!parts_->re.Match(piece(text), start, text.size(), RE2::UNANCHORED, found.data(),
                        static_cast<int>(found.size()))) {
    return false;
  }
  groups.assign(found.size(), {});
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].data() == nullptr) continue;
    groups[i].begin = static_cast<std::size_t>(found[i].data() - text.data());
    groups[i].end = groups[i].begin + found[i].size();
  }
  return true;
}

std::optional<std::string> regex_fault(std::string_view pattern) {
  const Regex regex(pattern);
  if (regex.ok()) return std::nullopt;
  return regex.fault();
}

}  // namespace autopilot::expr
