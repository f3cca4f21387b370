#pragma once
// A program that is started once and asked many times: the work behind Processes::converse().
// Requests and answers are frames: eight bytes of length, in this machine's order, then as many
// bytes. REQUIRES that SIGPIPE is ignored.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/streams.h"
#include "core/base/world.h"

namespace autopilot {

std::string framed(std::string_view bytes);
// The bytes of the frame that `text` begins with; false while it is not whole.
bool unframe(std::string_view text, std::string_view& bytes);

// `program` says how to start it, with the limits of the request that needs it.
std::unique_ptr<Conversation> start_conversation(
    std::function<Program(const CaptureLimits&)> program);

}  // namespace autopilot
