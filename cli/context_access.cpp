// The part of Context that knows actors: their roles, and questions to the person at the terminal.
#include <fmt/format.h>

#include "cli/context.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/model.h"
#include "core/state/access.h"
#include "core/state/apply.h"

namespace autopilot::cli {

std::string Context::actor_role() {
  return state::role_text(state::role_of(store_if_any(), actor()));
}

void Context::require_role(std::string_view least, std::string_view for_what) {
  state::Store* store = store_if_any();
  const std::optional<policy::Role> role = state::role_of(store, actor());
  const std::optional<policy::Role> needed = policy::parse_role(least);
  if (!needed) throw Error(ErrorKind::bug, fmt::format("there is no role {}", least));
  if (role && *role >= *needed) return;
  const std::string why =
      fmt::format("{}; {} takes {}", state::role_sentence(actor(), role), for_what, least);
  state::record_refusal(*store, for_what, why, actor(), world.clock.now());
  throw Error(ErrorKind::denied, why,
              "an Access document gives roles; somebody with that role can do it");
}

bool Context::confirm(std::string_view question, std::string_view otherwise) {
  if (!world.environment.is_terminal(0)) {
    throw Error(ErrorKind::usage, "there is no terminal to ask at", std::string(otherwise));
  }
  flush();
  ask(question);
  std::string answer;
  while (answer.find('\n') == std::string::npos) {
    const std::string piece = world.files.read_stdin();
    if (piece.empty()) break;
    answer += piece;
  }
  const std::string_view word = trim(answer);
  return word == "y" || word == "yes";
}

}  // namespace autopilot::cli
