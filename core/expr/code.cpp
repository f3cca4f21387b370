#include "core/expr/code.h"

#include <array>

namespace autopilot::expr {
namespace {

using F = Field;
constexpr F N = Field::none;

constexpr OpForm test_form(std::string_view name, F a, F b = N, bool constant = false,
                           F extra = N) {
  return {name, N, extra, a, b, constant, true, true, true, true};
}

constexpr OpForm value_form(std::string_view name, F a, F b = N, bool constant = false,
                            F extra = N) {
  return {name, F::reg, extra, a, b, constant, false, false, false, false};
}

constexpr F O = F::operand;

constexpr std::array<OpForm, static_cast<std::size_t>(Op::count_of_ops)> kForms{{
    test_form("test", O),
    test_form("less", O, O),
    test_form("less_equal", O, O),
    test_form("greater", O, O),
    test_form("greater_equal", O, O),
    test_form("same", O, O),
    test_form("differ", O, O),
    test_form("less_constant", F::variable, N, true),
    test_form("less_equal_constant", F::variable, N, true),
    test_form("greater_constant", F::variable, N, true),
    test_form("greater_equal_constant", F::variable, N, true),
    test_form("same_constant", F::variable, N, true),
    test_form("differ_constant", F::variable, N, true),
    test_form("less_scaled", F::slot, F::slot, true),
    test_form("less_equal_scaled", F::slot, F::slot, true),
    test_form("greater_scaled", F::slot, F::slot, true),
    test_form("greater_equal_scaled", F::slot, F::slot, true),
    test_form("in", O, O),
    test_form("in_set", O, N, false, F::set),
    test_form("starts_with", O, N, true),
    test_form("ends_with", O, N, true),
    test_form("contains", O, N, true),
    test_form("matches", O, N, false, F::regex),
    {"has_slot", N, N, F::slot, N, false, true, true, false, true},
    test_form("has_field", O, N, true),
    {"settle", N, N, F::reg, N, false, true, false, true, true},
    {"iterate", F::state, N, O, N, false, true, false, true, true},
    {"next", F::reg, F::maybe_reg, F::state, N, false, true, true, true, true},
    {"push", F::reg, N, O, N, false, true, false, true, true},
    {"put", F::reg, N, O, O, false, true, false, true, true},
    {"put_all", F::reg, N, O, N, false, true, false, true, true},
    {"open", F::reg, N, O, N, false, true, true, true, true},
    {"jump", N, N, N, N, false, true, false, false, true},
    value_form("clear", N),
    value_form("move", O),
    value_form("set", N, N, true),
    value_form("add", O, O),
    value_form("subtract", O, O),
    value_form("multiply", O, O),
    value_form("divide", O, O),
    value_form("modulo", O, O),
    value_form("negate", O),
    value_form("size", O),
    value_form("select", O, N, true),
    value_form("select_optional", O, N, true),
    value_form("slot_optional", F::slot),
    value_form("slot_or", F::slot, O),
    value_form("index", O, O),
    value_form("index_optional", O, O),
    value_form("call1", O, N, false, F::function),
    value_form("call2", O, O, false, F::function),
    value_form("call", F::first, F::count, false, F::function),
    value_form("list", F::first, F::count, true),
    value_form("map", F::first, F::count, true),
    value_form("list_builder", F::state),
    value_form("map_builder", F::state),
    value_form("finish_map", F::reg),
    value_form("increment", N),
    value_form("wrap", O),
    value_form("fail", N, N, true),
    {"give", N, N, O, N, false, false, false, false, true},
    {"give_false", N, N, N, N, false, false, false, false, true},
    {"give_true", N, N, N, N, false, false, false, false, true},
}};

}  // namespace

const OpForm& form_of(Op op) { return kForms[static_cast<std::size_t>(op)]; }

}  // namespace autopilot::expr
