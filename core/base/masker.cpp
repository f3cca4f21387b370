#include "core/base/masker.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/secret.h"
#include "core/base/text.h"

namespace autopilot {
namespace {

constexpr char kMask[] = "***";
constexpr std::size_t kShortestLine = 8;

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kForUrls =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The digits of base64 (RFC 4648) that follow from `text` alone when `before` unknown bytes stand
// before it and any after it.
std::string base64_within(std::string_view text, std::size_t before, std::string_view digits) {
  const std::size_t first = (8 * before + 5) / 6;
  const std::size_t last = 8 * (before + text.size()) / 6;
  std::string out;
  for (std::size_t digit = first; digit < last; ++digit) {
    unsigned value = 0;
    for (std::size_t bit = 6 * digit; bit < 6 * digit + 6; ++bit) {
      const auto byte = static_cast<unsigned char>(text[bit / 8 - before]);
      value = value << 1 | (byte >> (7 - bit % 8) & 1U);
    }
    out += digits[value];
  }
  return out;
}

// The whole in base64 but for its padding.
std::string base64(std::string_view text, std::string_view digits) {
  std::string padded(text);
  padded += '\0';
  std::string out = base64_within(padded, 0, digits);
  out.resize((text.size() * 8 + 5) / 6);
  wipe(padded);
  return out;
}

std::string url_escaped(std::string_view text, bool upper, bool plus) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      out += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return out;
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out.substr(1, out.size() - 2);
}

// "<" as < too, as JSON within a page has it.
std::string page_json_text(std::string_view text) {
  std::string out;
  for (const char c : json_text(text)) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace

Masker::~Masker() {
  for (std::string& needle : needles_) wipe(needle);
}

void Masker::learn(std::string_view secret) {
  const std::lock_guard<std::mutex> lock(mutex_);
  add_forms(secret);
}

bool Masker::empty() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return needles_.empty();
}

void Masker::add_forms(std::string_view secret) {
  if (secret.size() < kShortest) return;
  add(std::string(secret));
  add(json_text(secret));
  add(page_json_text(secret));
  add(html_text(secret));
  for (const bool upper : {true, false}) {
    for (const bool plus : {true, false}) add(url_escaped(secret, upper, plus));
  }
  for (const std::string_view digits : {kStandard, kForUrls}) {
    add(base64(secret, digits));
    for (const std::size_t before : {0U, 1U, 2U}) add(base64_within(secret, before, digits));
  }
  if (secret.find('\n') == std::string_view::npos) return;
  for (std::string& line : split(secret, '\n')) {
    const std::string_view text = trim(line);
    if (text.size() >= kShortestLine) add_forms(text);
    wipe(line);
  }
}

void Masker::add(std::string needle) {
  if (needle.size() < kShortest ||
      std::find(needles_.begin(), needles_.end(), needle) != needles_.end())
    return;
  starts_[static_cast<unsigned char>(needle[0])] = true;
  const auto at = std::upper_bound(needles_.begin(), needles_.end(), needle,
                                   [](auto& a, auto& b) { return a.size() > b.size(); });
  needles_.insert(at, std::move(needle));
}

// With `more` to come, stops where the rest is the beginning of a needle.
std::string Masker::replace(std::string_view text, bool more, std::size_t& used) const {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    if (!starts_[static_cast<unsigned char>(text[at])]) {
      out += text[at++];
      continue;
    }
    const std::string_view rest = text.substr(at);
    const auto begins = [&](const std::string& n) {
      return rest.size() < n.size() && n.starts_with(rest);
    };
    if (more && std::any_of(needles_.begin(), needles_.end(), begins)) break;
    const auto found = std::find_if(needles_.begin(), needles_.end(),
                                    [&](const std::string& n) { return rest.starts_with(n); });
    if (found == needles_.end()) {
      out += text[at++];
    } else {
      out += kMask;
      at += found->size();
    }
  }
  used = at;
  return out;
}

std::string Masker::masked(std::string_view text) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (needles_.empty()) return std::string(text);
  std::size_t used = 0;
  return replace(text, false, used);
}

std::string Masker::take(std::string& text) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (needles_.empty()) return std::exchange(text, {});
  std::size_t used = 0;
  std::string out = replace(text, true, used);
  text.erase(0, used);
  return out;
}

}  // namespace autopilot
