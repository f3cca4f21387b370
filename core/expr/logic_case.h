#pragma once
// One conjunction: what must be true of terms all at once, propagated until nothing changes or a
// contradiction shows.

#include <utility>
#include <vector>

#include "core/expr/logic.h"

namespace autopilot::expr {

class Case {
 public:
  explicit Case(const Logic& logic) : logic_(&logic) {}

  void add(const Formula& leaf);  // domain or order
  // False: a contradiction, no input fits. True says nothing.
  bool propagate();
  // What is known of a term by now.
  const Domain& domain(TermId term);
  std::vector<std::pair<TermId, Domain>> take_domains();

 private:
  struct Known {
    TermId term;
    Domain domain;
  };
  struct Order {
    TermId a, b;
    Relations relations;
  };

  Domain& known(TermId term);
  void relate(TermId a, TermId b, Relations relations);
  bool compute(std::size_t index);
  bool narrow(Order& order);
  bool narrow_numbers(const Order& order, Domain& a, Domain& b);
  bool narrow_others(const Order& order, Domain& a, Domain& b);
  bool contradicts() const;
  bool orders_close();
  Relations structural(TermId a, TermId b);

  const Logic* logic_;
  std::vector<Known> known_;
  std::vector<Order> orders_;
  bool failed_ = false;
};

}  // namespace autopilot::expr
