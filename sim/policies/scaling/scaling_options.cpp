#include <algorithm>

#include "sim/policies/scaling/options/options.hpp"

namespace tokenworks::scaling {

void StartUp::visit(FieldVisitor& v) {
  field(v, "compile_s", compile, "Compiling kernels, once the weights are there",
        rule().at_least(0).at_most(9e6).default_from(
            'E', "torch.compile of Llama 3 8B under vLLM takes 19.4 s (vLLM, pull request 11005); here for any model"));
  field(v, "warm_up_s", warm_up, "Profiling memory, capturing CUDA graphs, first steps",
        rule().at_least(0).at_most(9e6).default_from(
            'E',
            "the rest of vLLM's start of Llama 3 8B, 39.3 s without weights (vLLM, pull request 11005); here for "
            "any model"));
}

void ScalingOption::visit_common(FieldVisitor& v) {
  field(v, "min_replicas", min_replicas, "Fewest replicas; 0: requests may have to wait until one has started",
        rule().at_least(0).at_most(1e6));
  field(v, "max_replicas", max_replicas, "Most replicas; GPUs are set aside for so many",
        rule().required().at_least(1).at_most(1e6));
  field(v, "interval_s", interval, "From one look to the next", rule().at_least(0.1).at_most(9e6));
  field(v, "cool_down_up_s", cool_down_up, "No start so soon after a start", rule().at_least(0).at_most(9e6));
  field(v, "cool_down_down_s", cool_down_down, "No replica is drained so soon after a start or another one's draining",
        rule().at_least(0).at_most(9e6));
  field(v, "step", step, "Most replicas started or drained at once", rule().at_least(1).at_most(1e6));
  field(v, "start_up", start_up, "What a replica does when its weights are there, before it serves");
}

std::int64_t decide(const ScalingOption& option, const Snapshot& now) {
  const std::int64_t present = now.serving + now.starting;
  std::int64_t least = option.min_replicas;
  if (present == 0 && now.waiting > 0) least = std::max<std::int64_t>(least, 1);
  if (present < least) return std::min(least - present, now.idle);
  const Wish wish = option.wish(now);
  if (wish == Wish::more && now.may_start) {
    return std::max<std::int64_t>(0, std::min({option.step, option.max_replicas - present, now.idle}));
  }
  if (wish == Wish::fewer && now.may_drain && now.starting == 0) {
    return -std::max<std::int64_t>(0, std::min(option.step, present - option.min_replicas));
  }
  return 0;
}

Options<ScalingOption> scaling_options() {
  static constexpr Option<ScalingOption> kOptions[] = {
      {"queue", "By requests that wait, for each replica", make_queue},
      {"kv_cache", "By the share of KV blocks that is in use", make_kv_cache},
      {"slo", "By the share of requests for which every promise was kept, since the last look", make_slo},
  };
  return kOptions;
}

}  // namespace tokenworks::scaling
