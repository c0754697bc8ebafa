// Between two joins, ends or removals only contexts grow, all by the same number of tokens in a step: one, or what the
// pattern of speculative decoding yields. So sums over the batch are kept instead of contexts, and everything else is
// dated by the tokens that a sequence would have which had decoded from the first step on ("count of tokens"): windows
// are full at such counts, and KV blocks are counted by the remainder (modulo the block length) of the counts at which
// a sequence needs its next one. Ends are step numbers in a heap. Cost is by request, not by token.
#include <algorithm>
#include <functional>

#include "sim/jobs/llm/decode_batch.hpp"
#include "sim/jobs/llm/end_heap.hpp"

namespace tokenworks::jobs {
namespace {

/// Without speculation counts of tokens are numbers of steps, and nothing is paid for the difference.
template <bool kSpeculates>
class CoalescedDecodeBatch final : public DecodeBatch {
 public:
  explicit CoalescedDecodeBatch(const DecodeBatchSetup& setup)
      : setup_(setup), needs_block_at_(static_cast<std::size_t>(setup.block_tokens), 0) {
    ends_.reserve(kUsualMembers);  // beside the object in memory: many replicas do not fit the cache
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(ends_.size()); }
  std::int64_t steps() const override { return steps_; }
  ContextLoad load() const override { return load_; }

  void join(RequestId request, std::int64_t remaining) override {
    InFlight& member = pool(request);
    member.joined_step = steps_;
    const std::int64_t read = read_by_step(member.prompt_done);
    load_.full_tokens += read;
    if (setup_.window_tokens > 0) {
      load_.window_tokens += std::min(read, setup_.window_tokens);
      if (read < setup_.window_tokens) {
        kinks_.push_back(kink_of(member));
        std::push_heap(kinks_.begin(), kinks_.end(), std::greater<>());
      }
    }
    if (setup_.block_tokens > 0) ++needs_block_at_[block_phase(member)];
    ends_.push({first_step_with(tokens_ + remaining), member.admission, request});
  }

  RequestId last_admitted() override {
    return std::max_element(ends_.begin(), ends_.end(),
                            [](const End& a, const End& b) { return a.admission < b.admission; })
        ->request;
  }

  std::int64_t remove(RequestId request) override {
    ends_.remove(request);
    return leave(request);
  }

  void take_finished(std::vector<FinishedDecode>& finished) override {
    while (!ends_.empty() && ends_.front().step == steps_) {
      const RequestId request = ends_.front().request;
      ends_.pop();
      finished.push_back({request, leave(request)});
    }
  }

  bool holds(RequestId request) const override {
    return std::any_of(ends_.begin(), ends_.end(), [request](const End& end) { return end.request == request; });
  }

  void note(engine::CacheLines& lines) const override {
    if (ends_.empty()) return;
    lines.add(&pool(ends_.front().request));
    lines.add(&ends_.front());
  }

  std::vector<RequestId> members() const override {
    std::vector<End> sorted(ends_.begin(), ends_.end());
    std::sort(sorted.begin(), sorted.end(), [](const End& a, const End& b) { return a.admission < b.admission; });
    std::vector<RequestId> list;
    for (const End& end : sorted) list.push_back(end.request);
    return list;
  }

  std::int64_t blocks_for_next_step() const override {
    if (setup_.block_tokens == 0) return 0;
    return kSpeculates ? blocks_of_tokens(tokens_by(steps_ + 1) - tokens_) : needs_block_at_[phase_of(tokens_)];
  }

  std::int64_t blocks_of_steps(std::int64_t count) const override {
    return blocks_of_tokens(tokens_by(steps_ + count) - tokens_);
  }

  DecodeSegment plan(Picoseconds now, const DecodeRate& rate, const DecodeLimits& limits) override {
    const auto growing = static_cast<std::int64_t>(kinks_.size());
    std::int64_t count = std::min({limits.max_steps, DecodeSegment::kMaxSteps, ends_.front().step - steps_});
    if (growing > 0) count = std::min(count, first_step_with(kinks_.front()) - steps_);
    const std::int64_t to_knot = (limits.next_knot - load_.full_tokens + size() - 1) / size();
    count = std::min(count, std::max<std::int64_t>(1, first_step_with(tokens_ + to_knot) - steps_));
    count = affordable_steps(count, limits.free_blocks);
    return {.start = now,
            .first = rate.fixed + rate.per_full_token * load_.full_tokens + rate.per_window_token * load_.window_tokens,
            .growth = rate.per_full_token * size() + rate.per_window_token * growing,
            .steps = count,
            .sequences = size(),
            .start_step = steps_,
            .pattern = kSpeculates ? setup_.pattern : nullptr};
  }

