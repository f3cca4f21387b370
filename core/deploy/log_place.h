#pragma once
// How far logs were read for a metric, as what is kept between queries (Query::place).

#include <vector>

#include "core/base/value.h"
#include "core/events/followed_log.h"

namespace autopilot::deploy {

Value pack_place(const std::vector<events::LogCursor>& cursors);
std::vector<events::LogCursor> unpack_place(const Value& place);  // none of what is no list

}  // namespace autopilot::deploy
