#pragma once
// One pass of an algorithm: read what is new, propose shares, let the policies decide, act, record.
//
// Each stage ends with a transaction, and what it needs is in the step by then. Killed anywhere,
// the next pass goes on with the step that is open:
//  1. Cursors and counts move in one transaction: an event counts once.
//  2. Proposals are kept before anything is decided, and each action has an idempotency key made of
//     algorithm, generation and arm: asked again, the policies' answer is the recorded one.
//  3. An approval is used up in the transaction of the decision that it allows, under the same key.
//  4. What is set is a state and not a change; what cannot be asked whether it holds gets the same
//     key again.

#include <functional>
#include <optional>
#include <string>

#include "core/decide/recorder.h"
#include "core/loop/actuator.h"
#include "core/loop/event_batch.h"
#include "core/loop/loop_store.h"
#include "core/loop/pending.h"
#include "core/loop/served.h"

namespace autopilot::loop {

enum class Mode {
  live,
  shadow,   // with counts and steps of its own; decides without using up anything, and never acts
  dry_run,  // keeps and changes nothing
};
std::string_view to_string(Mode mode);

struct LoopParts {
  state::Store& store;
  decide::PolicySource& policies;
  World& world;
  std::string root;  // of the project
  Actuator& actuator;
  decide::RecorderSettings recorder;  // run and dry_run are the loop's
  state::Who who;                     // whose run it is
};

struct LoopResult {
  std::optional<Step> resumed;     // that was open, now done
  std::optional<EventBatch> read;  // what was new in the logs
  std::vector<Served> served;      // whether it was served as the weights say
  std::optional<Step> step;
  std::string waits;             // why there is no step; empty when there is one
  std::vector<Pending> waiting;  // for approval, since this step or an earlier one
};

class Loop {
 public:
  Loop(const Algorithm& algorithm, Mode mode, LoopParts parts);

  // Throws Error(outside) when the actuator refuses or does not hold: the step stays open.
  LoopResult run();

 private:
  std::vector<Pending> looked_at(const Map& body);
  std::string read(const std::optional<Step>& last, bool agreed, LoopResult& result);
  Reading reading(std::function<std::int64_t(Instant)> generation_at);
  Step begin(const std::optional<Step>& last, const EventBatch& batch, double total);
  void carry(const std::optional<Step>& last, Step& step);
  SegmentShares in_force();
  SegmentShares shares_before(const std::optional<Step>& last);

  std::string key_of(const Step& step) const;  // the beginning of its idempotency keys
  void close(Step& step);
  void finish(Step& step);
  void propose(Step& step);
  void decide(Step& step);
  std::vector<std::string> answers_to(const std::vector<std::string>& actions,
                                      decide::Recorder& recorder) const;
  std::vector<Pending> settle_held(Step& step, decide::Recorder& recorder,
                                   std::vector<std::string>& actions);
  bool is_lost(const SegmentShares& shares);
  void act(Step& step);
  deploy::SplitCheck moved(const Order& order);
  void record(Step& step);
  void keep(const Step& step);

  const Algorithm& algorithm_;
  Mode mode_;
  LoopParts parts_;
  Database& database_;
  Agreements agreements_;
  LoopStore store_, live_;
  std::vector<StoredCount> counts_;  // what the step at hand learns from
};

}  // namespace autopilot::loop
