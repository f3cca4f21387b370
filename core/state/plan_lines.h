#pragma once
// A plan for people, line by line: each document with its fields in place, `+ ~ -` in front, what
// is unchanged hidden and counted.

#include <vector>

#include "core/render/report.h"
#include "core/state/plan.h"

namespace autopilot::state {

// "+ Policy/x", with the hints on the whole document behind.
render::Line headline(const Change& change);

// The fields of the change below its headline, indented by four columns or more.
std::vector<render::Line> detail_lines(const Change& change);

// "Plan: 1 to create, 2 to update, 0 to delete." or "No changes."
std::string summary_line(const Plan& plan);

// What to know before applying it: documents that are kept, and the blast radius. May be empty.
std::vector<std::string> remarks(const Plan& plan);

}  // namespace autopilot::state
