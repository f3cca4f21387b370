#include "core/render/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/base64.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/render/svg.h"
#include "core/render/svg_curve.h"
#include "core/render/text.h"
#include "core/render/xml.h"

namespace autopilot::render {
namespace {

// Colours have a contrast of at least 4.5 to 1 on the page and on cards, in both schemes.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--page:#fdfdfc;--card:#f4f5f7;--ink:#1b1f24;--dim:#57606a;--line:#d0d5dc;
--good:#1a6e42;--changed:#1f5fa8;--warn:#8a5a00;--bad:#b3261e;--focus:#1f5fa8;
--good-area:#58a67f;--changed-area:#5a8fcf;--warn-area:#d19a2a;--bad-area:#cf6557}
@media (prefers-color-scheme:dark){:root{--page:#15181d;--card:#1e2229;--ink:#e9ebee;--dim:#a7b0bb;--line:#3a414c;
--good:#54c58d;--changed:#74b4f6;--warn:#e2b340;--bad:#ff8f80;--focus:#74b4f6;
--good-area:#3f9a6c;--changed-area:#4a86cc;--warn-area:#b98820;--bad-area:#c25849}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
main{max-width:68rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.1rem;margin:2rem 0 .6rem}
p{margin:.4rem 0}p.text{white-space:pre-wrap}
p.lead{font-size:1.15rem;line-height:1.45;margin:.25rem 0 1rem;max-width:46rem}
p.legend{color:var(--dim);font-size:.87rem;margin:-.9rem 0 1.5rem;max-width:46rem}
figure{margin:0 0 1.5rem}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;overflow-x:auto}
code{overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.75rem 0 1.5rem}
table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums;font-size:.93rem;width:100%}
th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);white-space:nowrap}
td{unicode-bidi:isolate;overflow-wrap:anywhere}
th.right,td.right{text-align:right;white-space:nowrap}
th:not(:last-child),td:not(:last-child){padding-right:1rem}
td:first-child:not(.right){min-width:9.5rem}td:last-child:not(.right):not(:empty){min-width:11rem}
@media (max-width:34rem){pre{white-space:pre-wrap;padding:.5rem .75rem}
th:first-child:not(.right),td:first-child:not(.right){position:sticky;left:0;background:var(--page);min-width:7rem;max-width:40vw;white-space:normal}}
ul.tree{list-style:none;margin:0;padding-left:0}
ul.tree ul{list-style:none;margin:0 0 0 .45rem;padding-left:1rem;border-left:1px solid var(--line)}
.strong{font-weight:600}.dim{color:var(--dim)}
.good,.added{color:var(--good)}.bad,.removed{color:var(--bad)}.warn{color:var(--warn)}.changed{color:var(--changed)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:4px}
svg.chart{display:block;width:100%;height:auto}
svg.chart text{fill:var(--dim);font:12px system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
svg.chart .axis{stroke:var(--line);stroke-width:1}
svg.chart path[data-series]{stroke:var(--page);stroke-width:1}
svg.chart .plain{fill:var(--dim)}svg.chart .good{fill:var(--good-area)}svg.chart .bad{fill:var(--bad-area)}
svg.chart .warn{fill:var(--warn-area)}svg.chart .changed{fill:var(--changed-area)}
svg.curve{max-width:46rem}
svg.curve text{font-size:14px}svg.curve .title{fill:var(--ink)}svg.curve .mark{fill:var(--ink);font-weight:600}
svg.curve path{fill:none}svg.curve .line{stroke:var(--changed);stroke-width:3;stroke-linejoin:round}
svg.curve .here{stroke:var(--dim);stroke-width:1.5;stroke-dasharray:4 4}
svg.curve circle.good{fill:var(--good)}svg.curve circle.plain{fill:var(--dim)}
@media (max-width:34rem){svg.curve text{font-size:19px}}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.9rem;margin:0 0 .5rem;padding:0;list-style:none}
.key i{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin-right:.4rem;vertical-align:-.05rem;background:var(--dim)}
.key i.good{background:var(--good-area)}.key i.bad{background:var(--bad-area)}
.key i.warn{background:var(--warn-area)}.key i.changed{background:var(--changed-area)}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--good:#1a6e42;--changed:#1f5fa8;--warn:#8a5a00;--bad:#b3261e}
main{max-width:none;padding:0}section,figure,tr{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

// What a content security policy allows: exactly this text.
std::string source_hash(std::string_view text) {
  const auto digest = sha256(text);
  return "'sha256-" + to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) +
         "'";
}

const char* class_of(Tone tone) {
  constexpr const char* kClasses[] = {"",     "strong", "dim",     "good",   "bad",
                                      "warn", "added",  "removed", "changed"};
  return kClasses[static_cast<std::size_t>(tone)];
}

