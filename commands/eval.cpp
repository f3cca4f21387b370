// autopilot eval: what an expression gives, for given variables.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/expr/batch.h"
#include "core/expr/expression.h"
#include "core/policy/loader.h"
#include "core/render/diagnostics.h"

namespace autopilot::commands {
namespace {

constexpr char kEvalDetails[] =
    R"(Evaluates a CEL expression and prints what it gives. The names that policies know (action, metrics, segment,
features, actor, now, run, risk) have the types they have there; every other name in the file of variables is taken as
JSON, whose numbers are doubles. now is the current time unless the variables say otherwise.

With --batch it reads one JSON object a line from FILE or standard input, {"id", "expr", "bindings", "type_env",
"container", "disable_check", "disable_macros", "check_only"}, and writes one a line: {"id", "value"} or {"id", "error",
"phase"}, and "deduced_type". Values carry their types, as in {"type": "int", "value": "42"}. A line that is no such
object is reported, and the others still run.

Exits 1 when the expression is wrong or fails, or a line of a batch could not be read.

EXAMPLES
  autopilot eval '1 + 2 * 3'
  autopilot eval 'metrics.cvr_1h < 0.02' --vars context.json
  autopilot eval 'metrics.cvr_1h < 0.02 || risk > 0.5' --explain
  autopilot eval --batch < cases.jsonl
)";

std::string read_input(cli::Context& context, const std::string& path) {
  Files& files = context.world.files;
  return path == "-" ? files.read_all_stdin() : files.read(path);
}

// --- one expression

// The value at a path of nested maps; null when it is not there.
const Value* value_at(const Value& root, const expr::Path& path) {
  const Value* at = &root;
  for (const std::string& name : path) {
    if (at != nullptr) at = at->get(name);
  }
  return at;
}

expr::Val input_of(const Value* given, const expr::Type* type, expr::Scratch& scratch) {
  if (given == nullptr) return {};
  if (type == nullptr || type->kind() != expr::TypeKind::timestamp)
    return to_val(*given, scratch, true);
  const auto time = given->is_string() ? parse_rfc3339(given->as_string()) : std::nullopt;
  if (!time)
    throw Error(ErrorKind::invalid,
                "a time among the variables is not written as 2026-11-20T10:01:00Z");
  return expr::Val::of_timestamp(time->seconds, static_cast<std::uint32_t>(time->nanos));
}

class Evaluation {
 public:
  Evaluation(cli::Context& context, std::string source, Value variables)
      : context_(context), source_(std::move(source)), variables_(std::move(variables)) {
    file_ = context_.diagnostics.sources().add("<expression>", source_);
  }

  cli::Exit run(bool explains) {
    expr::Environment environment = policy::environment_for(context_.project(), true);
    for (const auto& [name, value] : variables_.as_map()) {
      environment.variables.try_emplace(name, expr::Type(expr::TypeKind::json));
    }
    expr::CheckedExpr checked = expr::parse_and_check(source_, environment);
    for (const expr::Fault& fault : checked.faults) {
      context_.diagnostics.error("bad-expression", span(fault.begin, fault.end), fault.message)
          .help = fault.help;
    }
    if (!checked.ok()) return show(explains);
    report_.data.append("type", checked.type().text());
    const expr::Program program = expr::compile(checked, slots_);
    evaluate(program, environment);
    if (explains) explanation_ = program.explain();
    return show(explains);
  }

 private:
  Span span(std::uint32_t begin, std::uint32_t end) const { return {file_, begin, end}; }

  void evaluate(const expr::Program& program, const expr::Environment& environment) {
    std::vector<expr::Val> inputs;
    for (const expr::Path& path : slots_.paths()) {
      const auto declared = environment.variables.find(path[0]);
      const bool whole = path.size() == 1 && declared != environment.variables.end();
      const Value* given = value_at(variables_, path);
      const Instant now = context_.world.clock.now();
      inputs.push_back(
          path == expr::Path{"now"} && given == nullptr
              ? expr::Val::of_timestamp(now.seconds, static_cast<std::uint32_t>(now.nanos))
              : input_of(given, whole ? &declared->second : nullptr, scratch_));
    }
    const expr::Val result = program.evaluate(inputs.data(), scratch_);
    if (result.is_error()) {
      const expr::EvalFault fault = program.fault(result, scratch_);
      context_.diagnostics.error("evaluation-failed", span(fault.begin, fault.end), fault.message);
      return;
    }
    report_.data.append("value", to_value(result));
    text_ = to_text(result);
  }

