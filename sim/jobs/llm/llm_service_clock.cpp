// What holds the clocks of a service's GPUs down: by node, or all of them.
#include <algorithm>

#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {

void LlmService::set_clock_limit(std::int64_t node, compute::ClockLevel level) {
  holds_[node].limit = level;
  hold_clocks_on(node);
}

void LlmService::set_power_cap(std::int64_t node, double watts_per_gpu) {
  holds_[node].power_cap_w = watts_per_gpu;
  hold_clocks_on(node);
}

void LlmService::set_power_cap(double watts_per_gpu) {
  power_cap_w_ = watts_per_gpu;
  for (const auto& replica : replicas_) hold_clock(*replica);
}

void LlmService::hold_clocks_on(std::int64_t node) {
  for (const std::int32_t index : replicas_on(node)) hold_clock(*replicas_[static_cast<std::size_t>(index)]);
  if (!holds_[node].acts()) holds_.erase(node);
}

/// As the slowest of its nodes.
void LlmService::hold_clock(Replica& replica) {
  ClockHold hold{.power_cap_w = power_cap_w_};
  for (const placement::Slice& slice : replica.slices()) {
    const auto at = holds_.find(slice.node);
    if (at == holds_.end()) continue;
    hold.limit = std::min(hold.limit, at->second.limit);
    hold.power_cap_w = std::min(hold.power_cap_w, at->second.power_cap_w);
  }
  holds_clocks_ = holds_clocks_ || hold.acts();
  replica.hold_clock(hold);
}

const std::vector<std::int32_t>& LlmService::replicas_on(std::int64_t node) const {
  if (on_node_.empty()) {
    for (const auto& replica : replicas_) {
      for (const placement::Slice& slice : replica->slices()) {
        std::vector<std::int32_t>& here = on_node_[slice.node];
        if (here.empty() || here.back() != replica->index()) here.push_back(replica->index());
      }
    }
  }
  static const std::vector<std::int32_t> kNone;
  const auto at = on_node_.find(node);
  return at == on_node_.end() ? kNone : at->second;
}

LlmService::GpusOnNode LlmService::gpus_on(std::int64_t node) const {
  GpusOnNode sum;
  for (const std::int32_t index : replicas_on(node)) {
    const CapRange& caps = replicas_[static_cast<std::size_t>(index)]->pool().gpu_caps;
    sum.caps.least_w = std::max(sum.caps.least_w, caps.least_w);
    sum.caps.most_w = sum.gpus == 0 ? caps.most_w : std::min(sum.caps.most_w, caps.most_w);
    sum.gpus += gpus_on_node(index, node);
  }
  return sum;
}

void LlmService::report_clock(metrics::ServiceResult& result) const {
  if (!holds_clocks_) return;
  ClockBook prompts, decodes;
  Picoseconds prompt_time = 0, decode_time = 0;
  for (const auto& replica : replicas_) {
    prompts += replica->prompt_clock();
    decodes += replica->decode_clock();
    prompt_time += replica->prompt_time();
    decode_time += replica->decode_time();
  }
  const auto mean = [](const ClockBook& book, Picoseconds time) -> std::optional<double> {
    if (time == 0) return std::nullopt;
    return 1.0 - static_cast<double>(book.lost_levels) /
                     (static_cast<double>(compute::kFullClock) * static_cast<double>(time));
  };
  ClockBook all = prompts;
  all += decodes;
  const Picoseconds time = prompt_time + decode_time;
  const auto share = [time](Picoseconds part) {
    return time > 0 ? static_cast<double>(part) / static_cast<double>(time) : 0.0;
  };
  result.clock = metrics::ClockResult{.mean_share = mean(all, time),
                                      .prompt_mean_share = mean(prompts, prompt_time),
                                      .decode_mean_share = mean(decodes, decode_time),
                                      .throttled_share_of_time = share(all.below),
                                      .over_cap_share_of_time = share(all.over_cap)};
}

}  // namespace tokenworks::jobs
