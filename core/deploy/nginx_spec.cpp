#include <fmt/format.h>

#include "core/base/error.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

// Lengths that keep every name within nginx's variables_hash_bucket_size of 64.
constexpr std::size_t kMostId = 16, kMostSlot = 12;

// Texts stand in nginx's configuration as they are.
void refuse_syntax(const std::string& text, std::string_view field) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' ||
        std::string_view(";{}\"'\\$#").find(c) != std::string_view::npos) {
      throw Error(ErrorKind::invalid, fmt::format("traffic.{} may not hold the character {:?}",
                                                  field, std::string(1, c)));
    }
  }
}

std::vector<std::string> plain_texts_in(const Value& spec, std::string_view field) {
  std::vector<std::string> texts = texts_in(spec, field);
  for (const std::string& text : texts) refuse_syntax(text, field);
  return texts;
}

std::string variable_part(const std::string& name, std::string_view field) {
  std::string out;
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
      throw Error(ErrorKind::invalid,
                  fmt::format("traffic.key.{}: {:?} is no name of a {}", field, name, field),
                  "letters, digits, - and _");
    }
    out += c;
  }
  return out;
}

SplitKey read_key(const Value& spec) {
  const Value* key = spec.get("key");
  if (key == nullptr) {
    throw Error(
        ErrorKind::invalid, "traffic.key must be given",
        "{cookie: NAME} or {header: NAME} keeps each user on one side; request_id draws for "
        "every request");
  }
  SplitKey out;
  if (key->is_string() && key->as_string() == "request_id") return out;
  out.kind = key->get("cookie") != nullptr ? SplitKey::Kind::cookie : SplitKey::Kind::header;
  const std::string_view field = out.kind == SplitKey::Kind::cookie ? "cookie" : "header";
  out.name = variable_part(text_in(*key, field), field);
  if (out.kind == SplitKey::Kind::cookie && out.name.find('-') != std::string::npos) {
    throw Error(
        ErrorKind::invalid,
        fmt::format("traffic.key.cookie: nginx has no variable for the cookie {}", out.name),
        "letters, digits and _");
  }
  out.without_by_request = text_in(spec, "missing", "stable") == "request_id";
  return out;
}

// Where this machine reaches what nginx listens on.
std::string address_to_ask(const std::string& listen) {
  const std::string where = listen.substr(0, listen.find(' '));
  if (where.rfind("unix:", 0) == 0) return where.substr(5);
  const std::size_t colon = where.rfind(':');
  if (colon == std::string::npos || where.back() == ']') {
    const bool is_port = where.find_first_not_of("0123456789") == std::string::npos;
    return is_port ? "127.0.0.1:" + where : where + ":80";
  }
  const std::string host = where.substr(0, colon), port = where.substr(colon);
  if (host == "*" || host == "0.0.0.0") return "127.0.0.1" + port;
  if (host == "[::]") return "[::1]" + port;
  return where;
}

NginxProbe read_probe(const Value& spec, const NginxSpec& known) {
  static const Value kNothing{Map{}};
  const Value& probe = spec.get("probe") != nullptr ? *spec.get("probe") : kNothing;
  NginxProbe out;
  out.address = text_in(probe, "address", "");
  for (const std::string& listen : known.listen) {
    if (out.address.empty() && (listen + " ").find(" ssl ") == std::string::npos) {
      out.address = address_to_ask(listen);
    }
  }
  if (out.address.empty()) {
    throw Error(
        ErrorKind::invalid, "traffic.probe.address must be given",
        "an address where nginx serves this without TLS, such as 127.0.0.1:8081: it is asked "
        "there whether a split holds");
  }
  out.host =
      text_in(probe, "host", known.server_names.empty() ? "localhost" : known.server_names[0]);
  for (const std::string* text : {&out.address, &out.host}) {
    refuse_syntax(*text, "probe");
    if (text->find(' ') != std::string::npos)
      throw Error(ErrorKind::invalid, fmt::format("traffic.probe: {:?} has a space", *text));
  }
  out.path = text_in(probe, "path", out.path);
  out.keys = static_cast<int>(integer_in(probe, "keys", out.keys));
  out.from = plain_texts_in(probe, "from");
  return out;
}

}  // namespace

NginxSpec read_nginx_spec(const Value& spec, const Site& site) {
  if (site.slots.size() != 2) {
    throw Error(ErrorKind::invalid, fmt::format("{} has {} slots: nginx splits between two",
                                                site.deployment, site.slots.size()));
  }
  NginxSpec out;
  out.deployment = site.deployment;
  out.id = plain_name(site.deployment, kMostId);
  out.slots = site.slots;
  for (const Slot& slot : site.slots) out.slot_ids.push_back(plain_name(slot.name, kMostSlot));
  const std::string directory = text_in(spec, "directory", site.folder);
  out.config = text_in(spec, "config", fmt::format("{}/{}.conf", directory, out.id));
  out.server_config = text_in(spec, "server_config", "");
  // Deployments that share a directory have flags of the same names.
  out.flags = text_in(spec, "flags", fmt::format("{}/flags/{}", directory, out.id));
  for (const std::string* path : {&out.config, &out.server_config, &out.flags}) {
    refuse_syntax(*path, "config");
  }
  out.listen = plain_texts_in(spec, "listen");
  if (out.listen.empty() == out.server_config.empty()) {
    throw Error(ErrorKind::invalid, "traffic needs either listen or server_config",
                "listen: autopilot writes the whole server {}; server_config: it writes lines that "
                "you include in yours");
  }
  out.server_names = plain_texts_in(spec, "server_name");
  out.includes = plain_texts_in(spec, "include");
  out.key = read_key(spec);
  out.header = variable_part(text_in(spec, "header", "X-Gen"), "header");
  out.nginx = texts_in(spec, "nginx");
  if (out.nginx.empty()) out.nginx = {"nginx"};
  out.reload = texts_in(spec, "reload");
  if (out.reload.empty()) {
    out.reload = out.nginx;
    out.reload.insert(out.reload.end(), {"-s", "reload"});
  }
  out.keepalive = static_cast<int>(integer_in(spec, "keepalive", out.keepalive));
  out.keepalive_timeout = duration_in(spec, "keepalive_timeout", out.keepalive_timeout);
  out.mirror_timeout = duration_in(spec, "mirror_timeout", out.mirror_timeout);
  out.probe = read_probe(spec, out);
  return out;
}

}  // namespace autopilot::deploy
