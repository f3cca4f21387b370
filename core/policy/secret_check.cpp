#include "core/policy/secret_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace autopilot::policy {
namespace {

constexpr const char* kLiteral = "plain-secret";

constexpr std::string_view kSecretNames[] = {"access_key", "api_key",    "apikey", "passphrase",
                                             "passwd",     "password",   "secret", "secret_key",
                                             "token",      "private_key"};
// Maps whose keys are names of the author's own, with conditions or values to compare with.
constexpr std::string_view kOwnNames[] = {"set", "selector"};

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Calls `visit` for each scalar with its key ("" in a list) and its path.
template <class Visit>
void each_text(const YamlNode& node, std::string_view key, const std::string& path, Visit& visit) {
  if (node.is_scalar()) return visit(node, key, path);
  for (std::size_t i = 0; i < node.items.size(); ++i)
    each_text(node.items[i], {}, fmt::format("{}[{}]", path, i), visit);
  for (const YamlEntry& entry : node.entries) {
    const std::string below = path.empty() ? entry.key : path + "." + entry.key;
    each_text(entry.value, is_one_of(key, kOwnNames) ? std::string_view() : entry.key, below,
              visit);
  }
}

bool may_refer(const YamlNode& text) { return text.text.find("${") != std::string::npos; }

void report_faults(const YamlNode& text, Diagnostics& diagnostics) {
  if (!may_refer(text)) return;
  for (const SecretFault& fault : read_secrets(text.text).faults) {
    const Span span = yaml_span_within(text, diagnostics.sources().text(text.span.source),
                                       fault.begin, fault.end);
    diagnostics.error("bad-secret", span, fault.message).help = fault.help;
  }
}

// The message does not say the text, and whoever shows the line masks it (cli/context).
void warn_of_literal(const YamlNode& text, std::string_view key, Diagnostics& diagnostics) {
  if (!is_secret_name(key) || text.text.empty() || text.is_null()) return;
  const SecretText read = read_secrets(text.text);
  if (!read.references.empty() || !read.faults.empty()) return;
  diagnostics
      .warning("plain-secret", text.span,
               fmt::format("{} is written out, for all who can read it", key))
      .help = "write ${env:NAME}, ${file:PATH} or ${exec:PROGRAM ARGUMENTS}, and change the secret";
}

}  // namespace

bool is_secret_name(std::string_view field) {
  std::string name;
  for (const char c : field) {
    if (c == '-')
      name += '_';
    else
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return std::any_of(std::begin(kSecretNames), std::end(kSecretNames), [&](std::string_view known) {
    return name == known || name.ends_with(fmt::format("_{}", known));
  });
}

void check_secrets(const YamlNode& node, Diagnostics& diagnostics) {
  auto visit = [&](const YamlNode& text, std::string_view key, const std::string&) {
    report_faults(text, diagnostics);
    warn_of_literal(text, key, diagnostics);
  };
  each_text(node, {}, {}, visit);
}

void check_references(const YamlNode& node, Diagnostics& diagnostics) {
  auto visit = [&](const YamlNode& text, std::string_view, const std::string&) {
    report_faults(text, diagnostics);
  };
  each_text(node, {}, {}, visit);
}

std::vector<std::string_view> literal_secrets(const Diagnostics& diagnostics) {
  std::vector<std::string_view> texts;
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.code != kLiteral) continue;
    const std::string_view source = diagnostics.sources().text(d.span.source);
    texts.push_back(source.substr(d.span.begin, d.span.end - d.span.begin));
  }
  return texts;
}

std::vector<SecretUse> secret_uses(const YamlNode& node, const SourceMap& sources) {
  std::vector<SecretUse> uses;
  auto visit = [&](const YamlNode& text, std::string_view, const std::string& path) {
    if (!may_refer(text)) return;
    for (SecretReference& r : read_secrets(text.text).references) {
      const Span span = yaml_span_within(text, sources.text(text.span.source), r.begin, r.end);
      uses.push_back({path, span, std::move(r)});
    }
  };
  each_text(node, {}, {}, visit);
  return uses;
}

}  // namespace autopilot::policy
