#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/smoke.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kTimeout = Duration::seconds(5);
constexpr Duration kWait = Duration::seconds(1);
constexpr std::string_view kOperators[] = {"equals", "contains", "matches", "min",
                                           "max",    "length",   "exists"};

class SmokeReader {
 public:
  SmokeReader(const std::string& base, const Placeholders& variables, Diagnostics& diagnostics)
      : base_(base), variables_(variables), diagnostics_(diagnostics) {}

  void read(const YamlNode& root, SmokeFile& file) {
    if (base_.empty()) base_ = text(root, "base");
    const std::string* host = variable("host");
    if (const std::string* port = variable("port"); base_.empty() && port != nullptr)
      base_ = fmt::format("http://{}:{}", host == nullptr ? "127.0.0.1" : *host, *port);
    common_ = headers(root.find("headers"));
    timeout_ = duration(root, "timeout", kTimeout);
    wait_ = duration(root, "wait", kWait);
    retries_ = integer(root, "retries", 0);
    ca_file_ = text(root, "ca_file");
    for (const YamlNode& node : root.find("checks")->items) file.checks.push_back(check(node));
  }

 private:
  void fault(Span span, std::string message, std::string help = {}) {
    diagnostics_.error("wrong-value", span, std::move(message)).help = std::move(help);
  }

  // Null when it is not known.
  const std::string* variable(const std::string& name) const {
    const auto found = std::find_if(variables_.begin(), variables_.end(),
                                    [&](const auto& v) { return v.first == name; });
    return found == variables_.end() ? nullptr : &found->second;
  }

  // Replaces {{name}}.
  std::string fill(const YamlNode& node) {
    std::string out;
    std::string_view rest = node.text;
    for (;;) {
      const std::size_t open = rest.find("{{");
      const std::size_t close = open == std::string_view::npos ? open : rest.find("}}", open + 2);
      if (close == std::string_view::npos) return out += rest;
      const std::string name(trim(rest.substr(open + 2, close - open - 2)));
      const std::string* value = variable(name);
      if (value == nullptr) unknown_variable(node, name);
      out += rest.substr(0, open);
      if (value != nullptr) out += *value;
      rest.remove_prefix(close + 2);
    }
  }

