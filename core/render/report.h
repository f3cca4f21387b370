#pragma once
// What a command found, described once: `data` is the JSON contract, `text` the same for people.
// Renderers (text.h, json.h, markdown.h) turn it into bytes; commands never ask which format was
// chosen.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/value.h"

namespace autopilot::render {

enum class Tone { plain, strong, dim, good, bad, warn, added, removed, changed };

// A run of text in one tone. Colour is never the only signal: the words say it too.
struct Run {
  std::string text;
  Tone tone = Tone::plain;
};

struct Line {
  std::vector<Run> runs;
  Line() = default;
  Line(const char* text) : runs{{text, Tone::plain}} {}
  Line(std::string text) : runs{{std::move(text), Tone::plain}} {}
  Line(std::vector<Run> r) : runs(std::move(r)) {}
};

struct Heading {
  std::string text;
};
struct Paragraph {
  Line line;  // wrapped to the terminal's width
};
struct Lines {
  std::vector<Line> lines;  // as they are, not wrapped
};
struct Table {
  std::vector<std::string> columns;  // headings; empty for none
  std::vector<std::vector<Line>> rows;
  std::vector<bool> right;  // right-aligned columns; may be shorter
  std::string note = {};    // what the columns mean, on pages that are read without the manual
};
struct Tree {
  Line line;
  std::vector<Tree> children;
};

// Quantities over a row of places, each series on the same scale; all have as many values. They are
// parts of one whole: stacked, they have the same height everywhere.
struct Series {
  std::string name;
  Tone tone = Tone::plain;
  std::vector<double> values;
};
struct Mark {
  std::string name;
  double place = 0, value = 0;
  Tone tone = Tone::plain;
};
struct Chart {
  std::string title;        // what the places are
  std::string first, last;  // names of the first and the last place
  std::vector<Series> series;
  // Where each place is on an axis, rising, when they are amounts: then a page draws the first
  // series as a curve, with marks, and with titles that name the units.
  std::vector<double> places = {};
  std::string across = {}, up = {};  // titles of the axes
  std::vector<Mark> marks = {};
};

using Block = std::variant<Heading, Paragraph, Lines, Table, Tree, Chart>;

// A field of the data that is long, and made only when it is written. What `make` refers to has to
// live until then.
struct LateField {
  std::string name;
  std::function<Value()> make;
};

struct Report {
  std::string schema;  // "autopilot.plan/v1"; becomes data.schema
  Map data;            // snake_case; arrays never null; fields are added, never renamed
  std::vector<Block> text;
  std::vector<LateField> late = {};   // behind those of data
  std::string title = {}, lead = {};  // of a page: what it is about, and that in one sentence
};

}  // namespace autopilot::render
