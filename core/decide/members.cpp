#include "core/decide/members.h"

#include "core/decide/json_text.h"

namespace autopilot::decide {
namespace {

Token read_object(const JsonText& text, Token at, std::vector<Member>& members) {
  if (text.first(at) != '{') text.stop(at, "not a JSON object");
  if (text.first(++at) == '}') return at + 1;
  for (;; ++at) {
    Member member;
    at = text.key(at, member.key);
    member.key = member.key.substr(1, member.key.size() - 2);
    at = text.skip(text.expect(at, ':'), member.value);
    members.push_back(member);
    if (!text.more(at, '}')) return at + 1;
  }
}

Token read_objects(const JsonText& text, Token at, std::vector<Member>& members) {
  if (text.first(at) != '[') text.stop(at, "not a JSON array");
  if (text.first(++at) == ']') return at + 1;
  for (;; ++at) {
    at = read_object(text, at, members);
    members.push_back({});
    if (!text.more(at, ']')) return at + 1;
  }
}

template <class Read>
bool read_with(Read read, std::string_view json, JsonIndex& index, std::vector<Member>& members,
               InputFault& fault) {
  members.clear();
  fault.offset = 0;
  if (!index.build(json, fault.message)) return false;
  const JsonText text(json, index);
  try {
    const Token behind = read(text, text.begin(), members);
    if (behind != text.end()) text.stop(behind, "text after the JSON value");
    return true;
  } catch (const JsonStop& s) {
    fault = {s.offset, s.message};
    return false;
  }
}

}  // namespace

bool MemberReader::read(std::string_view text, std::vector<Member>& members, InputFault& fault) {
  return read_with(read_object, text, index_, members, fault);
}

bool MemberReader::read_list(std::string_view text, std::vector<Member>& members,
                             InputFault& fault) {
  return read_with(read_objects, text, index_, members, fault);
}

}  // namespace autopilot::decide
