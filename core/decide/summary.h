#pragma once
// What decide, show and replay tell people: reports made of decisions.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/world.h"
#include "core/decide/impact.h"
#include "core/decide/recorder.h"
#include "core/decide/replay.h"
#include "core/decide/trace.h"
#include "core/render/report.h"

namespace autopilot::decide {

// A run id of its own for one invocation: "run-" and a UUIDv7.
std::string new_run(World& world);

// "28 actions: 10 allowed, 3 modified, 1 pending, 13 blocked (1 answered from before); 1 line was
// no action".
std::string tally_text(const Tally& tally, std::size_t faults, bool dry_run);

// The first reason that made a decision's result what it is, in words; may be empty.
std::string main_reason(const Value& decision);

// Decision lines as a table for people: result, action, target, why.
render::Report summarise_lines(std::string_view lines);

// Parts of the tree of a decision: one policy with all that it looked at, and the reasons of a
// decision line.
render::Tree policy_tree(const PolicyTrace& policy, const Value& decision);
render::Tree reasons_tree(const Value& decision);

// The whole tree of one decision. `same`: deciding it again gave the recorded bytes.
render::Report describe(std::string_view record, const Trace& trace, bool same);
render::Report describe(const ReplaySummary& summary);

// What would flip: one line for people, the data, the blocks, and a piece of Markdown for each
// group. `brief`: without examples.
std::string impact_headline(const Impact& impact);
Map impact_data(const Impact& impact);
std::vector<render::Block> impact_blocks(const Impact& impact, bool brief);
std::vector<std::string> impact_markdown(const Impact& impact, bool brief);
render::Report describe(const Impact& impact, std::string_view against);

}  // namespace autopilot::decide
