#include "core/deploy/slot_record.h"

#include "core/base/json.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {

std::string slot_file(World& world, const Site& site, const Slot& slot,
                      const std::string& extension) {
  if (!world.files.is_directory(site.folder)) world.files.make_directories(site.folder);
  return site.folder + "/" + plain_name(slot.name, 24) + "." + extension;
}

Value load_slot_record(World& world, const Site& site, const Slot& slot) {
  const std::string path = slot_file(world, site, slot, "process.json");
  if (!world.files.exists(path)) return {};
  return parse_json_or_throw(world.files.read(path), path);
}

void save_slot_record(World& world, const Site& site, const Slot& slot, const Value& record) {
  world.files.write(slot_file(world, site, slot, "process.json"), to_json(record) + "\n");
}

std::string text_of(const Value& record, const std::string& field) {
  const Value* value = record.get(field);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

}  // namespace autopilot::deploy