  cli::Exit show(bool explains) {
    const bool ok = context_.diagnostics.ok();
    report_.data.append("diagnostics", render::diagnostics_values(context_.diagnostics));
    if (explains) report_.data.append("program", explanation_);
    add_lines(ok ? text_ : "");
    add_lines(explanation_);
    if (context_.globals.format == "text") context_.show_diagnostics();
    context_.show(report_);
    return ok ? cli::Exit::ok : cli::Exit::no;
  }

  void add_lines(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.empty()) return;
    render::Lines lines;
    for (const std::string& line : split(text, '\n')) lines.lines.emplace_back(line);
    report_.text.emplace_back(std::move(lines));
  }

  cli::Context& context_;
  std::string source_;
  Value variables_;
  std::uint32_t file_;
  expr::SlotTable slots_;
  expr::Scratch scratch_;
  render::Report report_{"autopilot.eval/v1", {}, {}};
  std::string text_, explanation_;
};

// --- many

class Batch {
 public:
  explicit Batch(cli::Context& context) : context_(context) {}

  // Takes input as it comes; lines may be split between pieces.
  void feed(std::string_view piece) {
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos;
         end = piece.find('\n')) {
      rest_ += piece.substr(0, end);
      line();
      piece.remove_prefix(end + 1);
    }
    rest_ += piece;
  }
  cli::Exit finish() {
    if (!rest_.empty()) line();
    context_.show_diagnostics();
    return context_.diagnostics.ok() ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  void line() {
    ++number_;
    if (!trim(rest_).empty()) context_.write(to_json(result()) + "\n");
    rest_.clear();
  }

  Value result() {
    const JsonResult test = parse_json(rest_);
    if (!test.ok) return refused(test.fault.message);
    try {
      return expr::run_case(test.value);
    } catch (const Error& error) {
      return refused(error.what());
    }
  }

  Value refused(const std::string& why) {
    context_.diagnostics.error("bad-case", {}, fmt::format("line {}: {}", number_, why));
    return Map{{"error", why}, {"phase", "input"}, {"line", Value(number_)}};
  }

  cli::Context& context_;
  std::string rest_;
  std::int64_t number_ = 0;
};

class Eval : public cli::Invocation {
 public:
  explicit Eval(cli::Options& o) {
    o.argument("EXPR", argument_,
               "the expression; with --batch a file of cases (default: standard input)");
    o.option("--vars FILE", variables_, "JSON object of variables, or - for standard input",
             cli::Hint::file);
    o.flag("--explain", explain_, "show the compiled program too");
    o.flag("--batch", batch_, "evaluate one JSON case a line");
  }

  cli::Exit run(cli::Context& context) override {
    if (batch_) return run_batch(context);
    if (argument_.empty()) {
      throw Error(ErrorKind::usage, "eval needs an expression",
                  "for example: autopilot eval '1 + 2'");
    }
    Value variables = Map{};
    if (!variables_.empty())
      variables = parse_json_or_throw(read_input(context, variables_), variables_);
    if (!variables.is_map()) throw Error(ErrorKind::invalid, variables_ + " holds no JSON object");
    return Evaluation(context, argument_, std::move(variables)).run(explain_);
  }

 private:
  cli::Exit run_batch(cli::Context& context) const {
    Batch batch(context);
    if (!argument_.empty() && argument_ != "-") {
      batch.feed(context.world.files.read(argument_));
      return batch.finish();
    }
    for (;;) {
      const std::string piece = context.world.files.read_stdin();
      if (piece.empty()) return batch.finish();
      batch.feed(piece);
    }
  }

  std::string argument_;
  std::string variables_;
  bool explain_ = false;
  bool batch_ = false;
};

}  // namespace

extern const cli::Command eval{"eval", "Evaluate an expression", kEvalDetails, cli::bind<Eval>, {}};

}  // namespace autopilot::commands
