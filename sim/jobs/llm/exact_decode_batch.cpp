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
      load.full_tokens += sequence.held + 1;
      if (setup_.window_tokens > 0) load.window_tokens += std::min(sequence.held + 1, setup_.window_tokens);
    }
    return load;
  }

  void join(RequestId request, std::int64_t remaining) override {
    InFlight& member = (*setup_.pool)[request];
    member.joined_step = steps_;
    sequences_.push_back({request, member.joined_context, remaining, 0});
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

  void take_finished(std::vector<RequestId>& finished) override {
    for (const Sequence& sequence : sequences_) {
      if (sequence.remaining > 0) continue;
      (*setup_.pool)[sequence.request].generated += static_cast<std::int32_t>(sequence.made);
      finished.push_back(sequence.request);
    }
    std::erase_if(sequences_, [](const Sequence& sequence) { return sequence.remaining == 0; });
  }

  std::vector<RequestId> members() const override {
    std::vector<RequestId> list;
    for (const Sequence& sequence : sequences_) list.push_back(sequence.request);
    return list;
  }

  std::int64_t blocks_for_next_step() const override {
    if (setup_.block_tokens == 0) return 0;
    return std::count_if(sequences_.begin(), sequences_.end(),
                         [this](const Sequence& sequence) { return sequence.held % setup_.block_tokens == 0; });
  }

  DecodeSegment plan(Picoseconds now, const DecodeRate& rate, const DecodeLimits&) override {
    const ContextLoad read = load();
    const Picoseconds duration =
        rate.fixed + rate.per_full_token * read.full_tokens + rate.per_window_token * read.window_tokens;
    return {.start = now, .first = duration, .growth = 0, .steps = 1, .sequences = size()};
  }

  std::int64_t advance(std::int64_t count) override {
    std::int64_t blocks = 0;
    for (std::int64_t step = 0; step < count; ++step) {
      blocks += blocks_for_next_step();
      for (Sequence& sequence : sequences_) {
        ++sequence.held;
        ++sequence.made;
        --sequence.remaining;
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

  DecodeBatchSetup setup_;
  std::vector<Sequence> sequences_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::unique_ptr<DecodeBatch> make_exact_decode_batch(const DecodeBatchSetup& setup) {
  return std::make_unique<ExactDecodeBatch>(setup);
}

}  // namespace tokenworks::jobs
