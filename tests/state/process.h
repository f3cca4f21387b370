#pragma once
// What one process does with action lines: a connection of its own, the policies it reads, a
// recorder.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/decide/recorder.h"
#include "core/state/policy_sets.h"

namespace autopilot::testing {

struct Said {
  std::string text;
  std::vector<std::string> lines;
  std::vector<Value> decisions;
  std::vector<decide::LineFault> faults;

  std::string results() const {
    std::string out;
    for (const Value& d : decisions) {
      out += (out.empty() ? "" : " ") + d.get("result")->as_string();
    }
    return out;
  }
  std::string text_of(std::size_t i, const char* key) const {
    return decisions.at(i).get(key)->as_string();
  }
};

inline decide::RecorderSettings settings_of(const std::string& run = "r1") {
  decide::RecorderSettings out;
  out.run = run;
  out.actor = "ada";
  out.role = "operator";
  return out;
}

class Process {
 public:
  Process(const std::string& path, World& world, decide::RecorderSettings settings = settings_of())
      : store_(state::Store::open(path)),
        sets_(*store_),
        recorder_(store_->database(), world, sets_, std::move(settings)) {}

  Said decide(const std::vector<std::string>& lines) {
    std::vector<std::string> padded;
    for (const std::string& line : lines) {
      padded.push_back(line + std::string(kPadding, ' '));
    }
    std::vector<decide::InputLine> input;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      input.push_back({std::string_view(padded[i]).substr(0, lines[i].size()), i + 1});
    }
    Said out;
    recorder_.decide(input, out.text, out.faults);
    std::size_t at = 0;
    while (at < out.text.size()) {
      const std::size_t end = out.text.find('\n', at);
      out.lines.push_back(out.text.substr(at, end - at));
      out.decisions.push_back(parse_json(out.lines.back()).value);
      at = end + 1;
    }
    return out;
  }
  Said decide(const std::string& line) { return decide(std::vector<std::string>{line}); }

  const decide::Tally& tally() const { return recorder_.tally(); }
  state::Store& store() { return *store_; }

 private:
  std::unique_ptr<state::Store> store_;
  state::PolicySets sets_;
  decide::Recorder recorder_;
};

}  // namespace autopilot::testing
