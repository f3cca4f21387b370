#include "core/expr/program_bytes.h"

#include <bit>
#include <new>

#include "core/base/error.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr int kDeepestConstant = 300;

void write_address(ByteWriter& writer, const AddressRep& address) {
  writer.text({reinterpret_cast<const char*>(address.bytes), sizeof address.bytes});
  writer.number(address.family);
  writer.number(address.prefix);
  writer.number(static_cast<std::uint8_t>(address.is_range));
}

Val read_address(ByteReader& reader, Arena& arena) {
  auto* address = new (arena.allocate(sizeof(AddressRep))) AddressRep;
  const std::string_view bytes = reader.text();
  if (bytes.size() != sizeof address->bytes) refuse_program("an address is malformed");
  std::memcpy(address->bytes, bytes.data(), bytes.size());
  address->family = reader.number<std::uint8_t>();
  address->prefix = reader.number<std::uint8_t>();
  address->is_range = reader.number<std::uint8_t>() != 0;
  if ((address->family != 4 && address->family != 6) || address->prefix > 128)
    refuse_program("an address is malformed");
  return Val::of_address(address);
}

Val read_list(ByteReader& reader, Arena& arena, int depth) {
  const std::uint32_t size = reader.count(1);
  Val* items = arena.array<Val>(size);
  for (std::uint32_t i = 0; i < size; ++i) items[i] = reader.value(arena, depth + 1);
  return Val::of_list(make_list(arena, items, size));
}

Val read_map(ByteReader& reader, Arena& arena, int depth) {
  const std::uint32_t size = reader.count(2);
  MapBuilder builder(size, arena);
  for (std::uint32_t i = 0; i < size; ++i) {
    const Val key = reader.value(arena, depth + 1);
    const Val value = reader.value(arena, depth + 1);
    if (!is_key(key) || !builder.add(arena, key, value)) refuse_program("a map is malformed");
  }
  return Val::of_map(builder.finish(arena));
}

Val read_optional(ByteReader& reader, Arena& arena, int depth) {
  if (reader.number<std::uint8_t>() == 0) return no_value();
  return make_optional(arena, reader.value(arena, depth + 1));
}

Val read_text(ByteReader& reader, Arena& arena, Tag tag) {
  Val value = Val::of_string(arena.copy(reader.text()));
  value.tag = tag;
  return value;
}

}  // namespace

void refuse_program(const char* why) {
  throw Error(ErrorKind::storage, std::string("these bytes are no program: ") + why);
}

void ByteWriter::value(const Val& value) {
  number(static_cast<std::uint8_t>(value.tag));
  switch (value.tag) {
    case Tag::string:
    case Tag::bytes:
    case Tag::type:
      return text(value.text());
    case Tag::list:
      number(value.list->size);
      for (std::uint32_t i = 0; i < value.list->size; ++i) this->value(value.list->items[i]);
      return;
    case Tag::map:
      number(value.map->size);
      for (std::uint32_t i = 0; i < value.map->size; ++i) {
        this->value(value.map->entries[i].key);
        this->value(value.map->entries[i].value);
      }
      return;
    case Tag::optional:
      number(static_cast<std::uint8_t>(value.optional->present));
      if (value.optional->present) this->value(value.optional->value);
      return;
    case Tag::abstract:
      return write_address(*this, *value.address);
    default:
      number(value.size);
      number(value.tag == Tag::boolean ? std::uint64_t{value.boolean} : value.uinteger);
  }
}

std::string_view ByteReader::take(std::size_t size) {
  if (size > bytes_.size()) refuse_program("they end too early");
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::uint32_t ByteReader::count(std::size_t least) {
  const auto count = number<std::uint32_t>();
  if (count > bytes_.size() / least) refuse_program("they end too early");
  return count;
}

Val ByteReader::value(Arena& arena, int depth) {
  if (depth > kDeepestConstant) refuse_program("a constant is too deep");
  const auto tag = static_cast<Tag>(number<std::uint8_t>());
  switch (tag) {
    case Tag::string:
    case Tag::bytes:
    case Tag::type:
      return read_text(*this, arena, tag);
    case Tag::list:
      return read_list(*this, arena, depth);
    case Tag::map:
      return read_map(*this, arena, depth);
    case Tag::optional:
      return read_optional(*this, arena, depth);
    case Tag::abstract:
      return read_address(*this, arena);
    case Tag::null:
    case Tag::boolean:
    case Tag::integer:
    case Tag::uinteger:
    case Tag::real:
    case Tag::timestamp:
    case Tag::duration:
      break;
    default:
      refuse_program("a constant has an unknown type");
  }
  Val value;
  value.tag = tag;
  value.size = number<std::uint32_t>();
  value.uinteger = number<std::uint64_t>();
  return tag == Tag::boolean ? Val::of_bool(value.uinteger != 0) : value;
}

}  // namespace autopilot::expr
