#pragma once
// What a process provider remembers of a slot between two processes of ours: one small file, always
// whole.

#include <string>

#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

// A path within the site's folder, which is made when missing: "…/blue.EXTENSION".
std::string slot_file(World& world, const Site& site, const Slot& slot,
                      const std::string& extension);

Value load_slot_record(World& world, const Site& site,
                       const Slot& slot);  // null when there is none
void save_slot_record(World& world, const Site& site, const Slot& slot, const Value& record);
std::string text_of(const Value& record, const std::string& field);  // "" when absent

}  // namespace autopilot::deploy
