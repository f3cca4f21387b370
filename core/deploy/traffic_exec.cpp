#include "core/deploy/traffic_exec.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/counts_fit.h"
#include "core/deploy/placeholders.h"
#include "core/deploy/programs.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

// What `read` prints: {"weights": {"blue": 9500, "green": 500}, "requests": {"blue": 1, …},
// "open": {"blue": 0, …}, "match": […], "mirror": 2000}. `requests` and `open` may be absent; the
// other two must be there when `set` takes them.
class ExecTraffic final : public Traffic {
 public:
  ExecTraffic(const Value& spec, const Site& site, World& world)
      : spec_(spec), site_(site), world_(world) {
    text_list("set");
    text_list("read");
    limits_.time = duration_in(spec, "timeout", Duration::seconds(30));
    limits_.pass = texts_in(spec, "pass");
    sample_ = duration_in(spec, "sample", Duration::seconds(1));
  }

  Value install(const std::vector<Routing>&) override {
    if (spec_.get("install") == nullptr) return Map{{"changed", false}};
    output_of(world_, fill_words(text_list("install"), {{"deployment", site_.deployment}}),
              limits_);
    return Map{{"changed", true}};
  }

  void set(const Split& split) override {
    if ((!split.match.empty() && !takes("match")) || (split.mirror_bp > 0 && !takes("mirror")))
      refuse_match_and_mirror(split, "traffic.set");
    output_of(world_,
              fill_words(text_list("set"), {{"canary", split.canary},
                                            {"stable", split.stable},
                                            {"bp", std::to_string(split.canary_bp)},
                                            {"percent", fmt::format("{}", split.canary_bp / 100.0)},
                                            {"match", to_json(to_value(split.match))},
                                            {"mirror", std::to_string(split.mirror_bp)},
                                            {"deployment", site_.deployment}}),
              limits_);
  }

  SplitCheck verify(const Split& split) override {
    try {
      return check(split);
    } catch (const Error& e) {
      return {false, e.with_hint(), Map{}};
    }
  }

  std::map<std::string, int> shares() override {
    std::map<std::string, int> out;
    try {
      const Value seen = read();
      for (const Slot& slot : site_.slots) {
        out[slot.name] = static_cast<int>(number_of(seen, "weights", slot.name));
      }
    } catch (const Error&) {
      return {};
    }
    return out;
  }

  std::optional<std::int64_t> open_connections(const std::string& slot) override {
    try {
      const Value seen = read();
      if (seen.get("open") == nullptr) return std::nullopt;
      return number_of(seen, "open", slot);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  bool takes_any_weight() const override { return true; }

 private:
  // Whether `set` is told of it; then `read` must tell of it too.
  bool takes(const std::string& what) const {
    const std::string place = "{{" + what + "}}";
    const List& words = text_list("set").as_list();
    return std::any_of(words.begin(), words.end(), [&](const Value& word) {
      return word.is_string() && word.as_string().find(place) != std::string::npos;
    });
  }

  // "" when the program has the match and the copies in force that it should.
  std::string fault_beside_weights(const Split& split, const Value& seen) const {
    const std::pair<const char*, Value> wanted[] = {{"match", to_value(split.match)},
                                                    {"mirror", split.mirror_bp}};
    for (const auto& [name, value] : wanted) {
      if (!takes(name)) continue;
      const Value* own = seen.get(name);
      if (own != nullptr && to_canonical_json(*own) == to_canonical_json(value)) continue;
      return fmt::format("traffic.read printed {} as {}, not {}",
                         own == nullptr ? "nothing" : to_json(*own), name, to_json(value));
    }
    return "";
  }

  const Value& text_list(std::string_view field) const {
    const Value* words = spec_.get(field);
    if (words == nullptr || !words->is_list() || words->as_list().empty()) {
      throw Error(ErrorKind::invalid, fmt::format("traffic.{} must be a list of words", field));
    }
    return *words;
  }

  Value read() {
    return json_of(world_, fill_words(text_list("read"), {{"deployment", site_.deployment}}),
                   limits_);
  }

  static std::int64_t number_of(const Value& seen, std::string_view field,
                                const std::string& slot) {
    const Value* of = seen.get(field);
    const Value* number = of == nullptr ? nullptr : of->get(slot);
    if (number != nullptr && number->kind() == Value::Kind::integer) return number->as_int();
    throw Error(ErrorKind::outside,
                fmt::format("traffic.read printed no whole number as {}.{}", field, slot));
  }

  SplitCheck check(const Split& split) {
    const Value before = read();
    const std::int64_t canary = number_of(before, "weights", split.canary);
    const std::int64_t stable = number_of(before, "weights", split.stable);
    SplitCheck out;
    out.observed = Map{{"weights", Map{{split.canary, canary}, {split.stable, stable}}}};
    out.holds = canary == split.canary_bp && stable == kWhole - split.canary_bp;
    out.why = fmt::format("{} has {} basis points, {} has {}", split.canary, canary, split.stable,
                          stable);
    const std::string fault = fault_beside_weights(split, before);
    if (!out.holds) {
      out.why += fmt::format(", not {} and {}", split.canary_bp, kWhole - split.canary_bp);
    } else if (!fault.empty()) {
      out.holds = false;
      out.why = fault;
    } else if (before.get("requests") != nullptr) {
      count(split, before, out);
    }
    return out;
  }

  // Where the program counts requests, those of a moment must fit the weights.
  void count(const Split& split, const Value& before, SplitCheck& out) {
    world_.clock.sleep(sample_);
    const Value after = read();
    const auto grown = [&](const std::string& slot) {
      return number_of(after, "requests", slot) - number_of(before, "requests", slot);
    };
    const std::int64_t canary = grown(split.canary), stable = grown(split.stable);
    out.observed.as_map()["requests"] = Map{{split.canary, canary}, {split.stable, stable}};
    if (canary < 0 || stable < 0) {
      out.holds = false;
      out.why = "the counts of requests went back";
    } else if (canary + stable > 0 && split.match.empty() &&
               !counts_fit(canary, canary + stable, split.canary_bp / 10000.0)) {
      out.holds = false;
      out.why = fmt::format("{} of {} requests went to {}, whose weight is {} basis points", canary,
                            canary + stable, split.canary, split.canary_bp);
    }
  }

  Value spec_;
  Site site_;
  World& world_;
  CaptureLimits limits_;
  Duration sample_;
};

}  // namespace

std::unique_ptr<Traffic> make_exec_traffic(const Value& spec, const Site& site, World& world) {
  return std::make_unique<ExecTraffic>(spec, site, world);
}

}  // namespace autopilot::deploy
