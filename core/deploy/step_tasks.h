#pragma once
// What the steps `smoke` and `load` of a rollout do: the same as the commands `deploy smoke` and
// `deploy load`, as one answer with its reasons and numbers.

#include <string>

#include "core/base/secrets.h"
#include "core/base/world.h"
#include "core/deploy/load.h"
#include "core/deploy/placeholders.h"

namespace autopilot::deploy {

struct StepAnswer {
  bool ok = false;
  std::string why;  // empty when it is ok
  Map data;         // as the command's --json
};

// `known` fills the file's {{…}}; paths are under its `port` when the file has no base. What keeps
// the file from being read or sent is an answer, too: nothing that cannot be tested has passed.
// Secrets are masked, so that the answer may be kept.
StepAnswer smoke_step(const std::string& file, const Placeholders& known, World& world,
                      Secrets* secrets = nullptr);

// `spec`: a step's `load`, checked. Lasts as long as the load does. A URL that it names may be on
// another machine; by default it is the root of `port`. Throws Error(interrupted) when the user
// stops it.
StepAnswer load_step(const Value& spec, const Placeholders& known, World& world);

}  // namespace autopilot::deploy
