#include "sim/report/service_json.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/json_values.hpp"
#include "sim/report/scaling_json.hpp"
#include "sim/report/sustained.hpp"

namespace tokenworks::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::ServiceResult;

Json pipeline_json(const std::optional<metrics::PipelineResult>& pipeline) {
  if (!pipeline) return nullptr;
  return {{"bubble_s", pipeline->bubble_s}, {"bubble_share", number(pipeline->bubble_share)}};
}

Json clock_json(const std::optional<metrics::ClockResult>& clock) {
  if (!clock) return nullptr;
  return {{"mean_share", number(clock->mean_share)},
          {"prompt_mean_share", number(clock->prompt_mean_share)},
          {"decode_mean_share", number(clock->decode_mean_share)},
          {"throttled_share_of_time", clock->throttled_share_of_time},
          {"over_cap_share_of_time", clock->over_cap_share_of_time}};
}

Json swap_json(const std::optional<metrics::SwapResult>& swap) {
  if (!swap) return nullptr;
  return {{"out_tokens", swap->out_tokens}, {"in_tokens", swap->in_tokens}};
}

Json adapters_json(const std::optional<metrics::AdapterResult>& adapters) {
  if (!adapters) return nullptr;
  return {{"loads", adapters->loads}, {"load_time_s", adapters->load_time_s}};
}

Json sharing_json(const std::optional<metrics::SharingResult>& sharing) {
  if (!sharing) return nullptr;
  return {{"kind", sharing->kind},
          {"with", sharing->with},
          {"turn_wait_s", sharing->turn_wait_s},
          {"switches", sharing->switches},
          {"switch_s", sharing->switch_s}};
}

Json counts_json(const metrics::RequestCounts& requests) {
  return {{"arrived", requests.arrived}, {"completed", requests.completed},  {"rejected", requests.rejected},
          {"failed", requests.failed},   {"cancelled", requests.cancelled},  {"timed_out", requests.timed_out},
          {"sent_on", requests.sent_on}, {"unfinished", requests.unfinished}};
}

Json groups_json(const std::vector<metrics::GroupResult>& groups) {
  Json json = Json::array();
  for (const metrics::GroupResult& group : groups) {
    json.push_back({{"name", group.name},
                    {"requests", counts_json(group.requests)},
                    {"completed_tokens", {{"input", group.input_tokens}, {"output", group.output_tokens}}},
                    {"ttft_s", latency(group.ttft_s)},
                    {"tpot_s", latency(group.tpot_s)},
                    {"e2e_s", latency(group.e2e_s)},
                    {"slo",
                     {{"attainment", number(group.slo_attainment)},
                      {"goodput_requests_per_s", number(group.goodput_requests_per_s)}}}});
  }
  return json;
}

Json pools_json(const std::vector<metrics::PoolResult>& pools) {
  Json json = Json::array();
  for (const metrics::PoolResult& pool : pools) {
    json.push_back({{"name", pool.name},
                    {"role", pool.role},
                    {"replicas", pool.replicas},
                    {"gpus", pool.gpus},
                    {"busy_share", number(ratio(pool.prompt_steps_s + pool.decode_steps_s, pool.up_s))},
                    {"prompt_steps_share", number(ratio(pool.prompt_steps_s, pool.up_s))},
                    {"decode_steps_share", number(ratio(pool.decode_steps_s, pool.up_s))},
                    {"kv_pool_tokens", pool.kv_pool_tokens},
                    {"kv_peak_share", pool.kv_peak_share}});
  }
  return json;
}

Json handover_json(const std::optional<metrics::HandoverResult>& handover) {
  if (!handover) return nullptr;
  return {{"transfers", handover->transfers},
          {"failed", handover->failed},
          {"tokens", handover->tokens},
          {"bytes", handover->bytes},
          {"reused_tokens", handover->reused_tokens},
          {"wait_for_room_s", latency(handover->wait_s)},
          {"transfer_s", latency(handover->transfer_s)}};
}

Json kv_tiers_json(const std::optional<metrics::PrefixCacheResult>& tiers) {
  if (!tiers) return nullptr;
  return {{"read_tokens", tiers->read_tokens}, {"written_tokens", tiers->written_tokens}};
}

