#include "core/base/secret_reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot {
namespace {

using Scheme = SecretReference::Scheme;

constexpr std::pair<std::string_view, Scheme> kSchemes[] = {
    {"env", Scheme::env}, {"file", Scheme::file}, {"exec", Scheme::exec}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_variable(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

// Words as a shell would split them, without anything else that a shell does.
struct Words {
  std::vector<std::string> words;
  bool unclosed = false;
};

Words split_words(std::string_view command) {
  Words out;
  char quote = 0;
  bool in_word = false;
  for (const char c : command) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        out.words.back() += c;
      }
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\n') {
      in_word = false;
      continue;
    }
    if (!in_word) out.words.emplace_back();
    in_word = true;
    if (c == '\'' || c == '"') {
      quote = c;
    } else {
      out.words.back() += c;
    }
  }
  out.unclosed = quote != 0;
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  SecretText read() {
    for (std::size_t at = 0; at + 1 < text_.size();) {
      if (text_.substr(at).starts_with("$${")) {
        at += 3;
      } else if (text_.substr(at).starts_with("${")) {
        at = read_one(at);
      } else {
        ++at;
      }
    }
    return std::move(out_);
  }

 private:
  // Returns where to go on.
  std::size_t read_one(std::size_t begin) {
    std::size_t colon = begin + 2;
    while (colon < text_.size() &&
           (is_letter(text_[colon]) || is_digit(text_[colon]) || text_[colon] == '-'))
      ++colon;
    if (colon == begin + 2 || colon == text_.size() || text_[colon] != ':') return begin + 2;
    const std::size_t close = end_of(colon + 1);
    if (close == std::string_view::npos) {
      fault(begin, text_.size(), "the reference to a secret has no }",
            "close it, as in ${env:NAME}");
      return text_.size();
    }
    SecretReference reference;
    reference.begin = begin;
    reference.end = close + 1;
    reference.name = text_.substr(colon + 1, close - colon - 1);
    const std::string scheme(text_.substr(begin + 2, colon - begin - 2));
    if (is_sound(scheme, reference)) out_.references.push_back(std::move(reference));
    return close + 1;
  }

  // The } that ends the reference: the first one outside of quotes and of references within.
  std::size_t end_of(std::size_t at) const {
    char quote = 0;
    int depth = 0;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        // An apostrophe that nothing closes is just one.
        if (text_.find(c, at + 1) != std::string_view::npos) quote = c;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && depth-- == 0) {
        return at;
      }
    }
    return std::string_view::npos;
  }

  bool is_sound(const std::string& scheme, SecretReference& reference) {
    const auto known = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                    [&](const auto& s) { return s.first == scheme; });
    if (known == std::end(kSchemes)) {
      std::string lower = scheme;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      std::string help(trim(did_you_mean(lower, {"env", "file", "exec"})));
      if (help.empty()) help = "known are env, file and exec; $${ stands for ${ as text";
      return refuse(reference, fmt::format("there are no secrets of scheme \"{}\"", scheme), help);
    }
    reference.scheme = known->second;
    if (reference.name.find("${") != std::string::npos) {
      return refuse(reference, "references to secrets don't nest",
                    "a program finds its own secrets in its environment or its files");
    }
    if (trim(reference.name).empty()) {
      return refuse(reference, fmt::format("{}: names nothing", scheme),
                    reference.scheme == Scheme::exec ? "write ${exec:PROGRAM ARGUMENTS}"
                                                     : "write ${env:NAME} or ${file:PATH}");
    }
    switch (reference.scheme) {
      case Scheme::env:
        return check_variable(reference);
      case Scheme::file:
        return check_path(reference);
      case Scheme::exec:
        return check_command(reference);
    }
    return false;
  }

  bool check_variable(const SecretReference& r) {
    if (is_variable(r.name)) return true;
    return refuse(r, fmt::format("\"{}\" is no name of an environment variable", r.name),
                  "letters, digits and underscores, without $");
  }

  bool check_path(const SecretReference& r) {
    if (r.name.starts_with('~')) {
      return refuse(r, "nothing stands for ~ here",
                    "write the whole path, or one from the project's folder");
    }
    const std::vector<std::string> parts = split(r.name, '/');
    if (std::find(parts.begin(), parts.end(), "..") != parts.end()) {
      return refuse(r, fmt::format("the path {} leads out by ..", r.name),
                    "write a path from the project's folder on, or an absolute one");
    }
    if (!r.name.ends_with('/') && trim(r.name) == r.name) return true;
    return refuse(r, fmt::format("\"{}\" is no path of a file", r.name), "");
  }

  bool check_command(SecretReference& r) {
    Words split = split_words(r.name);
    if (split.unclosed) {
      return refuse(r, "a quote in the command opens and never closes",
                    "no shell reads the command: quotes only keep words together");
    }
    if (split.words.empty() || split.words[0].empty())
      return refuse(r, "the command names no program", "write ${exec:PROGRAM ARGUMENTS}");
    r.words = std::move(split.words);
    return true;
  }

  bool refuse(const SecretReference& r, std::string message, std::string help) {
    fault(r.begin, r.end, std::move(message), std::move(help));
    return false;
  }
  void fault(std::size_t begin, std::size_t end, std::string message, std::string help) {
    out_.faults.push_back({begin, end, std::move(message), std::move(help)});
  }

  std::string_view text_;
  SecretText out_;
};

}  // namespace

std::string SecretReference::text() const {
  for (const auto& [word, known] : kSchemes) {
    if (known == scheme) return fmt::format("${{{}:{}}}", word, name);
  }
  return name;
}

SecretText read_secrets(std::string_view text) { return Reader(text).read(); }

}  // namespace autopilot