  void unknown_variable(const YamlNode& node, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& [known, value] : variables_) names.push_back(known);
    std::string help(trim(did_you_mean(name, names)));
    if (help.empty()) help = fmt::format("set it: --set {}=VALUE", name);
    fault(node.span, fmt::format("{{{{{}}}}} has no value", name), help);
  }

  std::string text(const YamlNode& from, std::string_view field) {
    const YamlNode* node = from.find(field);
    return node == nullptr ? std::string() : fill(*node);
  }
  static Duration duration(const YamlNode& from, std::string_view field, Duration otherwise) {
    const YamlNode* node = from.find(field);
    return node == nullptr ? otherwise : parse_duration(node->text).value_or(otherwise);
  }
  static int integer(const YamlNode& from, std::string_view field, int otherwise) {
    const YamlNode* node = from.find(field);
    return node == nullptr ? otherwise : static_cast<int>(scalar_value(*node).as_int());
  }
  std::vector<std::string> texts(const YamlNode& from, std::string_view field) {
    const YamlNode* node = from.find(field);
    std::vector<std::string> out;
    if (node == nullptr) return out;
    if (!node->is_list()) return {fill(*node)};
    for (const YamlNode& item : node->items) out.push_back(fill(item));
    return out;
  }
  std::vector<std::pair<std::string, std::string>> headers(const YamlNode* node) {
    std::vector<std::pair<std::string, std::string>> out;
    if (node == nullptr) return out;
    for (const YamlEntry& entry : node->entries) out.emplace_back(entry.key, fill(entry.value));
    return out;
  }

  SmokeCheck check(const YamlNode& node) {
    SmokeCheck out;
    out.span = node.span;
    read_request(node, out);
    out.name = text(node, "name");
    if (out.name.empty()) out.name = out.request.method + " " + path_;
    read_status(node, out);
    if (node.find("within") != nullptr) out.within = duration(node, "within", {});
    if (const YamlNode* header = node.find("header")) read_headers(*header, out);
    if (const YamlNode* json = node.find("json")) read_json(*json, out);
    out.contains = texts(node, "contains");
    out.lacks = texts(node, "lacks");
    read_patterns(node, out);
    out.retries = integer(node, "retries", retries_);
    out.wait = duration(node, "wait", wait_);
    return out;
  }

  void read_request(const YamlNode& node, SmokeCheck& out) {
    const YamlNode* target = nullptr;
    for (const char* method : {"get", "post", "put", "delete", "head"}) {
      if (const YamlNode* found = node.find(method)) {
        target = found;
        for (const char* c = method; *c != '\0'; ++c) method_ += static_cast<char>(*c - 'a' + 'A');
      }
    }
    HttpRequest& request = out.request;
    request.method = std::exchange(method_, {});
    path_ = fill(*target);
    request.url = url(path_, target->span);
    request.headers = common_;
    for (auto& header : headers(node.find("headers"))) request.headers.push_back(std::move(header));
    request.body = text(node, "body");
    read_json_body(node, request);
    request.timeout = duration(node, "timeout", timeout_);
    request.connect_timeout = request.timeout;
    request.closes_connection = true;
    request.redirects = integer(node, "redirects", 0);
    request.ca_file = ca_file_;
  }

  void read_json_body(const YamlNode& node, HttpRequest& request) {
    const YamlEntry* send = node.entry("send");
    if (send == nullptr) return;
    if (node.find("body") != nullptr) {
      diagnostics_.error("conflicting-fields", send->key_span, "body and send exclude each other");
    }
    request.body = to_json(to_value(send->value, diagnostics_));
    request.headers.emplace_back("Content-Type", "application/json");
  }

  std::string url(const std::string& target, Span span) {
    if (target.find("://") != std::string::npos) return target;
    if (base_.empty()) {
      // Told once: one base cures all.
      if (!std::exchange(lacks_base_, true))
        fault(span, fmt::format("{} is a path, and there is no base", target),
              "add base: http://127.0.0.1:8080, or give --base or --set port=8080");
      return target;
    }
    std::string out = base_;
    while (out.ends_with('/')) out.pop_back();
    return out + (target.starts_with('/') ? "" : "/") + target;
  }

  void read_status(const YamlNode& node, SmokeCheck& out) {
    std::vector<std::string> statuses = texts(node, "status");
    if (statuses.empty()) statuses = {"2xx"};
    out.status_text = join(statuses, ",");
    if (const auto set = StatusSet::parse(out.status_text)) {
      out.status = *set;
    } else {
      fault(node.find("status")->span, fmt::format("{} is no status of HTTP", out.status_text),
            "write 200, 2xx or 200-204, or a list of them");
    }
  }

  void read_headers(const YamlNode& node, SmokeCheck& out) {
    for (const YamlEntry& entry : node.entries) {
      std::string name = entry.key;
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      Expectation expected = expectation(entry.value);
      // Headers are texts, whatever they look like in YAML.
      if (expected.equals && entry.value.is_scalar()) expected.equals = fill(entry.value);
      out.headers.emplace_back(std::move(name), std::move(expected));
    }
  }

  void read_json(const YamlNode& node, SmokeCheck& out) {
    for (const YamlEntry& entry : node.entries) {
      JsonPath path = parse_json_path(entry.key);
      if (!path.ok()) {
        fault(entry.key_span, fmt::format("{} is no place in JSON: {}", entry.key, path.fault),
              "write $.items[0].id, or $[\"a name with dots\"]");
      }
      out.json.push_back({entry.key, std::move(path), expectation(entry.value)});
    }
  }

  void read_patterns(const YamlNode& node, SmokeCheck& out) {
    const YamlNode* patterns = node.find("matches");
    if (patterns == nullptr) return;
    if (!patterns->is_list()) return add_pattern(*patterns, out);
    for (const YamlNode& one : patterns->items) add_pattern(one, out);
  }
  void add_pattern(const YamlNode& node, SmokeCheck& out) {
    std::string pattern = fill(node);
    auto regex = compiled(node, pattern);
    out.matches.emplace_back(std::move(pattern), std::move(regex));
  }

  std::shared_ptr<const expr::Regex> compiled(const YamlNode& node, const std::string& pattern) {
    auto regex = std::make_shared<const expr::Regex>(pattern);
    if (!regex->ok()) {
      fault(node.span, fmt::format("{} is no regular expression: {}", pattern, regex->fault()));
    }
    return regex;
  }

  static bool is_operator(std::string_view key) {
    return std::find(std::begin(kOperators), std::end(kOperators), key) != std::end(kOperators);
  }

  // A value to be equal to, or a map of operators.
  Expectation expectation(const YamlNode& node) {
    Expectation out;
    if (!node.is_map()) {
      out.equals = filled_value(node);
      return out;
    }
    if (node.entries.empty()) fault(node.span, "nothing is expected here", operators_help());
    for (const YamlEntry& entry : node.entries) read_operator(entry, out);
    return out;
  }

  static std::string operators_help() {
    return fmt::format("it takes {}; a map to be equal to goes under equals",
                       join({std::begin(kOperators), std::end(kOperators)}, ", "));
  }

  Value filled_value(const YamlNode& node) {
    if (node.is_scalar() && !node.plain) return Value(fill(node));
    if (node.is_scalar() && node.text.find("{{") != std::string::npos) return Value(fill(node));
    return to_value(node, diagnostics_);
  }

  void read_operator(const YamlEntry& entry, Expectation& out) {
    const YamlNode& node = entry.value;
    if (!is_operator(entry.key)) {
      std::string help(
          trim(did_you_mean(entry.key, {std::begin(kOperators), std::end(kOperators)})));
      if (help.empty()) help = operators_help();
      diagnostics_
          .error("unknown-field", entry.key_span,
                 fmt::format("an expectation has no field \"{}\"", entry.key))
          .help = help;
    } else if (entry.key == "equals") {
      out.equals = filled_value(node);
    } else if (!node.is_scalar()) {
      fault(node.span, fmt::format("{} takes one value", entry.key));
    } else if (entry.key == "contains") {
      out.contains = fill(node);
    } else if (entry.key == "matches") {
      out.pattern = fill(node);
      out.matches = compiled(node, out.pattern);
    } else {
      read_number_or_bool(entry, out);
    }
  }

  void read_number_or_bool(const YamlEntry& entry, Expectation& out) {
    const Value value = scalar_value(entry.value);
    if (entry.key == "exists") {
      if (value.is_bool())
        out.exists = value.as_bool();
      else
        fault(entry.value.span, "exists is true or false");
      return;
    }
    if (!value.is_number()) return fault(entry.value.span, entry.key + " takes a number");
    if (entry.key == "min") out.min = value.as_double();
    if (entry.key == "max") out.max = value.as_double();
    if (entry.key == "length") out.length = static_cast<std::int64_t>(value.as_double());
  }

  std::string base_, ca_file_, method_;
  std::string path_;  // of the check being read
  const Placeholders& variables_;
  Diagnostics& diagnostics_;
  std::vector<std::pair<std::string, std::string>> common_;
  Duration timeout_, wait_;
  int retries_ = 0;
  bool lacks_base_ = false;
};

}  // namespace

SmokeFile load_smoke(const std::string& file, const std::string& base,
                     const Placeholders& variables, Files& files, Diagnostics& diagnostics) {
  SmokeFile out{file, {}};
  const std::uint32_t source = diagnostics.sources().add(file, files.read(file));
  YamlBudget budget;
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, diagnostics);
  if (!diagnostics.ok()) return out;
  if (documents.size() != 1) {
    diagnostics
        .error("wrong-value", Span{source, 0, 0},
               documents.empty() ? "the file is empty" : "the file has several documents")
        .help = "a smoke file is one mapping with checks";
    return out;
  }
  const policy::ValueShape shape{.kind = policy::ShapeKind::object, .schema = &kSmokeSchema};
  if (!policy::check_shape(documents[0].root, shape, "the file", diagnostics)) return out;
  SmokeReader(base, variables, diagnostics).read(documents[0].root, out);
  return out;
}

}  // namespace autopilot::deploy
