#include "tests/integration/shop.h"

#include <fmt/format.h>
#include <signal.h>

#include "core/base/json.h"

namespace autopilot::integration {
namespace {

constexpr const char* kDocument = R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {id: shop}
spec:
  slots: {blue: {port: 1}, green: {port: 2}}
  process: {provider: exec, argv: [sh, serve, "{{slot}}"]}
  traffic: {provider: exec, set: [sh, proxy, set, "{{canary}}", "{{bp}}", "{{stable}}", "{{match}}", "{{mirror}}"], read: [sh, proxy, read]}
  metrics:
    errors: {provider: exec, argv: [sh, counts, "{{version}}"], kind: count, bad: bad, total: total, window: 5s}
)";
constexpr const char* kServe = R"(echo "start $1" >> deeds
exec sleep 600
)";
constexpr const char* kProxy = R"(case $1 in
  set) echo "set $2 $3" >> deeds
       printf '{"weights": {"%s": %s, "%s": %s}, "open": {"blue": 0, "green": 0}, "match": %s, "mirror": %s}' \
         "$2" "$3" "$4" $((10000 - $3)) "$5" "$6" > w.tmp
       mv w.tmp weights.json ;;
  read) cat weights.json ;;
esac
)";
constexpr const char* kCounts = R"(n=$(($(date +%s) % 1000000 * 100))
case $1 in bad*) echo "{\"bad\": $((n / 10)), \"total\": $n}" ;; *) echo "{\"bad\": 0, \"total\": $n}" ;; esac
)";

}  // namespace

Shop::Shop() {
  write("serve", kServe);
  write("proxy", kProxy);
  write("counts", kCounts);
}

Shop::~Shop() { kill_services(); }

void Shop::apply(const std::string& steps, const std::string& metrics) const {
  const std::string times = fmt::format(
      "  interval: {}s\n  rollback: [{{name: errors, when: canary.errors > 0.02, for: {}s}}]\n",
      interval, 2 * interval);
  write("policies/shop.yaml", kDocument + metrics + times + "  steps:\n" + steps);
  must({"apply", "--yes", "-q"});
}

Value Shop::status() const {
  const JsonResult status = parse_json(run({"deploy", "status", "shop", "--json"}).out);
  return status.ok ? status.value : Value();
}

std::string Shop::state() const {
  const Value now = status();
  return now.is_null() ? "" : now.get("state")->as_string();
}

void Shop::kill_services() const {
  for (const char* slot : {"blue", "green"}) {
    const JsonResult record =
        parse_json(read(fmt::format(".autopilot/deploy/shop/{}.process.json", slot)));
    const Value* pid = record.ok ? record.value.get("pid") : nullptr;
    if (pid != nullptr && pid->is_integer() && pid->as_int() > 1)
      ::kill(-static_cast<pid_t>(pid->as_int()), SIGKILL);
  }
}

}  // namespace autopilot::integration
