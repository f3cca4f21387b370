// The page of `autopilot whatif --html`: sliders over the grid of a report's data. It decides
// nothing; what it shows was found when it was made.
#include <fmt/format.h>

#include "core/base/json.h"
#include "core/decide/line_texts.h"
#include "core/decide/whatif_report.h"
#include "core/render/html.h"
#include "core/render/svg.h"

namespace autopilot::decide {
namespace {

using render::html_escaped;

constexpr const char* kResults[] = {"allowed", "modified", "pending", "blocked"};

constexpr std::string_view kStyle = R"(
.settings{list-style:none;padding:0;margin:.5rem 0 0}.settings code{font-size:.95em}
.controls{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--line);margin:1rem -1.25rem 0;padding:.75rem 1.25rem}
.slider+.slider{margin-top:.75rem}
.slider label{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
.slider output{font-weight:650;font-size:1.15rem;font-variant-numeric:tabular-nums;text-align:right;overflow-wrap:anywhere}
.slider input{width:100%;height:1.6rem;margin:.1rem 0 0;accent-color:var(--changed)}
.ends{display:flex;justify-content:space-between;color:var(--dim);font-size:.85rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1.25rem 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .9rem .7rem}
.tiles .name{font-weight:600;font-size:.95rem}
.tiles .count{display:block;font-size:1.9rem;line-height:1.15;font-weight:650;font-variant-numeric:tabular-nums}
.tiles .delta{color:var(--dim);font-size:.85rem}
figure{margin:1.5rem 0 0}
figcaption{color:var(--dim);font-size:.9rem;margin-bottom:.4rem}
svg.chart{cursor:pointer}
svg.chart .here{fill:none;stroke:var(--ink);stroke-width:2}
.groups{list-style:none;margin:.25rem 0 1rem;padding:0}
.groups li{display:flex;gap:.6rem;padding:.15rem 0}
.groups b{min-width:2.5rem;text-align:right;font-variant-numeric:tabular-nums}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:40rem){svg.chart text{font-size:24px}}
details{margin-top:2rem}summary{cursor:pointer;font-weight:600}
.note{color:var(--dim);font-size:.9rem}
@media print{.controls{position:static}.slider input,.hint{display:none}details{display:none}}
)";

