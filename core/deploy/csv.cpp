#include "core/deploy/csv.h"

namespace autopilot::deploy {

std::optional<std::vector<std::string>> CsvReader::next() {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
    if (text_[at_++] == '\n') ++next_line_;
  }
  if (at_ >= text_.size()) return std::nullopt;
  line_ = next_line_;
  std::vector<std::string> record(1);
  bool quoted = false;
  for (ended_ = false; at_ < text_.size() && !ended_; ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++next_line_;
    if (quoted) {
      const bool doubled = c == '"' && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
      if (doubled) ++at_;
      if (c == '"' && !doubled)
        quoted = false;
      else
        record.back() += c;
    } else if (c == '"' && record.back().empty()) {
      quoted = true;
    } else if (c == separator_) {
      record.emplace_back();
    } else if (c == '\n') {
      ended_ = true;
    } else if (c != '\r') {
      record.back() += c;
    }
  }
  return record;
}

}  // namespace autopilot::deploy
