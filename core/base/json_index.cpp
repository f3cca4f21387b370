#include "core/base/json_index.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <bit>
#include <cstring>

#include "core/base/error.h"

namespace autopilot {
namespace {

constexpr std::size_t kSmallest = 16 * 1024;
constexpr std::size_t kDepth = 1;  // of simdjson's second stage, which is not used

const std::uint8_t* bytes(const char* text) { return reinterpret_cast<const std::uint8_t*>(text); }

}  // namespace

struct JsonIndex::Parts {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

JsonIndex::JsonIndex() : parts_(std::make_unique<Parts>()) {
  const auto code = simdjson::get_active_implementation()->create_dom_parser_implementation(
      kSmallest, kDepth, parts_->stages);
  if (code != simdjson::SUCCESS) throw Error(ErrorKind::bug, simdjson::error_message(code));
}

JsonIndex::~JsonIndex() = default;

bool JsonIndex::build(std::string_view text, std::string& why) {
  auto& stages = *parts_->stages;
  auto code = simdjson::SUCCESS;
  if (text.size() > stages.capacity()) code = stages.set_capacity(std::bit_ceil(text.size()));
  if (code == simdjson::SUCCESS)
    code = stages.stage1(bytes(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) {
    why = fmt::format("malformed JSON: {}", simdjson::error_message(code));
    return false;
  }
  begin_ = stages.structural_indexes.get();
  end_ = begin_ + stages.n_structural_indexes;
  has_escapes_ = std::memchr(text.data(), '\\', text.size()) != nullptr;
  return true;
}

char* JsonIndex::unescape(const char* content, char* to) const {
  return reinterpret_cast<char*>(
      parts_->stages->parse_string(bytes(content), reinterpret_cast<std::uint8_t*>(to)));
}

}  // namespace autopilot
