#pragma once
// How a command declares what may be said to it. A facade over CLI11, which only options.cpp
// includes. The same declarations make parsing, --help, man pages and completions.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace autopilot::cli {

// What a value completes to in a shell.
enum class Hint { none, file, directory, decision, revision, document };

struct OptionInfo {
  std::string names;    // "-o,--out"; for an argument its name, "PATH"
  std::string metavar;  // "FILE"; empty for a flag
  std::string help;
  std::vector<std::string> choices;
  Hint hint = Hint::none;
  bool argument = false;
  bool required = false;
  bool repeated = false;
};

// References given here must outlive parse(); each keeps its value when the option is not said.
class Options {
 public:
  Options();
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Positional arguments, in order. `required` ones must come first.
  void argument(const std::string& name, std::string& value, const std::string& help,
                Hint hint = Hint::none, bool required = false);
  void arguments(const std::string& name, std::vector<std::string>& values, const std::string& help,
                 Hint hint = Hint::none);

  void flag(const std::string& names, bool& value, const std::string& help);
  // `names` may carry the metavar: "-o,--out FILE".
  void option(const std::string& names, std::string& value, const std::string& help,
              Hint hint = Hint::none);
  void option(const std::string& names, std::optional<std::string>& value, const std::string& help,
              Hint hint = Hint::none);
  void option(const std::string& names, std::int64_t& value, const std::string& help);  // ≥ 0
  void option(const std::string& names, std::optional<Duration>& value, const std::string& help);
  void options(const std::string& names, std::vector<std::string>& values, const std::string& help,
               Hint hint = Hint::none);
  void choice(const std::string& names, std::string& value, std::vector<std::string> choices,
              const std::string& help);

  // Throws Error(usage) with a did-you-mean for an unknown flag.
  void parse(const std::vector<std::string>& words);
  const std::vector<OptionInfo>& declared() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot::cli
