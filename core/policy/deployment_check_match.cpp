// `match:` of a step: names and values that requests can have, that a proxy's configuration takes
// as they are meant, and that a probe can send.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/policy/deployment_checked.h"
#include "core/policy/header_pattern.h"

namespace autopilot::policy::deployment {
namespace {

constexpr std::size_t kLongestName = 64, kLongestValue = 256;
// What the proxy itself lives by, or says in a better place.
constexpr std::pair<std::string_view, std::string_view> kNotMatched[] = {
    {"cookie", "write cookie: NAME"},
    {"host", "traffic.server_name says which hosts are served"},
    {"connection", "it is of the connection, not of the user"},
    {"content-length", "it is of the message, not of the user"},
    {"transfer-encoding", "it is of the message, not of the user"},
    {"expect", "it is of the message, not of the user"},
    {"upgrade", "it is of the connection, not of the user"}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

bool is_word(std::string_view text, char besides) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == besides;
  });
}

class MatchCheck {
 public:
  explicit MatchCheck(const CheckedSpec& checked) : c_(checked) {}

  void check(const YamlNode& node) {
    if (!node.is_list()) return check_one(node);
    for (const YamlNode& item : node.items) check_one(item);
  }

 private:
  void check_one(const YamlNode& node) {
    const YamlEntry* source = the_one(node, {"header", "cookie"});
    const YamlEntry* how = the_one(node, {"exact", "prefix", "regex"});
    if (source == nullptr || how == nullptr) return;
    const bool is_header = source->key == "header";
    is_header ? check_header(source->value) : check_cookie(source->value);
    const std::string name = is_header ? lower(source->value.text) : source->value.text;
    if (!seen_.insert({source->key, name}).second)
      c_.input.diagnostics
          .error("duplicate-name", source->value.span,
                 fmt::format("the {} {} is matched twice", source->key, source->value.text))
          .help = "all matches must fit; several values of one are a list";
    if (how->value.is_list()) {
      for (const YamlNode& value : how->value.items) check_value(value, how->key, is_header);
    } else {
      check_value(how->value, how->key, is_header);
    }
  }

  const YamlEntry* the_one(const YamlNode& node, std::initializer_list<std::string_view> names) {
    const YamlEntry* found = nullptr;
    for (const std::string_view name : names) {
      const YamlEntry* entry = node.entry(name);
      if (entry == nullptr) continue;
      if (found != nullptr) {
        c_.input.diagnostics
            .error("conflicting-fields", entry->key_span,
                   fmt::format("a match can't have both {} and {}", found->key, name))
            .help = "make it two: all matches of a list must fit";
        return nullptr;
      }
      found = entry;
    }
    if (found == nullptr)
      c_.input.diagnostics
          .error("missing-field", node.span,
                 fmt::format("a match needs one of {}",
                             join(std::vector<std::string>(names.begin(), names.end()), ", ")))
          .help = "{header: X-Beta, exact: \"1\"}, for example";
    return found;
  }

  void check_header(const YamlNode& node) {
    const std::string& name = node.text;
    if (!is_word(name, '-') || name.size() > kLongestName) {
      const bool underscore = name.find('_') != std::string::npos;
      c_.fault(node.span, fmt::format("{:?} cannot be the name of a header", name)).help =
          underscore ? "proxies drop headers with underscores: write -"
                     : "letters, digits and -, at most 64";
      return;
    }
    if (lower(name).rfind("x-autopilot-", 0) == 0)
      c_.fault(node.span, fmt::format("{} is autopilot's own", name)).help =
          "choose another header";
    for (const auto& [other, why] : kNotMatched) {
      if (lower(name) == other)
        c_.fault(node.span, fmt::format("the header {} cannot be matched", name)).help =
            std::string(why);
    }
  }

  void check_cookie(const YamlNode& node) {
    if (is_word(node.text, '_') && node.text.size() <= kLongestName) return;
    c_.fault(node.span, fmt::format("{:?} cannot be the name of a cookie here", node.text)).help =
        "letters, digits and _, at most 64: nginx has a variable for no other";
  }

  void check_value(const YamlNode& node, const std::string& how, bool is_header) {
    const std::string& value = node.text;
    const std::string fault =
        how == "regex" ? read_header_pattern(value).fault : fault_of(value, is_header);
    if (fault.empty()) return;
    Diagnostic& d = c_.fault(node.span, fmt::format("{}: {}", how, fault));
    if (how == "regex") d.help = "characters, classes, groups, | and repetitions: v2-[0-9]+";
  }

  static std::string fault_of(const std::string& value, bool is_header) {
    if (value.empty()) return "an empty value matches nothing";
    if (value.size() > kLongestValue)
      return fmt::format("values have at most {} bytes", kLongestValue);
    for (const char c : value) {
      if (static_cast<unsigned char>(c) < ' ' || c == 127)
        return "a control character cannot be in a value";
      if (!is_header && std::string_view(" \";,\\").find(c) != std::string_view::npos)
        return fmt::format("{:?} cannot be in the value of a cookie", std::string(1, c));
    }
    if (value.front() == ' ' || value.back() == ' ')
      return "spaces at the ends of a value are dropped on its way";
    return "";
  }

  const CheckedSpec& c_;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

void check_match(const CheckedSpec& checked, const YamlNode& node) {
  MatchCheck(checked).check(node);
}

}  // namespace autopilot::policy::deployment