  std::int64_t advance(std::int64_t count) override {
    const std::int64_t tokens = tokens_by(steps_ + count) - tokens_;
    const std::int64_t blocks = blocks_of_tokens(tokens);
    load_.full_tokens += size() * tokens;
    load_.window_tokens += static_cast<std::int64_t>(kinks_.size()) * tokens;
    steps_ += count;
    tokens_ += tokens;
    while (!kinks_.empty() && kinks_.front() <= tokens_) {
      load_.window_tokens -= tokens_ - kinks_.front();  // a step may go beyond the count at which the window is full
      std::pop_heap(kinks_.begin(), kinks_.end(), std::greater<>());
      kinks_.pop_back();
    }
    return blocks;
  }

 private:
  using End = EndHeap::End;
  InFlight& pool(RequestId request) const { return (*setup_.pool)[request]; }
  static constexpr std::size_t kUsualMembers = 16;

  std::int64_t tokens_by(std::int64_t step) const {
    if constexpr (kSpeculates) return setup_.pattern->tokens_by(step);
    return step;
  }
  std::int64_t first_step_with(std::int64_t tokens) const {
    if constexpr (kSpeculates) return setup_.pattern->first_step_with(tokens);
    return tokens;
  }
  std::int64_t draft_tokens() const { return kSpeculates ? setup_.draft_tokens : 0; }
  std::int64_t read_by_step(std::int64_t held) const { return held + 1 + draft_tokens(); }

  std::size_t phase_of(std::int64_t tokens) const { return static_cast<std::size_t>(tokens % setup_.block_tokens); }
  /// A member needs a block at the counts of tokens with this remainder: then what it holds and the drafted tokens fill
  /// whole blocks.
  std::size_t block_phase(const InFlight& member) const {
    const std::int64_t covered = member.prompt_done + draft_tokens();
    return phase_of(tokens_by(member.joined_step) + setup_.block_tokens - covered % setup_.block_tokens);
  }
  /// Count of tokens at which its window is full: from then on it reads the same number of tokens in each step.
  std::int64_t kink_of(const InFlight& member) const {
    return tokens_by(member.joined_step) + setup_.window_tokens - read_by_step(member.prompt_done);
  }

  std::int64_t leave(RequestId request) {
    InFlight& member = pool(request);
    const std::int64_t made = tokens_ - tokens_by(member.joined_step);
    const std::int64_t held = member.prompt_done + made;
    const std::int64_t read = read_by_step(held);
    member.generated = static_cast<std::int32_t>(std::min<std::int64_t>(member.generated + made, member.output_tokens));
    load_.full_tokens -= read;
    if (setup_.window_tokens > 0) {
      load_.window_tokens -= std::min(read, setup_.window_tokens);
      if (read < setup_.window_tokens) {  // it leaves while its window still fills
        kinks_.erase(std::find(kinks_.begin(), kinks_.end(), kink_of(member)));
        std::make_heap(kinks_.begin(), kinks_.end(), std::greater<>());
      }
    }
    if (setup_.block_tokens > 0) --needs_block_at_[block_phase(member)];
    return held;
  }

  std::int64_t affordable_steps(std::int64_t wanted, std::int64_t free_blocks) const {
    if (setup_.block_tokens == 0) return wanted;
    const std::int64_t tokens = tokens_by(steps_ + wanted) - tokens_;
    const std::int64_t affordable = affordable_tokens(tokens, free_blocks);
    return affordable == tokens ? wanted : first_step_with(tokens_ + affordable + 1) - 1 - steps_;
  }

  std::int64_t affordable_tokens(std::int64_t wanted, std::int64_t free_blocks) const {
    const std::int64_t length = setup_.block_tokens;
    if (free_blocks >= size() * ((wanted + length - 1) / length)) return wanted;
    const std::int64_t rounds = free_blocks / size();  // in a round of `length` tokens each member takes one block
    std::int64_t left = free_blocks - rounds * size();
    std::int64_t count = rounds * length;
    for (std::int64_t i = 0; i < length && count < wanted; ++i) {
      left -= needs_block_at_[phase_of(tokens_ + i)];
      if (left < 0) break;
      ++count;
    }
    return std::min(count, wanted);
  }

  std::int64_t blocks_of_tokens(std::int64_t count) const {
    const std::int64_t length = setup_.block_tokens;
    if (length == 0) return 0;
    std::int64_t blocks = count / length * size();
    for (std::int64_t i = 0; i < count % length; ++i) blocks += needs_block_at_[phase_of(tokens_ + i)];
    return blocks;
  }

  DecodeBatchSetup setup_;
  std::vector<std::int32_t> needs_block_at_;  // members by the remainder of the counts at which they need a block
  EndHeap ends_;
  std::vector<std::int64_t> kinks_;  // heap: counts of tokens at which a window is full
  ContextLoad load_;
  std::int64_t steps_ = 0;
  std::int64_t tokens_ = 0;  // count of tokens: tokens_by(steps_)
};

}  // namespace

std::unique_ptr<DecodeBatch> make_coalesced_decode_batch(const DecodeBatchSetup& setup) {
  if (setup.pattern == nullptr) return std::make_unique<CoalescedDecodeBatch<false>>(setup);
  return std::make_unique<CoalescedDecodeBatch<true>>(setup);
}

}  // namespace tokenworks::jobs