std::string html_line(const Line& line) {
  std::string out;
  for (const Run& run : line.runs) {
    if (run.tone == Tone::plain) {
      out += html_escaped(run.text);
    } else {
      out +=
          fmt::format("<span class=\"{}\">{}</span>", class_of(run.tone), html_escaped(run.text));
    }
  }
  return out;
}

// Of "autopilot.budget_plan/v1", "budget plan".
std::string name_of(std::string_view schema) {
  schema = schema.substr(0, schema.find('/'));
  schema.remove_prefix(schema.find('.') + 1);
  std::string out(schema);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

class HtmlWriter {
 public:
  void operator()(const Heading& heading) {
    out_ += "<h2>" + html_escaped(heading.text) + "</h2>\n";
  }
  void operator()(const Paragraph& paragraph) {
    out_ += "<p class=\"text\">" + html_line(paragraph.line) + "</p>\n";
  }
  void operator()(const Lines& block) {
    out_ += "<pre>";
    for (const Line& line : block.lines) out_ += html_line(line) + "\n";
    out_ += "</pre>\n";
  }
  void operator()(const Table& table) {
    out_ += "<div class=\"scroll\"><table>\n";
    if (!table.columns.empty()) {
      out_ += "<thead><tr>";
      for (std::size_t c = 0; c < table.columns.size(); ++c)
        cell("th scope=\"col\"", "th", table, c, html_escaped(table.columns[c]));
      out_ += "</tr></thead>\n";
    }
    out_ += "<tbody>\n";
    for (const auto& row : table.rows) {
      out_ += "<tr>";
      for (std::size_t c = 0; c < row.size(); ++c) cell("td", "td", table, c, html_line(row[c]));
      out_ += "</tr>\n";
    }
    out_ += "</tbody></table></div>\n";
    if (!table.note.empty()) out_ += "<p class=\"legend\">" + html_escaped(table.note) + "</p>\n";
  }
  void operator()(const Tree& tree) {
    out_ += "<ul class=\"tree\">\n";
    branch(tree);
    out_ += "</ul>\n";
  }
  void operator()(const Chart& chart) {
    const bool is_curve = !chart.places.empty() && !chart.series.empty();
    out_ += "<figure>" + (is_curve ? svg_curve(chart) : svg_key(chart) + svg_stack(chart, {})) +
            "</figure>\n";
  }

  std::string finish() { return std::move(out_); }

 private:
  void cell(std::string_view open, std::string_view close, const Table& table, std::size_t column,
            const std::string& content) {
    const bool right = column < table.right.size() && table.right[column];
    out_ += fmt::format("<{}{}>{}</{}>", open, right ? " class=\"right\"" : "", content, close);
  }
  void branch(const Tree& tree) {
    out_ += "<li>" + html_line(tree.line);
    if (!tree.children.empty()) {
      out_ += "<ul>\n";
      for (const Tree& child : tree.children) branch(child);
      out_ += "</ul>";
    }
    out_ += "</li>\n";
  }

  std::string out_;
};

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) append_markup(out, c);
  return out;
}

std::string json_in_html(const Value& value) {
  std::string out;
  for (const char c : to_json(value)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_page(const HtmlPage& page) {
  const std::string style = std::string(kStyle) + page.style;
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += fmt::format(
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; "
      "script-src {}; base-uri 'none'; form-action 'none'\">\n",
      source_hash(style), page.script.empty() ? "'none'" : source_hash(page.script));
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += "<meta name=\"generator\" content=\"autopilot " AUTOPILOT_VERSION "\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}</style>\n", html_escaped(page.title), style);
  out += "</head>\n<body>\n<main>\n" + page.body + "</main>\n";
  if (!page.data.is_null())
    out +=
        "<script type=\"application/json\" id=\"data\">" + json_in_html(page.data) + "</script>\n";
  if (!page.script.empty()) out += "<script>" + page.script + "</script>\n";
  return out + "</body>\n</html>\n";
}

std::string html_blocks(const std::vector<Block>& blocks) {
  HtmlWriter writer;
  for (const Block& block : blocks) std::visit(writer, block);
  return writer.finish();
}

std::string report_html(const Report& report) {
  HtmlPage page;
  page.title = report.title.empty() ? name_of(report.schema) : report.title;
  page.body = "<h1>" + html_escaped(page.title) + "</h1>\n";
  if (!report.lead.empty())
    page.body += "<p class=\"lead\">" + html_escaped(report.lead) + "</p>\n";
  page.body += html_blocks(report.text);
  return html_page(page);
}

}  // namespace autopilot::render
