// autopilot graph: a decision, or the policies, as a picture.
#include "core/decide/graph.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/decide/archive.h"
#include "core/decide/replay.h"
#include "core/decide/summary.h"
#include "core/policy/loader.h"
#include "core/render/graph.h"
#include "core/state/policy_sets.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kGraphDetails[] =
    R"(Draws a recorded decision: the action and what was read, every policy of the revision that took it with its gates,
mutations, guards and limits, and the result. The values that each rule saw stand on the edges. It is worked out again
from the record alone, as show does.

With --policies it draws which policies touch which algorithms and action types: those in the files, or with --in-force
those of the state.

DECISION is an id, the beginning of one, or latest. The formats are tree, json, dot (Graphviz), mermaid (for Markdown),
svg (a picture that stands alone) and html.

EXAMPLES
  autopilot graph latest --format svg > decision.svg
  autopilot graph latest --brief --format mermaid
  autopilot graph --policies --format dot | dot -Tpng > policies.png
)";

class Graph : public cli::Invocation {
 public:
  explicit Graph(cli::Options& o) {
    o.argument("DECISION", decision_, "id of a decision, its beginning, or latest",
               cli::Hint::decision);
    o.flag("--policies", policies_, "draw the policies instead of a decision");
    o.flag("--in-force", in_force_, "with --policies: those of the state, not of the files");
    o.flag("--brief", brief_, "leave out policies that did not apply and rules that were skipped");
  }

  cli::Exit run(cli::Context& context) override {
    if (policies_ != decision_.empty()) {
      throw Error(ErrorKind::usage, "name a decision, or say --policies",
                  "autopilot graph latest draws the newest decision");
    }
    if (in_force_ && !policies_) throw Error(ErrorKind::usage, "--in-force goes with --policies");
    if (brief_ && policies_) throw Error(ErrorKind::usage, "--brief is about a decision");
    if (policies_) {
      draw_policies(context);
    } else {
      draw_decision(context);
    }
    return cli::Exit::ok;
  }

 private:
  void draw_decision(cli::Context& context) const {
    state::Store& store = context.existing_store();
    decide::Page page;
    page.add(0, decide::Archive(store.database()).find(decision_));
    state::PolicySets sets(store);
    decide::Replayer replayer(sets);
    decide::Trace trace;
    const bool same = replayer.replay(page.line(0), &trace) == page.line(0);
    const Value decision = parse_json_or_throw(page.line(0), "the recorded decision");
    if (!same) {
      context.inform(
          "warning: deciding this record again gives other bytes: the record was changed, or "
          "autopilot has a bug");
    }
    draw(context, decide::decision_graph(decision, trace, brief_),
         decide::describe(page.line(0), trace, same).text);
  }

  static std::vector<policy::Policy> in_force(cli::Context& context) {
    std::vector<policy::Policy> out;
    const auto set = state::PolicySets(context.existing_store()).current(context.world.clock.now());
    for (const decide::CompiledPolicy& p : set->policies()) out.push_back(p.model);
    return out;
  }

  static std::vector<policy::Policy> in_files(cli::Context& context) {
    context.root();
    const policy::Project& project = context.project();
    std::vector<std::string> paths;
    for (const std::string& path : project.paths) paths.push_back(context.in_root(path));
    const policy::LoadResult loaded =
        policy::load_paths(paths, project, context.world.files, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) {
      throw Error(loaded.unreadable > 0 ? ErrorKind::storage : ErrorKind::invalid,
                  "the documents have faults", "autopilot validate shows them in other formats");
    }
    std::vector<policy::Policy> out;
    for (const policy::Document& document : loaded.documents) {
      if (document.kind == "Policy") out.push_back(policy::policy_from(document));
    }
    if (out.empty()) throw Error(ErrorKind::invalid, "there is no policy in the files");
    return out;
  }

  void draw_policies(cli::Context& context) const {
    const std::vector<policy::Policy> policies = in_force_ ? in_force(context) : in_files(context);
    draw(context, decide::policies_graph(policies), {decide::policies_table(policies)});
  }

  static void draw(cli::Context& context, const render::Graph& graph,
                   std::vector<render::Block> text) {
    const std::string& format = context.globals.format;
    if (format == "dot") return context.write(render::graph_dot(graph));
    if (format == "mermaid") return context.write(render::graph_mermaid(graph));
    if (format == "svg") return context.write(render::graph_svg(graph));
    if (format == "html") return context.write(render::graph_html(graph, text));
    context.show({"autopilot.graph/v1", render::graph_values(graph), std::move(text)});
  }

  std::string decision_;
  bool policies_ = false;
  bool in_force_ = false;
  bool brief_ = false;
};

}  // namespace

extern const cli::Command graph{"graph",
                                "Draw a decision, or the policies",
                                kGraphDetails,
                                cli::bind<Graph>,
                                {"tree", "text", "json", "dot", "mermaid", "svg", "html"}};

}  // namespace autopilot::commands
