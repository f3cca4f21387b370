#include "core/deploy/placeholders.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

[[noreturn]] void refuse_placeholder(const std::string& name, const Placeholders& known) {
  std::vector<std::string> names;
  for (const auto& [other, value] : known) names.push_back(other);
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = "known here: " + join(names, ", ");
  throw Error(ErrorKind::invalid, fmt::format("unknown placeholder {{{{{}}}}}", name), hint);
}

}  // namespace

std::string fill(std::string_view text, const Placeholders& known) {
  std::string out;
  for (;;) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == text.npos ? text.npos : text.find("}}", open);
    if (close == text.npos) return out.append(text);
    const std::string name(trim(text.substr(open + 2, close - open - 2)));
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const auto& entry) { return entry.first == name; });
    if (at == known.end()) refuse_placeholder(name, known);
    out.append(text.substr(0, open)).append(at->second);
    text.remove_prefix(close + 2);
  }
}

std::vector<std::string> fill_words(const Value& words, const Placeholders& known) {
  std::vector<std::string> out;
  for (const Value& word : words.as_list()) out.push_back(fill(word.as_string(), known));
  return out;
}

}  // namespace autopilot::deploy
