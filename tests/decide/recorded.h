#pragma once
// Decision lines as a history in memory, and what other policies would make of it.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/decide/history_builder.h"
#include "core/decide/impact.h"
#include "core/decide/summary.h"
#include "tests/decide/trial.h"

namespace autopilot::decide::testing {

// Lines by seq, the first one's is 1.
class RecordedTexts final : public RecordedLines {
 public:
  explicit RecordedTexts(std::vector<std::string> lines) : lines_(std::move(lines)) {
    for (std::string& line : lines_) line.append(kPadding, ' ');
  }
  std::string_view line(std::int64_t seq) override {
    const std::string& text = lines_[static_cast<std::size_t>(seq - 1)];
    return std::string_view(text).substr(0, text.size() - kPadding);
  }
  HistoryBlock block() {
    HistoryBuilder builder;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto seq = static_cast<std::int64_t>(i + 1);
      builder.add(seq, line(seq));
    }
    return HistoryBlock(builder.finish({}));
  }

 private:
  std::vector<std::string> lines_;
};

// The same by drafts, in pieces.
inline Impact drafted(const std::shared_ptr<const CompiledSet>& set, const HistoryBlock& block,
                      RecordedTexts& texts) {
  Rerun rerun(set, texts);
  RowTaker taker(*set);
  Impact impact;
  for (std::uint32_t begin = 0; begin < block.rows();) {
    const std::uint32_t end = std::min(block.rows(), begin + 1 + begin / 2);
    std::vector<Draft> drafts = draft(block, begin, end, taker);
    rerun.settle(block, begin, drafts, impact);
    begin = end;
  }
  EXPECT_TRUE(impact.tell(*set, texts));
  return impact;
}

inline Impact impact_of(const std::shared_ptr<const CompiledSet>& set,
                        std::vector<std::string> lines) {
  RecordedTexts texts(std::move(lines));
  const HistoryBlock block = texts.block();
  Rerun rerun(set, texts);
  Impact impact;
  rerun.take(block, 0, block.rows(), impact);
  EXPECT_TRUE(impact.tell(*set, texts));
  EXPECT_EQ(to_json(impact_data(drafted(set, block, texts))), to_json(impact_data(impact)));
  return impact;
}

}  // namespace autopilot::decide::testing
