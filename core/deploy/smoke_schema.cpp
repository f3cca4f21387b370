// The fields of a file of HTTP assertions.
#include "core/deploy/smoke.h"

namespace autopilot::deploy {
namespace {

using policy::Field;
using policy::Schema;
using policy::ShapeKind;
using policy::ValueShape;

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kScalar{.kind = ShapeKind::scalar};
constexpr ValueShape kDuration{.kind = ShapeKind::duration};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kScalarMap{.kind = ShapeKind::map, .element = &kScalar};
constexpr ValueShape kExpectations{.kind = ShapeKind::map, .element = &kAnything, .least = 1};
constexpr ValueShape kTexts{.kind = ShapeKind::one_or_list, .element = &kScalar, .least = 1};
constexpr ValueShape kRetries{.kind = ShapeKind::integer, .minimum = 0, .maximum = 1000};
constexpr ValueShape kRedirects{.kind = ShapeKind::integer, .minimum = 0, .maximum = 20};

constexpr Field kCheckFields[] = {
    {"name", kText, "what the check shows, in words; the request by default"},
    {"get", kText, "path or URL to get"},
    {"post", kText, "path or URL to post to"},
    {"put", kText, "path or URL to put to"},
    {"delete", kText, "path or URL to delete"},
    {"head", kText, "path or URL whose headers to get"},
    {"headers", kScalarMap, "headers of the request"},
    {"body", kText, "body of the request as it is"},
    {"send", kAnything, "body of the request as JSON"},
    {"status", kTexts, "status that it must have: 200, 2xx, 200-204, or a list; 2xx by default"},
    {"within", kDuration, "how long the answer may take"},
    {"header", kExpectations, "what headers of the answer must be, by name"},
    {"json", kExpectations, "what the JSON of the answer must be, by place: $.items[0].id"},
    {"contains", kTexts, "texts that the body must contain"},
    {"lacks", kTexts, "texts that the body must not contain"},
    {"matches", kTexts, "regular expressions (RE2) that the body must match somewhere"},
    {"timeout", kDuration, "how long to wait for the answer"},
    {"retries", kRetries, "how often to try again until it passes"},
    {"wait", kDuration, "how long to wait before trying again"},
    {"redirects", kRedirects, "how many redirects to follow; none by default"},
};
constexpr std::string_view kRequestOneOf[] = {"get", "post", "put", "delete", "head"};
constexpr Schema kCheck{"a check", kCheckFields, kRequestOneOf};
constexpr ValueShape kCheckShape{.kind = ShapeKind::object, .schema = &kCheck};
constexpr ValueShape kChecks{.kind = ShapeKind::list, .element = &kCheckShape, .least = 1};

constexpr Field kFileFields[] = {
    {"base", kText,
     "URL that the paths of checks are under; that of the slot, on its first host, by default"},
    {"headers", kScalarMap, "headers of every request"},
    {"timeout", kDuration, "how long to wait for an answer; 5s by default"},
    {"retries", kRetries, "how often to try again until a check passes; 0 by default"},
    {"wait", kDuration, "how long to wait before trying again; 1s by default"},
    {"ca_file", kText, "certificates (PEM) to trust in the place of the system's"},
    {"checks", kChecks, "what must hold, in order", true},
};

}  // namespace

constinit const policy::Schema kSmokeSchema{"a smoke file", kFileFields};

}  // namespace autopilot::deploy
