// The fields of a Budget: channels with their response curves, groups of them, what there is to
// spend, what is wanted, and how far it may go from today.
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kName{.kind = ShapeKind::name};
constexpr ValueShape kNumber{.kind = ShapeKind::number};
constexpr ValueShape kAmount{.kind = ShapeKind::number, .minimum = 0};
constexpr ValueShape kShare{.kind = ShapeKind::share};
constexpr ValueShape kNames{.kind = ShapeKind::list, .element = &kName, .least = 1};
constexpr ValueShape kNumbers{.kind = ShapeKind::list, .element = &kNumber, .least = 2};
constexpr ValueShape kByChannel{.kind = ShapeKind::map, .element = &kNumber};

constexpr std::string_view kObjectives[] = {"max_return", "max_profit", "min_spend"};
constexpr std::string_view kCurves[] = {"linear", "log", "power", "exp",
                                        "hill",   "mm",  "quad",  "piecewise"};

constexpr Field kCurveFields[] = {
    {"type",
     {.kind = ShapeKind::text, .choices = kCurves},
     "linear a x; log a ln(1 + x/b); power a x^p; exp a (1 - e^(-x/b)); hill a x^s/(k^s + x^s); mm "
     "a x/(k + x); quad a x - c x^2/2; piecewise straight between the points x, y",
     true},
    {"a", kNumber, "size"},
    {"b", kNumber, "scale of log and exp"},
    {"k", kNumber, "spend at which hill and mm reach half"},
    {"s", kNumber, "shape of hill; above 1 it is an S"},
    {"p", kNumber, "exponent of power, in (0, 1]"},
    {"c", kNumber, "curvature of quad"},
    {"x", kNumbers, "spend of the points of piecewise, rising"},
    {"y", kNumbers, "return at these"},
    {"carry_over", kAmount, "spend of earlier periods that still works"},
};
constexpr Schema kCurve{"a curve", kCurveFields};

constexpr Field kChannelFields[] = {
    {"id", kName, "what it is called", true},
    {"current", kAmount, "what it gets today; 0 by default"},
    {"min", kAmount, "least amount; 0 by default"},
    {"max", kAmount, "greatest amount; none by default"},
    {"min_if_active", kAmount, "it gets nothing, or at least this"},
    {"fixed_cost", kAmount, "taken from the return as soon as it gets anything"},
    {"max_shift", kShare, "how far from today it may go, of today's amount"},
    {"frozen", {.kind = ShapeKind::boolean}, "whether it stays as it is"},
    {"tier",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 100},
     "those of lower tiers are served first; 1 by default"},
    {"group", kName, "group that it is in; others may name it, too"},
    {"curve",
     {.kind = ShapeKind::object, .schema = &kCurve},
     "what it returns for what it gets; fitted from the observations when it is left out"},
};
constexpr Schema kChannel{"a channel", kChannelFields};
constexpr ValueShape kChannelShape{.kind = ShapeKind::object, .schema = &kChannel};
constexpr ValueShape kChannels{.kind = ShapeKind::list, .element = &kChannelShape, .least = 1};

constexpr Field kFromFileFields[] = {
    {"from", kText, "CSV or JSONL file of channels", true},
};
constexpr Schema kFromFile{"a file of channels", kFromFileFields};

constexpr Field kRangeFields[] = {
    {"min", kAmount, "least amount"},
    {"max", kAmount, "greatest amount"},
};
constexpr Schema kRange{"a total", kRangeFields};

constexpr Field kGroupFields[] = {
    {"id", kName, "what it is called", true},
    {"channels", kNames, "ids of its channels"},
    {"min", kAmount, "least amount of all of them"},
    {"max", kAmount, "greatest amount of all of them"},
    {"max_share", kShare, "most of all that is spent"},
    {"roi_min", kNumber, "least return for a unit of its spend"},
    {"cpa_max", kAmount, "most spend for a unit of its return; instead of roi_min"},
    {"max_active",
     {.kind = ShapeKind::integer, .minimum = 0, .maximum = 1e9},
     "how many of its channels may get anything"},
};
constexpr Schema kGroup{"a group", kGroupFields};
constexpr ValueShape kGroupShape{.kind = ShapeKind::object, .schema = &kGroup};

constexpr Field kPaceFields[] = {
    {"through", kName, "channel up to which is counted, in the order of the channels", true},
    {"min", kAmount, "least amount until then"},
    {"max", kAmount, "greatest amount until then"},
};
constexpr Schema kPace{"a pace", kPaceFields};
constexpr ValueShape kPaceShape{.kind = ShapeKind::object, .schema = &kPace};

constexpr ValueShape kRow = kByChannel;
constexpr Field kRiskFields[] = {
    {"penalty", kAmount, "what a unit of variance costs, halved: return - penalty/2 x'Qx", true},
    {"variance", kByChannel, "variance of the return of a unit of spend, by channel"},
    {"factors",
     {.kind = ShapeKind::list, .element = &kByChannel, .least = 1},
     "what moves several at once: how much each channel follows it, by channel"},
    {"covariance",
     {.kind = ShapeKind::map, .element = &kRow},
     "all of it, by channel and channel; for 500 channels at most"},
};
constexpr Schema kRisk{"risk", kRiskFields};

constexpr Field kSpecFields[] = {
    {"description", kText, "what it is for, in words"},
    {"currency", kText, "unit of the amounts, for reports"},
    {"resolution", kAmount,
     "amounts are whole multiples of it; 0.01 by default with a currency, any amount without"},
    {"algorithm", kName, "who proposes, in the actions; budget by default"},
    {"objective",
     {.kind = ShapeKind::text, .choices = kObjectives},
     "max_return; max_profit, which is return less spend; or min_spend for return_min"},
    {"total",
     {.kind = ShapeKind::anything, .element = &kAmount, .schema = &kRange},
     "what is spent in all: an amount, or {min, max}"},
    {"return_min", kNumber, "return to be reached, for min_spend"},
    {"target_marginal_roi", kAmount,
     "spend as long as the next unit of money returns this much at least"},
    {"roi_min", kNumber, "least return for a unit of all spend"},
    {"cpa_max", kAmount, "most spend for a unit of return; instead of roi_min"},
    {"max_shift", kShare, "how far from today a channel may go, for those that do not say"},
    {"max_moved", kAmount, "how much may move in all: the sum of what channels gain and lose"},
    {"channels",
     {.kind = ShapeKind::anything, .element = &kChannels, .schema = &kFromFile},
     "list of channels, or {from: FILE} with a CSV or JSONL file of them",
     true},
    {"groups", {.kind = ShapeKind::list, .element = &kGroupShape}, "groups of channels"},
    {"pacing",
     {.kind = ShapeKind::list, .element = &kPaceShape},
     "what may be spent up to a channel, where channels are days"},
    {"risk", {.kind = ShapeKind::object, .schema = &kRisk}, "what uncertain returns cost"},
    {"observed", kText,
     "CSV or JSONL file of channel, spend and return, to fit the curves that are left out"},
};

}  // namespace

extern const Schema kBudgetSpec{"a Budget", kSpecFields};
extern const ValueShape kBudgetChannels = kChannels;

}  // namespace autopilot::policy
