// One step at a time, every sum taken anew over the sequences: slow, plain, and the judge of the coalesced book.
#include <algorithm>

#include "sim/jobs/llm/decode_batch.hpp"

namespace tokenworks::jobs {
namespace {

class ExactDecodeBatch final : public DecodeBatch {
 public:
  explicit ExactDecodeBatch(const DecodeBatchSetup& setup) : setup_(setup) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(sequences_.size()); }
  std::int64_t steps() const override { return steps_; }

  ContextLoad load() const override {
    ContextLoad load;
    for (const Sequence& sequence : sequences_) {
      const std::int64_t read = sequence.held + 1 + setup_.draft_tokens;
      load.full_tokens += read;
      if (setup_.window_tokens > 0) load.window_tokens += std::min(read, setup_.window_tokens);
    }
    return load;
  }

  void join(RequestId request, std::int64_t remaining) override {
    InFlight& member = (*setup_.pool)[request];
    member.joined_step = steps_;
    sequences_.push_back({request, member.prompt_done, remaining, 0});
    // Prompts that are cut into chunks do not end in the order in which they were admitted.
    std::sort(sequences_.begin(), sequences_.end(), [this](const Sequence& a, const Sequence& b) {
      return (*setup_.pool)[a.request].admission < (*setup_.pool)[b.request].admission;
    });
  }

  RequestId last_admitted() override { return sequences_.back().request; }

  std::int64_t remove(RequestId request) override {
    const auto at = std::find_if(sequences_.begin(), sequences_.end(),
                                 [request](const Sequence& sequence) { return sequence.request == request; });
    const Sequence sequence = *at;
    sequences_.erase(at);
    (*setup_.pool)[request].generated += static_cast<std::int32_t>(sequence.made);
    return sequence.held;
  }

  void take_finished(std::vector<FinishedDecode>& finished) override {
    for (const Sequence& sequence : sequences_) {
      if (sequence.remaining > 0) continue;
      (*setup_.pool)[sequence.request].generated += static_cast<std::int32_t>(sequence.made);
      finished.push_back({sequence.request, sequence.held});
    }
    std::erase_if(sequences_, [](const Sequence& sequence) { return sequence.remaining == 0; });
  }

  bool holds(RequestId request) const override {
    return std::any_of(sequences_.begin(), sequences_.end(),
                       [request](const Sequence& sequence) { return sequence.request == request; });
  }

  std::vector<RequestId> members() const override {
    std::vector<RequestId> list;
    for (const Sequence& sequence : sequences_) list.push_back(sequence.request);
    return list;
  }

  std::int64_t blocks_for_next_step() const override {
    if (setup_.block_tokens == 0) return 0;
    std::int64_t blocks = 0;
    for (const Sequence& sequence : sequences_) {
      const std::int64_t covered = sequence.held + setup_.draft_tokens;
      blocks += blocks_for(covered + next_tokens()) - blocks_for(covered);
    }
    return blocks;
  }

  /// It plans one step at a time.
  std::int64_t blocks_of_steps(std::int64_t count) const override { return count == 0 ? 0 : blocks_for_next_step(); }

  DecodeSegment plan(Picoseconds now, const DecodeRate& rate, const DecodeLimits&) override {
    const ContextLoad read = load();
    const Picoseconds duration =
        rate.fixed + rate.per_full_token * read.full_tokens + rate.per_window_token * read.window_tokens;
    return {.start = now,
            .first = duration,
            .growth = 0,
            .steps = 1,
            .sequences = size(),
            .start_step = steps_,
            .pattern = setup_.pattern};
  }

  std::int64_t advance(std::int64_t count) override {
    std::int64_t blocks = 0;
    for (std::int64_t step = 0; step < count; ++step) {
      blocks += blocks_for_next_step();
      const std::int64_t tokens = next_tokens();
      for (Sequence& sequence : sequences_) {
        const std::int64_t wanted = std::min(tokens, sequence.remaining);
        sequence.held += tokens;
        sequence.made += wanted;
        sequence.remaining -= wanted;
      }
      if (setup_.pattern != nullptr) {
        fraction_ += setup_.pattern->tokens_of_period() - tokens * setup_.pattern->steps_of_period();
      }
      ++steps_;
    }
    return blocks;
  }

 private:
  struct Sequence {
    RequestId request;
    std::int64_t held;
    std::int64_t remaining;
    std::int64_t made;
  };

  std::int64_t blocks_for(std::int64_t tokens) const {
    return (tokens + setup_.block_tokens - 1) / setup_.block_tokens;
  }

  /// Tokens that each sequence gets in the next step: what is whole of the mean and of what earlier steps left over.
  std::int64_t next_tokens() const {
    if (setup_.pattern == nullptr) return 1;
    return (fraction_ + setup_.pattern->tokens_of_period()) / setup_.pattern->steps_of_period();
  }

  DecodeBatchSetup setup_;
  std::vector<Sequence> sequences_;
  std::int64_t steps_ = 0;
  std::int64_t fraction_ = 0;  // of a token, in 1 / steps of the pattern's period
};

}  // namespace

std::unique_ptr<DecodeBatch> make_exact_decode_batch(const DecodeBatchSetup& setup) {
  return std::make_unique<ExactDecodeBatch>(setup);
}

}  // namespace tokenworks::jobs