constexpr std::string_view kScript = R"js(
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const shown = 200;  // rows of the list at most
  const byId = (id) => document.getElementById(id);
  const sizes = data.parameters.map((p) => p.values.length);
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const chosen = data.parameters.map((p, i) => Number(byId("slider-" + i).value));
  let along = data.parameters.length - 1;  // the parameter that the chart goes along

  const pointAt = (place) => place.reduce((at, index, i) => at * sizes[i] + index, 0);

  function cellAt(runs, point) {
    let low = 0, high = runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (runs[middle][0] <= point) low = middle; else high = middle - 1;
    }
    return runs[low];
  }

  function element(name, content, className) {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (className) made.className = className;
    return made;
  }

  const tones = { allowed: "good", modified: "changed", pending: "warn", blocked: "bad" };
  const resultCell = (result) => element("td", result, tones[result]);
  const ruleText = (policy, rule) => (policy ? policy + "/" : "") + (rule || "-");

  function flipsAt(point) {
    const rows = [];
    for (const decision of data.decisions) {
      const [, result, rule] = cellAt(decision.runs, point);
      if (result === decision.before) continue;
      const by = data.rules[result > decision.before ? rule : decision.rule];
      rows.push({ decision, before: data.results[decision.before], after: data.results[result],
                  by: ruleText(by.policy, by.rule) });
    }
    return rows;
  }

  function showCounts(point) {
    for (const result of data.results) {
      byId("count-" + result).textContent = point[result];
      const change = point[result] - data.before[result];
      byId("delta-" + result).textContent =
        change === 0 ? "as " + data.base
          : Math.abs(change) + (change > 0 ? " more than " : " fewer than ") + data.base;
    }
    byId("count-differing").textContent = point.differing;
    byId("delta-differing").textContent = "of " + data.checked;
  }

  function showFlips(index) {
    const point = data.points[index];
    const groups = point.groups.map((g) => {
      const item = element("li"), change = element("span");
      change.append(element("span", g.before, tones[g.before]), " \u2192 ",
                    element("span", g.after, tones[g.after]), " by " + ruleText(g.policy, g.rule));
      item.append(element("b", g.count), change);
      return item;
    });
    byId("groups").replaceChildren(...groups);
    const rows = flipsAt(index);
    byId("flips").replaceChildren(...rows.slice(0, shown).map((row) => {
      const line = element("tr");
      line.append(element("td", row.decision.id, "mono"), element("td", row.decision.action),
                  element("td", row.decision.type), element("td", row.decision.target),
                  resultCell(row.before), resultCell(row.after), element("td", row.by));
      return line;
    }));
    byId("flip-table").hidden = rows.length === 0;
    const more = point.differing - Math.min(rows.length, shown);
    byId("more").textContent = point.differing === 0 ? "No decision comes out differently here."
      : more > 0 ? "and " + more + " more" : "";
  }

  // The chart goes along one parameter, the others as they are chosen.
  function showChart() {
    const svg = byId("chart"), box = svg.dataset;
    const x = Number(box.x), y = Number(box.y), width = Number(box.width), height = Number(box.height);
    const most = Number(box.most) || 1, places = sizes[along], column = width / places;
    const slice = [];
    for (let i = 0; i < places; ++i) slice.push(data.points[pointAt(chosen.map((c, k) => (k === along ? i : c)))]);
    let below = slice.map(() => 0);
    data.results.forEach((result, s) => {
      const above = slice.map((point, i) => below[i] + point[result] / most);
      const at = (i) => x + i * column, up = (share) => y + (1 - share) * height;
      let d = "M" + at(0) + " " + up(below[0]);
      above.forEach((share, i) => { d += "V" + up(share) + "H" + at(i + 1); });
      for (let i = places - 1; i >= 0; --i) d += "V" + up(below[i]) + "H" + at(i);
      svg.querySelector("[data-series=\"" + s + "\"]").setAttribute("d", d + "Z");
      below = above;
    });
    const here = byId("here");
    here.setAttribute("x", x + chosen[along] * column);
    here.setAttribute("width", Math.max(column, 2));
    const values = data.parameters[along].values;
    svg.querySelector("[data-label=first]").textContent = text(values[0]);
    svg.querySelector("[data-label=title]").textContent = data.parameters[along].name;
    svg.querySelector("[data-label=last]").textContent = text(values[places - 1]);
  }

  function show() {
    const index = pointAt(chosen), point = data.points[index];
    const names = [];
    data.parameters.forEach((parameter, i) => {
      const value = text(parameter.values[chosen[i]]);
      byId("value-" + i).textContent = value;
      byId("slider-" + i).setAttribute("aria-valuetext", value);
      names.push(parameter.name + " " + value);
    });
    showCounts(point);
    showFlips(index);
    showChart();
    byId("said").textContent = names.join(", ") + ": " +
      data.results.map((r) => point[r] + " " + r).join(", ") + "; " + point.differing + " of " +
      data.checked + " decisions come out differently.";
  }

  data.parameters.forEach((parameter, i) => {
    const slider = byId("slider-" + i);
    slider.addEventListener("input", () => { chosen[i] = Number(slider.value); along = i; show(); });
    slider.addEventListener("focus", () => { along = i; showChart(); });
  });
  byId("chart").addEventListener("click", (event) => {
    const svg = byId("chart"), frame = svg.getBoundingClientRect(), box = svg.dataset;
    const scale = svg.viewBox.baseVal.width / frame.width;
    const share = ((event.clientX - frame.left) * scale - Number(box.x)) / Number(box.width);
    if (share < 0 || share >= 1) return;
    chosen[along] = Math.floor(share * sizes[along]);
    byId("slider-" + along).value = chosen[along];
    show();
  });
  show();
})();
)js";

std::string text_of(const Value& value) {
  return value.is_string() ? value.as_string() : to_json(value);
}

const List& list_at(const Map& data, std::string_view key) { return data.find(key)->as_list(); }

// Where the sliders stand first: where least is different.
std::size_t first_point(const Map& data) {
  const List& points = list_at(data, "points");
  const auto differing = [](const Value& p) { return p.get("differing")->as_int(); };
  const auto least =
      std::min_element(points.begin(), points.end(),
                       [&](const Value& a, const Value& b) { return differing(a) < differing(b); });
  return static_cast<std::size_t>(least - points.begin());
}

std::string head(const Map& data) {
  std::string out = "<header>\n<h1>What if</h1>\n";
  out += fmt::format(
      "<p>What {} decisions would have come to under {}, compared with what they {}.</p>\n",
      data.find("checked")->as_int(), html_escaped(data.find("policies")->as_string()),
      data.find("base")->as_string() == "recorded" ? "were recorded as" : "come to unchanged");
  const List& settings = list_at(data, "settings");
  if (!settings.empty()) {
    out += "<ul class=\"settings\">";
    for (const Value& s : settings)
      out += "<li>with <code>" + html_escaped(s.as_string()) + "</code></li>";
    out += "</ul>\n";
  }
  return out + "</header>\n";
}

