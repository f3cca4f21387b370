#include "core/optimize/lp_wire.h"

#include <cstdint>
#include <cstring>

namespace autopilot::optimize {
namespace {

template <class T>
void put(std::string& out, const T& value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void put_list(std::string& out, const std::vector<double>& list) {
  put(out, static_cast<std::uint64_t>(list.size()));
  for (const double value : list) put(out, value);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  bool get(T& value) {
    if (bytes_.size() < sizeof value) return false;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return true;
  }
  // How many of something of `size` bytes follow; false when the bytes do not suffice.
  bool count(std::uint64_t& n, std::size_t size) { return get(n) && n <= bytes_.size() / size; }
  bool list(std::vector<double>& out) {
    std::uint64_t n = 0;
    if (!count(n, sizeof(double))) return false;
    out.resize(n);
    for (double& value : out) get(value);
    return true;
  }
  bool ended() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

}  // namespace

std::string pack(const LpModel& model, double seconds) {
  std::string out;
  put(out, seconds);
  put(out, model.constant);
  put(out, model.amount);
  put(out, static_cast<std::uint64_t>(model.columns.size()));
  for (const LpColumn& c : model.columns) {
    put(out, c.low);
    put(out, c.high);
    put(out, c.cost);
    put(out, static_cast<std::uint64_t>(c.integer));
  }
  put(out, static_cast<std::uint64_t>(model.rows.size()));
  for (const auto& [low, high] : model.rows) {
    put(out, low);
    put(out, high);
  }
  put(out, static_cast<std::uint64_t>(model.entries.size()));
  for (const LpEntry& e : model.entries) {
    put(out, static_cast<std::uint64_t>(e.row));
    put(out, static_cast<std::uint64_t>(e.column));
    put(out, e.value);
  }
  return out;
}

bool unpack(std::string_view bytes, LpModel& model, double& seconds) {
  Reader in(bytes);
  std::uint64_t n = 0;
  if (!in.get(seconds) || !in.get(model.constant) || !in.get(model.amount) || !in.count(n, 32))
    return false;
  model.columns.resize(n);
  for (LpColumn& c : model.columns) {
    std::uint64_t integer = 0;
    if (!in.get(c.low) || !in.get(c.high) || !in.get(c.cost) || !in.get(integer)) return false;
    c.integer = integer != 0;
  }
  if (!in.count(n, 16)) return false;
  model.rows.resize(n);
  for (auto& [low, high] : model.rows) {
    if (!in.get(low) || !in.get(high)) return false;
  }
  if (!in.count(n, 24)) return false;
  model.entries.resize(n);
  for (LpEntry& e : model.entries) {
    std::uint64_t row = 0, column = 0;
    if (!in.get(row) || !in.get(column) || !in.get(e.value)) return false;
    e.row = row;
    e.column = column;
  }
  return in.ended();
}

std::string pack(const LpAnswer& answer) {
  std::string out;
  put(out, static_cast<std::uint64_t>(answer.status));
  put(out, answer.objective);
  put(out, answer.bound);
  put_list(out, answer.values);
  put_list(out, answer.row_prices);
  put_list(out, answer.reduced_costs);
  return out;
}

bool unpack(std::string_view bytes, LpAnswer& answer) {
  Reader in(bytes);
  std::uint64_t status = 0;
  if (!in.get(status) || status > 3 || !in.get(answer.objective) || !in.get(answer.bound))
    return false;
  answer.status = static_cast<Status>(status);
  return in.list(answer.values) && in.list(answer.row_prices) && in.list(answer.reduced_costs) &&
         in.ended();
}

}  // namespace autopilot::optimize
