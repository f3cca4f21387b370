#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void misuse(const std::string& message, const std::string& hint = {}) {
  throw Error(ErrorKind::usage, message, hint);
}

// "-o,--out FILE" → names and metavar.
OptionInfo parts_of(const std::string& names, const std::string& default_metavar,
                    const std::string& help) {
  const std::size_t space = names.find(' ');
  OptionInfo info;
  info.names = names.substr(0, space);
  info.metavar = space == std::string::npos ? default_metavar : names.substr(space + 1);
  info.help = help;
  return info;
}

const char* metavar_of(Hint hint) {
  switch (hint) {
    case Hint::file:
      return "FILE";
    case Hint::directory:
      return "DIR";
    case Hint::decision:
      return "DECISION";
    case Hint::revision:
      return "REVISION";
    case Hint::document:
      return "DOCUMENT";
    case Hint::none:
      break;
  }
  return "VALUE";
}

// The name to use in messages: the long one where there is one.
std::string spoken_name(const OptionInfo& info) {
  const Words names = split(info.names, ',');
  return names.back();
}

bool looks_like_flag(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

}  // namespace

struct Options::Parts {
  struct Entry {
    std::function<void(const OptionInfo&, Words&&)>
        set;  // called only when the option was said, in order of declaration
  };
  std::vector<OptionInfo> declared;
  std::vector<Entry> entries;  // parallel to `declared`

  void add(OptionInfo info, std::function<void(const OptionInfo&, Words&&)> set) {
    declared.push_back(std::move(info));
    entries.push_back({std::move(set)});
  }

  const OptionInfo* find(std::string_view name) const {
    for (const OptionInfo& info : declared) {
      if (info.argument) continue;
      for (const std::string& known : split(info.names, ',')) {
        if (known == name) return &info;
      }
    }
    return nullptr;
  }

  Words separated(const Words& words) const;
  void refuse_unknown_flag(const std::string& word) const;
  void bind_arguments(Words words);
};

// Splits "--out=x" into two words, so that an empty value stays one and flags refuse theirs: CLI11
// does neither.
Words Options::Parts::separated(const Words& words) const {
  Words out;
  bool value_next = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!value_next && word == "--") {
      out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const std::size_t equals = word.find('=');
    const bool joined = !value_next && word.rfind("--", 0) == 0 && equals != std::string::npos;
    const OptionInfo* info = value_next ? nullptr : find(joined ? word.substr(0, equals) : word);
    if (joined && info != nullptr) {
      if (info->metavar.empty()) misuse(fmt::format("{} takes no value", word.substr(0, equals)));
      out.push_back(word.substr(0, equals));
      out.push_back(word.substr(equals + 1));
    } else {
      out.push_back(word);
    }
    value_next = !joined && info != nullptr && !info->metavar.empty();
  }
  return out;
}

void Options::Parts::refuse_unknown_flag(const std::string& word) const {
  const std::string name = word.substr(0, word.find('='));
  Words known;
  for (const OptionInfo& info : declared) {
    if (info.argument) continue;
    for (const std::string& n : split(info.names, ',')) {
      if (n.size() > 2) known.push_back(n);
    }
  }
  std::string hint = did_you_mean(name, known);
  if (hint.empty())
    hint = "put -- before a value that starts with a dash; --help lists the options";
  misuse(fmt::format("unknown option {}", name), hint);
}

// Hands what is left over to the positional arguments, in their order.
void Options::Parts::bind_arguments(Words words) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const OptionInfo& info = declared[i];
    if (!info.argument) continue;
    const std::size_t left = words.size() - next;
    if (left == 0) {
      if (info.required) misuse(fmt::format("{} is missing", info.names), info.help);
      continue;
    }
    const std::size_t count = info.repeated ? left : 1;
    const auto from = words.begin() + static_cast<std::ptrdiff_t>(next);
    entries[i].set(info, Words(from, from + static_cast<std::ptrdiff_t>(count)));
    next += count;
  }
  if (next < words.size()) misuse(fmt::format("unexpected argument {}", words[next]));
}

Options::Options() : parts_(std::make_unique<Parts>()) {}
Options::~Options() = default;

const std::vector<OptionInfo>& Options::declared() const { return parts_->declared; }

void Options::argument(const std::string& name, std::string& value, const std::string& help,
                       Hint hint, bool required) {
  OptionInfo info{name, {}, help, {}, hint, true, required, false};
  parts_->add(std::move(info),
              [&value](const OptionInfo&, Words&& said) { value = std::move(said.back()); });
}

