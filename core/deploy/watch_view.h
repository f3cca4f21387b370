#pragma once
// What `deploy watch` draws: the state, the steps, the metrics as sparklines, the last events, the
// keys. Pure.

#include <string>
#include <vector>

#include "core/base/screen.h"
#include "core/deploy/status_report.h"
#include "core/render/text.h"

namespace autopilot::deploy {

struct Watched {
  const Rollout& rollout;
  const Strategy& strategy;
  StatusFacts facts;  // with the events
  std::vector<Sample> samples;
  std::string message;  // about the last key; may be empty
};

// How far back samples are of use.
Duration watched_time(const Strategy& strategy);

// Lines that fit the screen: as many as it has rows at most, none wider.
std::vector<std::string> watch_frame(const Watched& seen, const render::TextStyle& style,
                                     Screen::Size size);

// The bytes that draw them over what was there.
std::string drawn(const std::vector<std::string>& lines);

}  // namespace autopilot::deploy
