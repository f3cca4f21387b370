#include "core/optimize/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/optimize/fields.h"
#include "core/optimize/name_index.h"

namespace autopilot::optimize {
namespace {

void apply(Problem& p, const Constraint& c) {
  const auto raise = [&](double& low) { low = std::max(low, c.value); };
  const auto lower = [&](double& high) { high = std::min(high, c.value); };
  switch (c.limit) {
    case Limit::channel_min:
    case Limit::shift_down:
      return raise(p.channels[c.index].min);
    case Limit::channel_max:
    case Limit::shift_up:
      return lower(p.channels[c.index].max);
    case Limit::frozen:
      raise(p.channels[c.index].min);
      return lower(p.channels[c.index].max);
    case Limit::active_min:
      p.channels[c.index].active_min = c.value;
      return;
    case Limit::total_min:
      return raise(p.total_min);
    case Limit::total_max:
      return lower(p.total_max);
    case Limit::group_min:
    case Limit::pace_min:
      return raise(p.groups[c.index].min);
    case Limit::group_max:
    case Limit::pace_max:
      return lower(p.groups[c.index].max);
    case Limit::group_share:
      return lower(p.groups[c.index].max_share);
    case Limit::group_roi:
      return raise(p.groups[c.index].roi_min);
    case Limit::group_active:
      p.groups[c.index].max_active = static_cast<std::size_t>(c.value);
      return;
    case Limit::roi:
      return raise(p.roi_min);
    case Limit::turnover:
      return lower(p.turnover_max);
    case Limit::return_min:
      p.return_min = c.value;
      return;
  }
}

class Reading {
 public:
  Reading(const std::string& id, const Value& spec) : spec_(spec) {
    plan_.id = id;
    plan_.unit = text_of(spec.get("currency"));
    if (const std::string name = text_of(spec.get("algorithm")); !name.empty())
      plan_.algorithm = name;
    plan_.resolution = number_of(spec.get("resolution")).value_or(plan_.unit.empty() ? 0 : 0.01);
  }

  Plan read(const ChannelRows* rows) {
    read_channels(rows);
    read_groups();
    read_pacing();
    read_goal();
    read_total();
    read_risk();
    return std::move(plan_);
  }

 private:
  void add(Limit limit, std::size_t index, double value) {
    plan_.constraints.push_back({limit, index, value});
  }
  void add_if(Limit limit, std::size_t index, const std::optional<double>& value) {
    if (value) add(limit, index, *value);
  }

  void read_channels(const ChannelRows* rows) {
    default_shift_ = share_of(spec_.get("max_shift"));
    if (rows != nullptr) {
      plan_.open.channels.reserve(rows->at_most);
      plan_.tier.reserve(rows->at_most);
      plan_.constraints.reserve(rows->at_most);
      index_.reserve(rows->at_most);
      rows->each([this](const ChannelRow& row) { add_channel(row); });
    } else {
      for (const Value& channel : spec_.get("channels")->as_list()) {
        std::string fault;
        add_channel(row_from(channel, fault));
        if (!fault.empty()) throw Error(ErrorKind::invalid, fault);
      }
    }
    if (!twice_.empty()) throw Error(ErrorKind::invalid, twice_);
    if (std::none_of(plan_.tier.begin(), plan_.tier.end(), [](std::size_t t) { return t > 1; }))
      plan_.tier.clear();
  }