void Options::arguments(const std::string& name, std::vector<std::string>& values,
                        const std::string& help, Hint hint) {
  OptionInfo info{name, {}, help, {}, hint, true, false, true};
  parts_->add(std::move(info),
              [&values](const OptionInfo&, Words&& said) { values = std::move(said); });
}

void Options::flag(const std::string& names, bool& value, const std::string& help) {
  parts_->add(parts_of(names, "", help), [&value](const OptionInfo&, Words&&) { value = true; });
}

void Options::option(const std::string& names, std::string& value, const std::string& help,
                     Hint hint) {
  OptionInfo info = parts_of(names, metavar_of(hint), help);
  info.hint = hint;
  parts_->add(std::move(info),
              [&value](const OptionInfo&, Words&& said) { value = std::move(said.back()); });
}

void Options::option(const std::string& names, std::optional<std::string>& value,
                     const std::string& help, Hint hint) {
  OptionInfo info = parts_of(names, metavar_of(hint), help);
  info.hint = hint;
  parts_->add(std::move(info),
              [&value](const OptionInfo&, Words&& said) { value = std::move(said.back()); });
}

void Options::option(const std::string& names, std::int64_t& value, const std::string& help) {
  parts_->add(parts_of(names, "N", help), [&value](const OptionInfo& info, Words&& said) {
    const std::string& text = said.back();
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || end != text.data() + text.size() || number < 0) {
      misuse(fmt::format("{}: \"{}\" is not a whole number of 0 or more", spoken_name(info), text));
    }
    value = number;
  });
}

void Options::option(const std::string& names, std::optional<Duration>& value,
                     const std::string& help) {
  parts_->add(parts_of(names, "DURATION", help), [&value](const OptionInfo& info, Words&& said) {
    value = parse_duration(said.back());
    if (value) return;
    misuse(fmt::format("{}: \"{}\" is not a duration", spoken_name(info), said.back()),
           "write a number and a unit, such as 30s, 5m, 2h or 7d");
  });
}

void Options::options(const std::string& names, std::vector<std::string>& values,
                      const std::string& help, Hint hint) {
  OptionInfo info = parts_of(names, metavar_of(hint), help);
  info.hint = hint;
  info.repeated = true;
  parts_->add(std::move(info),
              [&values](const OptionInfo&, Words&& said) { values = std::move(said); });
}

void Options::choice(const std::string& names, std::string& value, std::vector<std::string> choices,
                     const std::string& help) {
  OptionInfo info = parts_of(names, "WHICH", help);
  info.choices = std::move(choices);
  parts_->add(std::move(info), [&value](const OptionInfo& i, Words&& said) {
    if (std::find(i.choices.begin(), i.choices.end(), said.back()) == i.choices.end()) {
      std::string hint = did_you_mean(said.back(), i.choices);
      misuse(fmt::format("{}: \"{}\" is none of {}", spoken_name(i), said.back(),
                         join(i.choices, ", ")),
             hint);
    }
    value = std::move(said.back());
  });
}

namespace {

// Lets CLI11 recognise and collect; values are converted by us, so that messages are ours. `said`
// is parallel to `declared`; returns the words that belong to no option, "--" among them.
Words collect(const std::vector<OptionInfo>& declared, Words words, std::vector<Words>& said) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].argument) continue;
    CLI::Option* option = app.add_option(declared[i].names,
                                         CLI::callback_t([&said, i](const CLI::results_t& results) {
                                           said[i] = results;
                                           return true;
                                         }));
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    if (declared[i].metavar.empty()) option->expected(0)->type_size(0);
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string what = e.what();
    misuse(fmt::format("{} needs a value", what.substr(0, what.find(':'))));
  } catch (const CLI::ParseError& e) {
    misuse(e.what());
  }
  return app.remaining();
}

}  // namespace

void Options::parse(const std::vector<std::string>& words) {
  Parts& parts = *parts_;
  std::vector<Words> said(parts.declared.size());
  Words arguments;
  bool only_arguments = false;
  for (std::string& word : collect(parts.declared, parts.separated(words), said)) {
    if (!only_arguments && word == "--") {
      only_arguments = true;
      continue;
    }
    if (!only_arguments && looks_like_flag(word)) parts.refuse_unknown_flag(word);
    arguments.push_back(std::move(word));
  }
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (!said[i].empty()) parts.entries[i].set(parts.declared[i], std::move(said[i]));
  }
  parts.bind_arguments(std::move(arguments));
}

}  // namespace autopilot::cli
