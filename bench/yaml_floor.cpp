// What yaml-cpp alone costs: reads the YAML files of a folder and hands each to its parser, either
// for the events only or for the nodes that most programs build. A process of its own, so that it
// is timed as autopilot is.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <sstream>

#include "core/base/system.h"

namespace autopilot::bench {
namespace {

// Takes the events and drops them.
class Nobody : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    bytes_ += value.size();
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

std::size_t events(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  Nobody nobody;
  while (parser.HandleNextDocument(nobody)) {
  }
  return nobody.bytes();
}

std::size_t nodes(const std::string& text) {
  std::size_t count = 0;
  for (const YAML::Node& document : YAML::LoadAll(text)) count += document.size();
  return count;
}

int run(bool only_events, const std::string& folder) {
  System system;
  std::size_t seen = 0;
  for (const FileEntry& entry : system.world().files.list(folder)) {
    const std::string text = system.world().files.read(folder + "/" + entry.name);
    seen += only_events ? events(text) : nodes(text);
  }
  std::printf("%zu\n", seen);
  return seen > 0 ? 0 : 1;
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  const std::string what = count == 3 ? words[1] : "";
  if (what != "events" && what != "nodes") {
    std::fputs("usage: yaml_floor events|nodes FOLDER\n", stderr);
    return 2;
  }
  return autopilot::bench::run(what == "events", words[2]);
}
