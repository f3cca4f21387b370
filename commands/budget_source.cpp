#include "commands/budget_source.h"

#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/optimize/table.h"
#include "core/policy/loader.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

std::string beside(const std::string& file, const std::string& name) {
  const std::size_t slash = file.rfind('/');
  return name.starts_with('/') || slash == std::string::npos ? name
                                                             : file.substr(0, slash + 1) + name;
}

void stop_at_faults(cli::Context& context) {
  context.show_diagnostics();
  if (!context.diagnostics.ok()) throw Error(ErrorKind::invalid, "the budget has faults");
}

class BudgetReader {
 public:
  BudgetReader(cli::Context& context, const std::string& what, const std::string& events)
      : context_(context), what_(what), events_(events) {}

  BudgetSource read() {
    const policy::Document document = find();
    const Value* spec = document.content.get("spec");
    BudgetSource out;
    out.plan = plan_of(document, *spec);
    const Value* observed = spec->get("observed");
    if (!events_.empty())
      fit(context_.diagnostics.sources().add(events_, context_.world.files.read(events_)), out);
    else if (observed != nullptr)
      fit(source(document, observed->as_string(), {"observed"}), out);
    require_curves(out);
    return out;
  }

 private:
  optimize::Plan plan_of(const policy::Document& document, const Value& spec) {
    const std::string table = optimize::channels_file(spec);
    if (table.empty()) return optimize::plan_from(document.id, spec, nullptr);
    const std::uint32_t at = source(document, table, {"channels", "from"});
    optimize::ChannelRows rows = optimize::channel_rows(text(at), at, context_.diagnostics);
    rows.each = [this, each = std::move(rows.each)](const auto& visit) {
      each(visit);
      stop_at_faults(context_);
    };
    return optimize::plan_from(document.id, spec, &rows);
  }

  policy::Document find() {
    Files& files = context_.world.files;
    if (what_ == "-" || files.exists(what_)) return from_paths({what_});
    if (!context_.in_project() && context_.globals.state.empty())
      throw Error(ErrorKind::storage, fmt::format("there is no file {}", what_));
    std::vector<std::string> paths;
    if (context_.in_project()) {
      for (const std::string& path : context_.project().paths)
        paths.push_back(context_.in_root(path));
    }
    return from_paths(paths, what_);
  }

  // The only Budget in the paths, or that of the id; of the state when the files have none.
  policy::Document from_paths(const std::vector<std::string>& paths, const std::string& id = "") {
    policy::LoadResult loaded;
    if (!paths.empty())
      loaded = policy::load_paths(paths, context_.project(), context_.world.files,
                                  context_.diagnostics, nullptr, policy::Trees::keep);
    std::vector<policy::Document> budgets;
    std::vector<std::string> ids;
    for (policy::Document& document : loaded.documents) {
      if (document.kind != "Budget") continue;
      ids.push_back(document.id);
      if (id.empty() || document.id == id) budgets.push_back(std::move(document));
    }
    if (!id.empty() && budgets.empty()) {
      state::Store* store = context_.store_if_any();
      if (store != nullptr && context_.has_role(policy::Role::viewer)) {
        if (auto document = store->document("Budget", id)) return *std::move(document);
      }
    }
    if (id.empty() || budgets.empty()) stop_at_faults(context_);
    if (budgets.size() == 1) return std::move(budgets.front());
    if (budgets.empty())
      throw Error(ErrorKind::invalid,
                  id.empty()
                      ? fmt::format("there is no document of kind Budget in {}", join(paths, ", "))
                      : fmt::format("there is no file and no Budget called {}", id),
                  std::string(trim(did_you_mean(id, ids))));
    throw Error(ErrorKind::invalid, fmt::format("there are several budgets: {}", join(ids, ", ")),
                "name one of them");
  }

  // A file that the document names there; one that cannot be read is a fault of that place.
  std::uint32_t source(const policy::Document& document, const std::string& name,
                       const std::vector<std::string>& where) {
    const std::string path = beside(document.file, name);
    const YamlNode* node = document.tree ? document.tree->find("spec") : nullptr;
    for (const std::string& field : where) node = node != nullptr ? node->find(field) : nullptr;
    try {
      return context_.diagnostics.sources().add(path, context_.world.files.read(path));
    } catch (const Error& error) {
      if (node == nullptr) throw;
      context_.diagnostics.error("unreadable", node->span, error.what()).help =
          "paths are relative to the file of the document";
      stop_at_faults(context_);
      throw;
    }
  }
  const std::string& text(std::uint32_t source) const {
    return context_.diagnostics.sources().text(source);
  }

  void fit(std::uint32_t at, BudgetSource& out) {
    const auto seen = optimize::read_observations(text(at), at, context_.diagnostics);
    stop_at_faults(context_);
    std::map<std::string, std::vector<optimize::Point>> by_channel;
    for (const optimize::Observation& o : seen)
      by_channel[o.channel].push_back({o.spend, o.returned});
    optimize::Plan& plan = out.plan;
    plan.observed_max.assign(plan.open.channels.size(), 0);
    for (std::size_t i = 0; i < plan.open.channels.size(); ++i) {
      const auto found = by_channel.find(plan.open.channels[i].id);
      if (found == by_channel.end()) continue;
      for (const optimize::Point& p : found->second)
        plan.observed_max[i] = std::max(plan.observed_max[i], p.x);
    }
    std::vector<std::size_t> left;
    for (const std::size_t i : plan.unfitted) {
      optimize::Channel& channel = plan.open.channels[i];
      const auto found = by_channel.find(channel.id);
      if (found == by_channel.end()) {
        left.push_back(i);
        continue;
      }
      optimize::Fit fit = fitted(channel.id, found->second, channel.current);
      channel.curve = fit.curve;
      out.fitted.push_back({i, std::move(fit)});
    }
    plan.unfitted = std::move(left);
  }

  static optimize::Fit fitted(const std::string& id, const std::vector<optimize::Point>& seen,
                              double current) {
    try {
      return optimize::fit_curve(seen, current);
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("{}: {}", id, error.what()), error.hint());
    }
  }

  void require_curves(const BudgetSource& source) const {
    if (source.plan.unfitted.empty()) return;
    std::vector<std::string> names;
    for (const std::size_t i : source.plan.unfitted) {
      if (names.size() == 5) break;
      names.push_back(source.plan.open.channels[i].id);
    }
    const std::size_t more = source.plan.unfitted.size() - names.size();
    throw Error(ErrorKind::invalid,
                fmt::format("there is no curve and nothing observed for {}{}", join(names, ", "),
                            more > 0 ? fmt::format(" and {} more", more) : ""),
                "give each a curve, or --events FILE with its spend and return");
  }

  cli::Context& context_;
  const std::string& what_;
  const std::string& events_;
};

}  // namespace

BudgetSource read_budget(cli::Context& context, const std::string& what,
                         const std::string& events) {
  return BudgetReader(context, what, events).read();
}

}  // namespace autopilot::commands