  static std::string ordinal(std::size_t n) {
    const char* const endings[] = {"th", "st", "nd", "rd"};
    const bool is_teen = n % 100 / 10 == 1;
    return fmt::format("{}{}", n, n % 10 < 4 && !is_teen ? endings[n % 10] : endings[0]);
  }
  auto id_at() const {
    return [this](std::size_t i) -> std::string_view { return plan_.open.channels[i].id; };
  }
  void add_channel(const ChannelRow& row) {
    const std::size_t i = plan_.open.channels.size();
    if (!index_.add(row.id, i, id_at())) {
      if (twice_.empty()) {
        twice_ = fmt::format("two channels are called {}: the {} of the list is the second", row.id,
                             ordinal(i + 1));
      }
      return;
    }
    Channel channel;
    channel.id = row.id;
    channel.current = row.current;
    channel.fixed_cost = row.fixed_cost.value_or(0);
    if (row.curve)
      channel.curve = *row.curve;
    else
      plan_.unfitted.push_back(i);
    plan_.open.channels.push_back(std::move(channel));
    plan_.tier.push_back(std::max<std::size_t>(row.tier, 1));
    add_if(Limit::channel_min, i, row.min);
    add_if(Limit::channel_max, i, row.max);
    add_if(Limit::active_min, i, row.active_min);
    const std::optional<double> shift = row.max_shift ? row.max_shift : default_shift_;
    if (row.frozen) {
      add(Limit::frozen, i, row.current);
    } else if (shift) {
      add(Limit::shift_down, i, row.current * (1 - std::min(1.0, *shift)));
      add(Limit::shift_up, i, row.current * (1 + *shift));
    }
    if (!row.group.empty()) by_row_[row.group].push_back(i);
  }

  std::size_t channel_called(const std::string& id, std::string_view where) const {
    if (const auto found = index_.find(id, id_at())) return *found;
    std::vector<std::string> known;
    for (const Channel& c : plan_.open.channels) known.push_back(c.id);
    if (known.size() > 1000) known.resize(1000);
    throw Error(ErrorKind::invalid, fmt::format("{}: there is no channel {}", where, id),
                std::string(trim(did_you_mean(id, known))));
  }

  void read_groups() {
    const Value* groups = spec_.get("groups");
    for (std::size_t g = 0; groups != nullptr && g < groups->as_list().size(); ++g)
      add_group(groups->as_list()[g]);
    for (const auto& [name, members] : by_row_) {
      if (used_.contains(name)) continue;
      throw Error(ErrorKind::invalid,
                  fmt::format("a channel is in the group {}, which is not there", name),
                  "list it under groups");
    }
  }

  void add_group(const Value& from) {
    Group group;
    group.id = text_of(from.get("id"));
    if (const Value* members = from.get("channels")) {
      for (const Value& m : members->as_list())
        group.members.push_back(channel_called(m.as_string(), "group " + group.id));
    }
    if (const auto found = by_row_.find(group.id); found != by_row_.end()) {
      used_[group.id] = true;
      group.members.insert(group.members.end(), found->second.begin(), found->second.end());
    }
    std::sort(group.members.begin(), group.members.end());
    group.members.erase(std::unique(group.members.begin(), group.members.end()),
                        group.members.end());
    const std::size_t g = plan_.open.groups.size();
    plan_.open.groups.push_back(std::move(group));
    add_if(Limit::group_min, g, number_of(from.get("min")));
    add_if(Limit::group_max, g, number_of(from.get("max")));
    add_if(Limit::group_share, g, share_of(from.get("max_share")));
    add_roi(Limit::group_roi, g, from);
    add_if(Limit::group_active, g, number_of(from.get("max_active")));
  }

  // roi_min, or what a cost per unit of return comes to.
  void add_roi(Limit limit, std::size_t index, const Value& from) {
    add_if(limit, index, number_of(from.get("roi_min")));
    const auto cpa = number_of(from.get("cpa_max"));
    if (cpa) plan_.constraints.push_back({limit, index, 1 / *cpa, true});
  }

