// One JSON line → slots: ours against simdjson On-Demand, which reads the same fields in document
// order and checks only what it passes, and against nlohmann/json, which builds the whole tree.
#include <simdjson.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bench/measure.h"
#include "bench/on_demand.h"
#include "bench/samples.h"
#include "core/decide/ingest.h"
#include "core/expr/scratch.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kLines = 4096;
constexpr int kPasses = 8;
constexpr int kRounds = 9;

// Lines as a reader hands them out: one after the other in one padded buffer.
struct Lines {
  std::string text;
  std::vector<std::string_view> views;
};

// Only weight updates, whose keys are all the same, or all kinds of actions in turn.
Lines make_lines(bool one_shape) {
  Lines out;
  std::vector<std::size_t> ends;
  Rng rng(7);
  for (std::uint64_t number = 0; ends.size() < kLines; ++number) {
    const std::string line = action_line(rng, number);
    if (one_shape && line.find("\"route.update_weight\"") == std::string::npos) continue;
    out.text += line + '\n';
    ends.push_back(out.text.size() - 1);
  }
  out.text.append(kPadding, ' ');
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    out.views.push_back(std::string_view(out.text).substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

const std::vector<expr::Path>& paths() {
  static const std::vector<expr::Path> all = {
      {"action", "type"},           {"action", "algorithm"},
      {"action", "data", "weight"}, {"action", "data", "old_weight"},
      {"metrics", "visits_1h"},     {"metrics", "cvr_1h"},
      {"metrics", "cost_1h"},       {"metrics", "error_rate"},
      {"segment", "geo"},           {"segment", "device"},
      {"segment", "campaign"}};
  return all;
}

Sum ours(const Lines& lines) {
  expr::SlotTable slots;
  for (const expr::Path& path : paths()) slots.slot(path);
  decide::Decoder decoder(slots);
  decide::Input input;
  decide::InputFault fault;
  expr::Scratch scratch;
  Sum sum;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const std::string_view line : lines.views) {
      scratch.reset();
      if (!decoder.decode(line, input, scratch, fault)) std::abort();
      for (const expr::Val& v : input.slots) {
        if (v.tag == expr::Tag::real) sum += v.real;
        if (v.tag == expr::Tag::string) sum += v.text();
      }
    }
  }
  return sum;
}

Sum on_demand(const Lines& lines) { return read_in_order(lines.views, kPasses); }

// The same for lines whose keys vary: each field by its name, wherever it stands.
Sum on_demand_any_order(const Lines& lines) {
  namespace od = simdjson::ondemand;
  od::parser parser;
  Sum sum;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const std::string_view line : lines.views) {
      od::document document =
          parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING);
      for (const expr::Path& path : paths()) {
        od::object object = document.get_object();
        const bool of_action = path[0] == "action";
        simdjson::simdjson_result<od::value> at = object[of_action ? "action" : "context"];
        for (std::size_t i = of_action ? 1 : 0; i < path.size(); ++i) at = at[path[i]];
        double number = 0;
        std::string_view text;
        if (at.get_double().get(number) == simdjson::SUCCESS) sum += number;
        if (at.get_string().get(text) == simdjson::SUCCESS) sum += text;
        document.rewind();
      }
    }
  }
  return sum;
}

Sum tree(const Lines& lines) {
  Sum sum;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const std::string_view line : lines.views) {
      const nlohmann::json document = nlohmann::json::parse(line);
      for (const expr::Path& path : paths()) {
        const bool of_action = path[0] == "action";
        const nlohmann::json* at = &document[of_action ? "action" : "context"];
        for (std::size_t i = of_action ? 1 : 0; i < path.size() && at != nullptr; ++i) {
          const auto found = at->find(path[i]);
          at = found == at->end() ? nullptr : &*found;
        }
        if (at != nullptr && at->is_number()) sum += at->get<double>();
        if (at != nullptr && at->is_string()) sum += at->get_ref<const std::string&>();
      }
    }
  }
  return sum;
}

// Nanoseconds a line for each reader, which must agree about what they read.
std::vector<double> nanoseconds(const Lines& lines, const std::vector<Sum (*)(const Lines&)>& all) {
  std::vector<std::function<void()>> works;
  for (const auto reader : all) {
    if (!(reader(lines) == all.front()(lines))) {
      std::fputs("bench: the readers disagree\n", stderr);
      std::exit(1);
    }
    works.emplace_back([&lines, reader] { keep(reader(lines)); });
  }
  std::vector<double> out;
  for (const Timing& t : interleave(works, kRounds))
    out.push_back(t.least * 1e9 / (kLines * kPasses));
  return out;
}

void run() {
  const Lines one = make_lines(true);
  const std::vector<double> same = nanoseconds(one, {ours, on_demand, tree});
  report({"JSON record to slots",
          same[0],
          "ns",
          "simdjson On-Demand in document order",
          same[1],
          {ratio_at_most(1.5)}});
  report({"JSON record to slots",
          same[0],
          "ns",
          "nlohmann/json tree",
          same[2],
          {ratio_at_most(0.0667)}});
  const Lines mixed = make_lines(false);
  const std::vector<double> any = nanoseconds(mixed, {ours, on_demand_any_order});
  report({"JSON records of several shapes to slots",
          any[0],
          "ns",
          "simdjson On-Demand by name",
          any[1],
          {}});
}

}  // namespace
}  // namespace autopilot::bench

int main() { autopilot::bench::run(); }
