// What a service says of itself: its part of the report, and of the message about a run that is stuck.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {

void LlmService::report(metrics::ServiceResult& result, Picoseconds end) const {
  result.name = setup_.name;
  result.kind = "llm";
  result.product = "tokens";
  result.gpus = gpus();
  stats_.report(result, end);
  const auto from_others = [](const Owner& owner) { return owner.is_of_another; };
  if (std::any_of(owners_.begin(), owners_.end(), from_others)) {  // behind those of its own workloads
    std::vector<metrics::WorkloadArrivals> own, others;
    result.arrivals.resize(owners_.size());
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      (owners_[i].is_of_another ? others : own).push_back(result.arrivals[i]);
    }
    result.arrivals = std::move(own);
    result.arrivals.insert(result.arrivals.end(), others.begin(), others.end());
  }
  const ServedModel& model = *pools_.front().model;
  result.kv_pool_tokens = model.kv_blocks() * model.profile().kv_block_tokens;
  for (std::size_t i = 0; i < result.classes.size(); ++i) result.classes[i].name = setup_.classes[i].name;
  for (std::size_t i = 0; i < result.tenants.size(); ++i) result.tenants[i].name = setup_.tenants[i];
  report_pools(result);
  report_saturation(result);
  result.gpu_energy_j = to_joules(gpu_energy(end));
  if (spans_domains_) {
    result.step_traffic =
        metrics::StepTrafficResult{.time_s = to_seconds(sending_time_), .contention_s = to_seconds(contention_)};
  }
  report_pipeline(result);
  report_clock(result);
  if (const SharedGpus& sharing = pools_.front().sharing; !sharing.turns.empty()) {
    metrics::SharingResult& shared = result.sharing.emplace();
    shared.kind = sharing.kind;
    shared.with = sharing.with;
    for (const auto& replica : replicas_) {
      shared.turn_wait_s += to_seconds(replica->turns()->waiting);
      shared.switches += replica->turns()->switches;
      shared.switch_s += to_seconds(replica->turns()->switching);
    }
  }
  if (!setup_.adapter_shares.empty()) {
    result.adapters = metrics::AdapterResult{.loads = adapter_loads_, .load_time_s = to_seconds(adapter_load_time_)};
  }
  if (swaps_) {
    result.swap = metrics::SwapResult{.out_tokens = swapped_out_tokens_, .in_tokens = swapped_in_tokens_};
  }
  if (model.speculation() != nullptr) {
    result.speculation = metrics::SpeculationResult{.draft_tokens = model.draft_tokens(),
                                                    .verified_steps = stats_.sequence_steps(),
                                                    .mean_accepted = stats_.tokens_per_sequence_step()};
  }
}

/// Bubbles are counted when a step begins: of a step that is cut off, all of it.
void LlmService::report_pipeline(metrics::ServiceResult& result) const {
  const auto has_stages = [](const PoolSetup& pool) { return pool.model->bubble() != nullptr; };
  if (std::none_of(pools_.begin(), pools_.end(), has_stages)) return;
  Picoseconds busy = 0;
  std::size_t index = 0;
  for (const PoolSetup& pool : pools_) {
    for (std::size_t i = 0; i < pool.replicas.size(); ++i, ++index) {
      if (has_stages(pool)) busy += replicas_[index]->prompt_time() + replicas_[index]->decode_time();
    }
  }
  result.pipeline.emplace().bubble_s = to_seconds(bubble_time_);
  if (busy > 0) result.pipeline->bubble_share = to_seconds(bubble_time_) / to_seconds(busy);
}

void LlmService::report_pools(metrics::ServiceResult& result) const {
  static constexpr const char* kRoles[] = {"serve", "prefill", "decode"};
  metrics::PrefixCacheResult tiers;
  std::size_t index = 0;
  bool has_tiers = false;
  for (const PoolSetup& pool : pools_) {
    const std::int64_t block = pool.model->profile().kv_block_tokens;
    metrics::PoolResult one{.name = pool.name, .role = kRoles[static_cast<int>(pool.role)]};
    one.kv_pool_tokens = pool.model->kv_blocks() * block;
    for (std::size_t i = 0; i < pool.replicas.size(); ++i, ++index) {
      const Replica& replica = *replicas_[index];
      ++one.replicas;
      one.gpus += replica.gpus();
      one.prompt_steps_s += to_seconds(replica.prompt_time());
      one.decode_steps_s += to_seconds(replica.decode_time());
      one.up_s += to_seconds(replica.up_time());
      one.kv_peak_share = std::max(one.kv_peak_share, replica.peak_share());
      if (!pool.keeps_prefixes || pool.tiers.tiers.empty()) continue;
      has_tiers = true;
      tiers.read_tokens += replica.read_tokens();
      tiers.written_tokens += replica.written_tokens();
    }
    result.kv_peak_share = std::max(result.kv_peak_share, one.kv_peak_share);
    result.pools.push_back(std::move(one));
  }
  if (has_tiers) result.kv_tiers = tiers;
  if (handover_) handover_->report(result.handover.emplace());
}

