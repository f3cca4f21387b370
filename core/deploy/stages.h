#pragma once
// The way of one rollout, laid out from its deployment: every check, step and wait in order. It
// follows from the rollout's own copy of the document, so that each process sees the same.

#include <string>
#include <vector>

#include "core/deploy/model.h"

namespace autopilot::deploy {

struct Stage {
  enum class Kind {
    check,   // one check, run or confirmed
    hook,    // one command that is told
    start,   // the canary's process runs and is well
    weight,  // the canary gets a share, then is watched for `hold`
    match,   // it gets requests of a kind, then likewise
    mirror,  // it gets copies
    end,     // of a match or of copies
    hold,    // watched at the present weight; a bake too
    pause,
    gate,
    smoke,
    load,
    stop,  // the old version is drained and stopped
  };
  Kind kind = Kind::weight;
  std::string name;
  std::string section;  // prepare, steps, promote, bake, finish
  // weight, match, mirror, end: all that is in force from here on.
  int weight_bp = 0;
  Match match;
  int mirror_bp = 0;
  Duration hold;
  std::vector<std::string> analyses, require;
  std::vector<std::string> argv;  // hook
  CheckModel check;
  StepModel step;       // pause, gate, smoke, load
  Duration deadline;    // from its beginning; its own hold is in it
  std::string skipped;  // why it is not done; empty: it is
  bool is_bake = false;
  bool is_routing() const {
    return kind == Kind::weight || kind == Kind::match || kind == Kind::mirror || kind == Kind::end;
  }
  Routing routing() const { return {weight_bp, match, mirror_bp}; }
};
std::string_view to_string(Stage::Kind kind);

struct Route {
  bool is_first = false;   // nothing runs yet: there is no arm to compare with
  bool is_direct = false;  // back to a version that was promoted once: at once, and nobody is asked
};

std::vector<Stage> stages_of(const Deployment& deployment, const Route& route);
// What the proxy must be able to do.
std::vector<Routing> routings_of(const std::vector<Stage>& stages);
std::vector<Match> matches_of(const std::vector<Stage>& stages);  // each once

}  // namespace autopilot::deploy
