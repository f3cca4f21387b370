#include <fmt/format.h>

#include <algorithm>

#include "core/render/diagnostics.h"
#include "core/render/xml.h"

namespace autopilot::render {
namespace {

struct TestCase {
  std::string name;
  std::vector<const Diagnostic*> items;

  bool failed() const {
    return std::any_of(items.begin(), items.end(),
                       [](const Diagnostic* d) { return d->severity == Severity::error; });
  }
};

// One for each source, and one for faults that belong to none, if there are any.
std::vector<TestCase> cases_of(const Diagnostics& diagnostics) {
  const SourceMap& sources = diagnostics.sources();
  std::vector<TestCase> cases(sources.size());
  for (std::size_t i = 0; i < cases.size(); ++i)
    cases[i].name = sources.name(static_cast<std::uint32_t>(i));
  TestCase other{"input", {}};
  for (const Diagnostic& d : diagnostics.all()) {
    (d.span.known() ? cases[d.span.source] : other).items.push_back(&d);
  }
  if (!other.items.empty()) cases.push_back(std::move(other));
  return cases;
}

std::string body_of(const Diagnostic& d, const SourceMap& sources) {
  std::string out = place(sources, d.span);
  if (!out.empty()) out += ": ";
  out += d.message;
  if (!d.help.empty()) out += "\nhelp: " + d.help;
  return out;
}

// All errors in one failure, since many readers take only one; the rest as output.
void append_case(std::string& out, const TestCase& c, const SourceMap& sources) {
  const Diagnostic* first = nullptr;
  std::string failure, remarks;
  for (const Diagnostic* d : c.items) {
    const bool error = d->severity == Severity::error;
    if (error && first == nullptr) first = d;
    (error ? failure : remarks) +=
        fmt::format("{}[{}]: {}\n", to_string(d->severity), d->code, body_of(*d, sources));
  }
  if (first != nullptr) {
    out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                       xml_text(first->code), xml_text(first->message), xml_text(failure));
  }
  if (!remarks.empty())
    out += fmt::format("      <system-out>{}</system-out>\n", xml_text(remarks));
}

}  // namespace

std::string diagnostics_junit(const Diagnostics& diagnostics) {
  const std::vector<TestCase> cases = cases_of(diagnostics);
  const auto failures =
      std::count_if(cases.begin(), cases.end(), [](const TestCase& c) { return c.failed(); });
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites tests=\"{0}\" failures=\"{1}\" errors=\"0\">\n"
      "  <testsuite name=\"autopilot validate\" tests=\"{0}\" failures=\"{1}\" errors=\"0\">\n",
      cases.size(), failures);
  for (const TestCase& c : cases) {
    out +=
        fmt::format("    <testcase classname=\"autopilot.validate\" name=\"{}\"", xml_text(c.name));
    out += c.items.empty() ? "/>\n" : ">\n";
    if (c.items.empty()) continue;
    append_case(out, c, diagnostics.sources());
    out += "    </testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace autopilot::render
