#include "commands/registry.h"

namespace autopilot::commands {
namespace {

using cli::RoleRow;
using policy::Role;

constexpr char kAuthority[] = "a policy's authority where that is higher";

// What needs no state takes none: it reads files that whoever asks can read anyway. What looks at
// the state takes viewer, what changes it or decides takes operator.
constexpr RoleRow kRows[] = {
    {"init", {}},
    {"validate", {}, "viewer for what recorded decisions say"},
    {"test", {}, "viewer with --record"},
    {"plan", Role::viewer},
    {"apply", Role::operator_,
     "a changed policy takes its authority, an Access document dg_ai, other documents admin"},
    {"diff", Role::viewer},
    {"log", Role::viewer},
    {"export", Role::viewer},
    {"convert", {}},
    {"schema", {}},
    {"policy disable", Role::operator_, kAuthority},
    {"secrets list", {}},
    {"secrets check", Role::operator_},
    {"policy enable", Role::operator_, kAuthority},

    {"approvals", Role::viewer},
    {"approvals show", Role::viewer},
    {"approve", Role::operator_, "what the rule of the request says where that is higher"},
    {"reject", Role::operator_},
    {"revoke", Role::operator_},

    {"rollout status", Role::viewer},
    {"rollout promote", Role::operator_, kAuthority},
    {"rollout rollback", Role::operator_, kAuthority},
    {"rollout resume", Role::operator_, kAuthority},
    {"rollout tick", Role::operator_},
    {"shadow report", Role::viewer},

    {"run", Role::operator_},
    {"optimize traffic", {}, "viewer with --learnt"},
    {"optimize simulate", {}},
    {"optimize budget", {}, "viewer for what the state holds: documents and policies in force"},
    {"optimize weights", {}},

    {"deploy run", Role::operator_, "the role of a freeze with --emergency"},
    {"deploy start", Role::operator_, "the role of a freeze with --emergency"},
    {"deploy tick", Role::operator_},
    {"deploy status", Role::viewer},
    {"deploy watch", Role::viewer, "operator for its keys"},
    {"deploy promote", Role::operator_, "the role of a gate, admin to cut a hold short"},
    {"deploy pause", Role::operator_},
    {"deploy resume", Role::operator_},
    {"deploy abort", Role::operator_},
    {"deploy rollback", Role::operator_},
    {"deploy retry", Role::operator_},
    {"deploy history", Role::viewer},
    {"deploy dora", Role::viewer},
    {"deploy check", Role::operator_},
    {"deploy simulate", Role::viewer},
    {"deploy smoke", {}},
    {"deploy load", {}},
    {"deploy judge", {}},

    {"backtest", {}},
    {"backtest counterfactual", {}},

    {"decide", Role::operator_, "--override takes the authority of every policy that blocks"},
    {"show", Role::viewer},
    {"graph", Role::viewer},
    {"replay", Role::viewer},
    {"whatif", Role::viewer},
    {"eval", {}},

    {"state info", Role::viewer},
    {"state lock", Role::operator_},
    {"state unlock", Role::operator_, "admin with --force"},
    {"state check", Role::viewer},
    {"state checkpoint", Role::operator_},
    {"audit verify", Role::viewer},
    {"audit list", Role::viewer},
    {"audit prove", Role::viewer},
    {"audit export", Role::viewer},
    {"audit search", Role::viewer},

    {"help", {}},
    {"version", {}},
    {"docs man", {}},
    {"docs completions", {}},
    {"__lp", {}},
    {"__complete", {}, "viewer for what it offers"},
};

}  // namespace

cli::Roles roles() { return kRows; }

}  // namespace autopilot::commands
