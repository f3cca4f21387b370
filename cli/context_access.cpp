// The part of Context that knows actors: their roles, and questions to the person at the terminal.
#include <fmt/format.h>

#include "cli/context.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/model.h"
#include "core/state/access.h"
#include "core/state/apply.h"
#include "core/state/store.h"

namespace autopilot::cli {
namespace {

constexpr char kOpenAccess[] = "said_open_access";  // in the table meta

}  // namespace

const std::string& Context::actor() { return who().actor; }

std::string Context::actor_role() {
  return state::role_text(state::role_of(access_store(), actor()));
}

bool Context::has_role(policy::Role least) {
  const std::optional<policy::Role> role = state::role_of(access_store(), actor());
  return role && *role >= least;
}

void Context::require_role(policy::Role least, std::string_view for_what) {
  state::Store* store = access_store();
  const state::Access access = state::read_access(store);
  const std::optional<policy::Role> role = access.role_of(actor());
  if (role && *role >= least) return;
  const std::string why = fmt::format("{}; {} takes {}", state::role_sentence(actor(), role),
                                      for_what, policy::to_string(least));
  state::refuse(*store, for_what, Error(ErrorKind::denied, why, state::who_may(access, least)),
                actor(), world.clock.now());
}

void Context::mention_open_access() {
  if (globals.quiet) return;
  state::Store* store = access_store();
  if (store == nullptr || state::read_access(store).applied) return;
  if (!store->mention_once(kOpenAccess)) return;
  inform(
      fmt::format("There is no Access document: everybody who can write this state may do "
                  "everything, as {} did "
                  "now. This is said once.",
                  actor()));
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