/// The knee is where the first of prompts, answers and hand-over uses up what it has. In a pool that does both, prompts
/// and answers take turns, and their times add up.
void LlmService::report_saturation(metrics::ServiceResult& result) const {
  metrics::SaturationResult& saturation = result.saturation;
  static constexpr const char* kReasons[] = {"", "sequences", "kv_memory", "compute", "adapter_places"};
  double up_s = 0.0, busy_s = 0.0;
  std::array<double, 5> blocked_s{};
  const std::size_t reasons = setup_.adapter_shares.empty() ? 4 : 5;
  for (const auto& replica : replicas_) {
    up_s += to_seconds(replica->up_time());
    busy_s += to_seconds(replica->prompt_time() + replica->decode_time());
    for (std::size_t i = 1; i < reasons; ++i) {
      blocked_s[i] += to_seconds(replica->blocked_time(static_cast<Blocked>(i)));
    }
  }
  if (up_s > 0) saturation.busy_share = busy_s / up_s;
  for (std::size_t i = 1; i < reasons; ++i) {
    saturation.waiting_share[kReasons[i]] = up_s > 0 ? blocked_s[i] / up_s : 0.0;
  }
  const auto completed = static_cast<double>(result.requests.completed);
  if (completed == 0) return;
  const auto input = static_cast<double>(result.completed_input_tokens) / completed;
  const auto output = static_cast<double>(result.completed_output_tokens) / completed;
  const double cached = result.input_tokens > 0 ? input * static_cast<double>(result.cached_input_tokens) /
                                                      static_cast<double>(result.input_tokens)
                                                : 0.0;
  double serve = 0.0, prompts = 0.0, answers = 0.0, batch = 0.0;
  std::string serve_limit, answers_limit;
  for (const PoolSetup& pool : pools_) {
    const auto replicas = static_cast<double>(pool.replicas.size());
    const ServedModel::Pace pace = pool.model->pace(input, cached, output);
    const std::string of_decode = pace.kv_bound                 ? "kv_memory"
                                  : pace.kv_reading_share > 0.5 ? "memory_bandwidth_for_context"
                                                                : "memory_bandwidth_for_weights";
    if (pool.role == PoolRole::serve) {
      serve += replicas / (pace.prompt_s + pace.decode_s);
      serve_limit = pace.prompt_s > pace.decode_s ? "compute" : of_decode;
      batch = pace.batch;
    } else if (pool.role == PoolRole::prefill) {
      prompts += replicas / pace.prompt_s;
    } else if (pace.decode_s > 0) {
      answers += replicas / pace.decode_s;
      answers_limit = of_decode;
      batch = pace.batch;
    }
  }
  std::map<std::string, double>& rates = saturation.knee_requests_per_s_of;
  if (serve > 0) rates[serve_limit] = serve;
  if (prompts > 0) rates["compute"] = prompts;
  if (answers > 0) rates[answers_limit] = answers;
  for (const auto& [limit, rate] : rates) {
    if (saturation.knee_requests_per_s && *saturation.knee_requests_per_s <= rate) continue;
    saturation.knee_requests_per_s = rate;
    saturation.knee_limit = limit;
  }
  saturation.knee_batch = batch;
}

std::string LlmService::describe_work_left() const {
  if (pool_.in_flight() == 0) return {};
  Picoseconds first = kNever;
  for (const RequestId id : pool_.all()) first = std::min(first, pool_[id].arrival);
  std::string text =
      fmt::format("{} has {} requests that have not ended at {:.12g} s, the first of which came at {:.12g} s",
                  setup_.name, pool_.in_flight(), to_seconds(simulation_.now()), to_seconds(first));
  if (!deadlines_.empty()) {
    text += fmt::format(", the next deadline is at {:.12g} s", to_seconds(deadlines_.top().date));
  }
  if (const std::int64_t waiting = without_replica_.size() + without_decode_replica_.size(); waiting > 0) {
    text += fmt::format("; {} wait for a replica", waiting);
  }
  const std::string handing_over = handover_ ? handover_->describe() : std::string();
  if (!handing_over.empty()) text += "; " + handing_over;
  constexpr int kNamed = 5;
  int named = 0;
  for (const auto& replica : replicas_) {
    if (replica->is_up() && replica->is_clear()) continue;
    if (named++ == kNamed) return text + "; ...";
    text += "; " + replica->describe();
  }
  return text;
}

}  // namespace tokenworks::jobs