  // All that is spent up to a channel, in the order of the channels: groups one within the next.
  void read_pacing() {
    const Value* pacing = spec_.get("pacing");
    for (std::size_t k = 0; pacing != nullptr && k < pacing->as_list().size(); ++k) {
      const Value& entry = pacing->as_list()[k];
      const std::string through = text_of(entry.get("through"));
      const std::size_t last = channel_called(through, "pacing");
      Group group;
      group.id = "up to " + through;
      for (std::size_t i = 0; i <= last; ++i) group.members.push_back(i);
      const std::size_t g = plan_.open.groups.size();
      plan_.open.groups.push_back(std::move(group));
      add_if(Limit::pace_min, g, number_of(entry.get("min")));
      add_if(Limit::pace_max, g, number_of(entry.get("max")));
    }
  }

  void read_goal() {
    const std::string goal = text_of(spec_.get("objective"));
    if (goal == "max_profit") plan_.open.goal = Goal::most_profit;
    if (goal == "min_spend") plan_.open.goal = Goal::least_spend;
    plan_.open.price = number_of(spec_.get("target_marginal_roi")).value_or(0);
    add_if(Limit::return_min, 0, number_of(spec_.get("return_min")));
    add_roi(Limit::roi, 0, spec_);
    add_if(Limit::turnover, 0, number_of(spec_.get("max_moved")));
  }

  void read_total() {
    const Value* total = spec_.get("total");
    if (total == nullptr) return;
    if (total->is_number()) {
      add(Limit::total_min, 0, total->as_double());
      add(Limit::total_max, 0, total->as_double());
      return;
    }
    add_if(Limit::total_min, 0, number_of(total->get("min")));
    add_if(Limit::total_max, 0, number_of(total->get("max")));
  }

  std::vector<double> by_channel(const Value& map, std::string_view where) const {
    std::vector<double> out(plan_.open.channels.size(), 0);
    for (const auto& [id, value] : map.as_map()) out[channel_called(id, where)] = value.as_double();
    return out;
  }

  void read_risk() {
    const Value* risk = spec_.get("risk");
    if (risk == nullptr) return;
    Risk& to = plan_.open.risk;
    to.penalty = number_of(risk->get("penalty")).value_or(0);
    to.diagonal.assign(plan_.open.channels.size(), 0);
    if (const Value* variance = risk->get("variance"))
      to.diagonal = by_channel(*variance, "risk: variance");
    if (const Value* factors = risk->get("factors")) {
      for (const Value& factor : factors->as_list())
        to.loadings.push_back(by_channel(factor, "risk: factors"));
    }
    if (const Value* covariance = risk->get("covariance")) {
      to.dense.assign(plan_.open.channels.size(), {});
      for (auto& row : to.dense) row.assign(plan_.open.channels.size(), 0);
      for (const auto& [id, row] : covariance->as_map()) {
        const std::size_t i = channel_called(id, "risk: covariance");
        const std::vector<double> values = by_channel(row, "risk: covariance");
        for (std::size_t j = 0; j < values.size(); ++j) {
          if (values[j] != 0) to.dense[i][j] = to.dense[j][i] = values[j];
        }
      }
    }
  }

  const Value& spec_;
  Plan plan_;
  std::optional<double> default_shift_;
  NameIndex index_;
  std::string twice_;  // what is wrong with the first id that there are two of
  std::map<std::string, std::vector<std::size_t>> by_row_;
  std::map<std::string, bool> used_;
};

}  // namespace

std::string channels_file(const Value& spec) {
  const Value* channels = spec.get("channels");
  return channels != nullptr && channels->is_map() ? text_of(channels->get("from")) : std::string();
}

Plan plan_from(const std::string& id, const Value& spec, const ChannelRows* rows) {
  return Reading(id, spec).read(rows);
}

Problem problem_of(const Plan& plan) {
  Problem out = plan.open;
  for (const Constraint& c : plan.constraints) apply(out, c);
  return out;
}

Problem problem_with(const Plan& plan, const std::vector<bool>& keep) {
  Problem out = plan.open;
  for (std::size_t k = 0; k < plan.constraints.size(); ++k) {
    if (keep[k]) apply(out, plan.constraints[k]);
  }
  return out;
}

}  // namespace autopilot::optimize