Json saturation_json(const metrics::RunResult& result, const ServiceResult& service) {
  const metrics::SaturationResult& saturation = service.saturation;
  Json knee = nullptr;
  if (saturation.knee_requests_per_s) {
    knee = {{"requests_per_s", number(saturation.knee_requests_per_s)},
            {"limit", saturation.knee_limit},
            {"decoding_sequences", number(saturation.knee_batch)},
            {"requests_per_s_by_limit", saturation.knee_requests_per_s_of}};
  }
  const std::optional<bool> stable = is_stable(result, service);
  const std::optional<std::string> limit = limit_of(service);
  return {{"stable", stable ? Json(*stable) : Json(nullptr)},
          {"busy_share", saturation.busy_share},
          {"limited_by", limit ? Json(*limit) : Json(nullptr)},
          {"waiting_share", saturation.waiting_share},
          {"knee", std::move(knee)}};
}

Json speculation_json(const std::optional<metrics::SpeculationResult>& speculation) {
  if (!speculation) return nullptr;
  return {{"draft_tokens", speculation->draft_tokens},
          {"mean_accepted", number(speculation->mean_accepted)},
          {"verified_steps", speculation->verified_steps}};
}

Json step_traffic_json(const std::optional<metrics::StepTrafficResult>& traffic) {
  if (!traffic) return nullptr;
  return {{"time_s", traffic->time_s}, {"contention_s", traffic->contention_s}};
}

}  // namespace

Json service_json(const metrics::RunResult& result, const ServiceResult& service) {
  const double window = service.window_s;
  const auto output = static_cast<double>(service.window_output_tokens);
  const auto total = output + static_cast<double>(service.window_input_tokens);
  const double gpu_seconds = window * static_cast<double>(service.gpus);
  return {{"name", service.name},
          {"kind", service.kind},
          {"product", service.product},
          {"gpus", service.gpus},
          {"requests", counts_json(service.requests)},
          {"rejections", service.rejections},
          {"tokens",
           {{"input", service.input_tokens},
            {"cached_input", service.cached_input_tokens},
            {"output", service.output_tokens},
            {"completed_output", service.completed_output_tokens}}},
          {"window_s", window},
          {"output_tokens_per_s", number(ratio(output, window))},
          {"output_tokens_per_s_per_gpu", number(ratio(output, gpu_seconds))},
          {"total_tokens_per_s_per_gpu", number(ratio(total, gpu_seconds))},
          {"requests_per_s", number(ratio(static_cast<double>(service.window_completed), window))},
          {"mean_requests_in_system", service.mean_requests_in_system},
          {"ttft_s", latency(service.ttft_s)},
          {"tpot_s", latency(service.tpot_s)},
          {"itl_s", latency(service.itl_s)},
          {"e2e_s", latency(service.e2e_s)},
          {"slo",
           {{"attainment", number(service.slo_attainment)},
            {"goodput_requests_per_s", number(service.goodput_requests_per_s)}}},
          {"kv_cache",
           {{"pool_tokens", service.kv_pool_tokens},
            {"peak_share", service.kv_peak_share},
            {"preemptions", service.preemptions},
            {"swap", swap_json(service.swap)},
            {"prefix_hit_share", number(ratio(static_cast<double>(service.cached_input_tokens),
                                              static_cast<double>(service.input_tokens)))}}},
          {"kv_tiers", kv_tiers_json(service.kv_tiers)},
          {"classes", groups_json(service.classes)},
          {"tenants", groups_json(service.tenants)},
          {"pools", pools_json(service.pools)},
          {"handover", handover_json(service.handover)},
          {"saturation", saturation_json(result, service)},
          {"speculation", speculation_json(service.speculation)},
          {"step_traffic", step_traffic_json(service.step_traffic)},
          {"pipeline", pipeline_json(service.pipeline)},
          {"adapters", adapters_json(service.adapters)},
          {"sharing", sharing_json(service.sharing)},
          {"scaling", scaling_json(service.scaling)},
          {"clock", clock_json(service.clock)},
          {"gpu_energy_j", service.gpu_energy_j},
          {"energy_j", service.energy_j}};
}

}  // namespace tokenworks::report
