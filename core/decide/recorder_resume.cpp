// A decision that waited, taken anew.
#include "core/decide/recorder.h"

namespace autopilot::decide {

std::string Recorder::resume(std::string_view recorded,
                             const std::function<Resumption(const std::string& id)>& approve) {
  std::string line(recorded);
  line.append(kPadding, ' ');
  Record record;
  reader_.read(std::string_view(line).substr(0, recorded.size()), record);
  WriteTransaction transaction(database_);
  try {
    begin_batch();
    const Instant now = world_.clock.now();
    const DecisionId id{next_seq(now), world_.random.next()};
    const std::string id_text = id.text();
    const Resumption resumption = approve(id_text);
    read_again(*engine_, record, input_);
    at_ = {now, settings_.run, record.actor, record.role, nullptr, &resumption};
    at_.now.nanos -= at_.now.nanos % 1'000'000;
    engine_->decide(input_, at_, ledger_, outcome_);
    line_.clear();
    append_line(line_, {id_text, input_.proposed, input_.context, set_->revision(), at_}, outcome_);
    consume(outcome_, at_, id.seq, ledger_);
    this->record(id, line_);
    if (!input_.key.empty()) {
      database_.prepare("UPDATE idempotency SET seq = ?3 WHERE algorithm = ?1 AND key = ?2")
          .run(input_.algorithm, input_.key, id.seq);
    }
    last_seq_ = id.seq;
    tally_.count(outcome_.result);
    at_.resumes = nullptr;
    end_batch();
    transaction.commit();
  } catch (...) {
    forget();
    throw;
  }
  return line_;
}

}  // namespace autopilot::decide