std::string sliders(const Map& data) {
  const List& parameters = list_at(data, "parameters");
  std::size_t point = first_point(data);
  std::vector<std::size_t> place(parameters.size());
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::size_t size = parameters[i].get("values")->as_list().size();
    place[i] = point % size;
    point /= size;
  }
  std::string out = "<section class=\"controls\" aria-label=\"Parameters\">\n";
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const List& values = parameters[i].get("values")->as_list();
    out += fmt::format(
        "<div class=\"slider\"><label for=\"slider-{0}\"><code>{1}</code><output id=\"value-{0}\" "
        "for=\"slider-{0}\">{4}</output></label>"
        "<input type=\"range\" id=\"slider-{0}\" min=\"0\" max=\"{2}\" step=\"1\" value=\"{3}\">"
        "<div class=\"ends\" aria-hidden=\"true\"><span>{5}</span><span>{6}</span></div></div>\n",
        i, html_escaped(parameters[i].get("name")->as_string()), values.size() - 1, place[i],
        html_escaped(text_of(values[place[i]])), html_escaped(text_of(values.front())),
        html_escaped(text_of(values.back())));
  }
  return out + "</section>\n";
}

std::string tile(std::string_view id, std::string_view name, const char* tone) {
  return fmt::format(
      "<li><span class=\"name {2}\">{1}</span><span class=\"count\" id=\"count-{0}\"></span>"
      "<span class=\"delta\" id=\"delta-{0}\"></span></li>\n",
      id, name, tone);
}

std::string counts() {
  constexpr const char* kTones[] = {"good", "changed", "warn", "bad"};
  std::string out = "<ul class=\"tiles\">\n";
  for (std::size_t r = 0; r < 4; ++r) out += tile(kResults[r], kResults[r], kTones[r]);
  out += tile("differing", "differ", "strong");
  return out + "</ul>\n<p id=\"said\" class=\"spoken\" aria-live=\"polite\"></p>\n";
}

// Along the last parameter, the others at their first values; the script redraws it.
std::string chart(const Map& data) {
  const Value& parameter = list_at(data, "parameters").back();
  const List& values = parameter.get("values")->as_list();
  render::Chart chart{
      parameter.get("name")->as_string(), text_of(values.front()), text_of(values.back()), {}};
  for (const char* result : kResults) {
    render::Series series{result, tone_of(result), {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      series.values.push_back(list_at(data, "points")[i].get(result)->as_double());
    chart.series.push_back(std::move(series));
  }
  render::SvgFrame frame;
  frame.id = "chart";
  frame.marker = "here";
  return "<figure>\n<figcaption>Decisions by result; the frame marks where the slider "
         "stands.</figcaption>\n" +
         render::svg_key(chart) + render::svg_stack(chart, frame) + "</figure>\n";
}

constexpr std::string_view kFlips = R"(<section aria-labelledby="flips-title">
<h2 id="flips-title">Decisions that come out differently here</h2>
<ul class="groups" id="groups"></ul>
<div class="scroll" id="flip-table" tabindex="0" role="region" aria-labelledby="flips-title"><table>
<thead><tr><th scope="col">decision</th><th scope="col">action</th><th scope="col">type</th><th scope="col">target</th><th scope="col">was</th><th scope="col">becomes</th><th scope="col">by</th></tr></thead>
<tbody id="flips"></tbody></table></div>
<p class="note" id="more"></p>
</section>
)";

// The frontier, which stands still, and all points for whoever runs no scripts.
std::string rest(const render::Report& report) {
  const auto heading = std::find_if(
      report.text.begin(), report.text.end(),
      [](const render::Block& b) { return std::holds_alternative<render::Heading>(b); });
  std::string out =
      "<section>\n" + render::html_blocks({heading, report.text.end()}) + "</section>\n";
  std::vector<render::Block> points;
  std::copy_if(report.text.begin(), heading, std::back_inserter(points),
               [](const render::Block& b) {
                 return std::holds_alternative<render::Table>(b) ||
                        std::holds_alternative<render::Paragraph>(b);
               });
  return out + "<details>\n<summary>All points as a table</summary>\n" +
         render::html_blocks(points) + "</details>\n";
}

}  // namespace

std::string what_if_page(const render::Report& report) {
  render::HtmlPage page;
  page.title = "What if";
  for (const Value& parameter : list_at(report.data, "parameters"))
    page.title += " " + parameter.get("name")->as_string();
  page.style = kStyle;
  page.script = kScript;
  page.body = head(report.data) + sliders(report.data) + counts() + chart(report.data) +
              std::string(kFlips) + rest(report);
  page.data = report.data;
  return render::html_page(page);
}

}  // namespace autopilot::decide
