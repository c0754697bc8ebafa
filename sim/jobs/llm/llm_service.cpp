#include "sim/jobs/llm/llm_service.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

LlmService::LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup)
    : simulation_(simulation),
      facility_(facility),
      run_end_(run_end),
      setup_(std::move(setup)),
      request_overhead_(to_picoseconds(setup_.profile.request_overhead_s + setup_.prompt_launch_s)),
      eager_step_(to_picoseconds(setup_.eager_step_s)),
      kv_pool_blocks_(setup_.kv_pool_tokens / setup_.profile.kv_block_tokens),
      draft_tokens_(setup_.speculation ? setup_.speculation->draft_tokens() : 0),
      stats_(setup_.window, setup_.promise, setup_.series_interval) {
  if (setup_.speculation) pattern_.emplace(setup_.mean_accepted);
  for (std::size_t i = 0; i < setup_.replicas.size(); ++i) {
    replicas_.push_back(
        std::make_unique<Replica>(*this, static_cast<std::int32_t>(i), std::move(setup_.replicas[i]),
                                  engine::rank(engine::RankClass::step, setup_.first_replica_number + i)));
  }
}

LlmService::~LlmService() = default;

std::int32_t LlmService::add_owner(RequestOwner* owner) {
  owners_.push_back(owner);
  return static_cast<std::int32_t>(owners_.size() - 1);
}

const LlmService::StepRate& LlmService::step_rate(std::int64_t sequences, std::int64_t full_tokens) {
  const auto index = static_cast<std::size_t>(sequences);
  if (index >= rates_.size()) rates_.resize(index + 1);
  std::vector<StepRate>& known = rates_[index];
  // Intervals are opened from the lowest on, so that the list has no holes.
  while (known.empty() || full_tokens >= known.back().until_full_tokens) {
    llm::StepModel& model = *setup_.step_model;
    const llm::DecodeAttention& attention =
        decode_attention(sequences, known.empty() ? 0 : known.back().until_full_tokens);
    const std::int64_t tokens = decode_tokens(sequences);
    llm::StepPart fixed = attention.fixed;
    fixed += model.tokens(tokens);
    fixed += model.head(tokens);
    fixed += model.host(sequences);
    if (setup_.speculation) fixed += setup_.speculation->drafting(tokens, sequences);
    known.push_back({.rate = {fixed.duration_ps, attention.ps_per_full_token, attention.ps_per_window_token},
                     .fixed_energy_j = fixed.gpu_energy_j,
                     .attention_power_w = attention.gpu_power_w,
                     .until_full_tokens = attention.until_full_tokens,
                     .fabric = {fixed.fabric_ps, fixed.fabric_bytes}});
  }
  std::size_t i = 0;
  while (full_tokens >= known[i].until_full_tokens) ++i;
  return known[i];
}

void LlmService::submit(const Request& request, std::int32_t owner) {
  const RequestId id = pool_.add({.arrival = request.arrival,
                                  .input_tokens = request.input_tokens,
                                  .output_tokens = request.output_tokens,
                                  .owner = owner});
  run_end_.request_in();
  stats_.arrived(pool_[id], simulation_.now());
  const std::int64_t tokens = std::int64_t{request.input_tokens} + request.output_tokens;
  const std::int64_t block = setup_.profile.kv_block_tokens;
  // The last step may go beyond the answer by what it drafts; where blocks grow, room for as much again is kept.
  const std::int64_t most = tokens + (setup_.profile.reserves_full_length ? 1 : 2) * draft_tokens_;
  if (tokens > setup_.context_tokens) return reject(id, "longer_than_context");
  if ((most + block - 1) / block > kv_pool_blocks_) return reject(id, "longer_than_kv_pool");
  if (!setup_.profile.chunked_prompts && request.input_tokens > setup_.profile.max_batch_tokens) {
    return reject(id, "longer_than_batch");
  }
  route(id);
}

void LlmService::route(RequestId id) {
  const std::optional<std::int32_t> chosen = setup_.router->choose({.prompt_tokens = pool_[id].input_tokens});
  if (!chosen) return reject(id, "no_replica");
  Replica& replica = *replicas_[static_cast<std::size_t>(*chosen)];
  if (setup_.profile.max_waiting > 0 && replica.waiting() >= setup_.profile.max_waiting) {
    return reject(id, "queue_full");
  }
  setup_.router->load_changed(*chosen, +1, 0);
  replica.submit(id);
}

void LlmService::reject(RequestId id, std::string_view reason) {
  stats_.rejected(pool_[id], reason, simulation_.now());
  ended(id, Ending::rejected);
}

/// Books the end of a request, tells its owner and frees its slot.
void LlmService::ended(RequestId id, Ending ending) {
  const Picoseconds now = simulation_.now();
  const InFlight& request = pool_[id];
  if (ending == Ending::completed) stats_.completed(request, now);
  if (ending == Ending::failed) stats_.failed(request, now);
  if (ending == Ending::completed && setup_.on_completed) {
    setup_.on_completed({request.arrival, request.first_token, now, request.input_tokens, request.output_tokens});
  }
  RequestOwner* owner = owners_[static_cast<std::size_t>(request.owner)];
  pool_.remove(id);
  if (owner != nullptr) owner->on_ended(ending);
  run_end_.request_out();
}

std::int64_t LlmService::take_down(std::int64_t node, std::vector<std::int32_t>& replicas) {
  std::vector<RequestId> lost;
  std::vector<RequestId> waiting;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const std::vector<placement::Slice>& slices = replicas_[i]->slices();
    const bool touched =
        std::any_of(slices.begin(), slices.end(), [node](const placement::Slice& slice) { return slice.node == node; });
    if (!touched) continue;
    replicas.push_back(static_cast<std::int32_t>(i));
    if (replicas_[i]->is_up()) replicas_[i]->go_down(lost, waiting);
  }
  for (const RequestId id : lost) ended(id, Ending::failed);
  for (const RequestId id : waiting) route(id);
  return static_cast<std::int64_t>(lost.size());
}

std::int64_t LlmService::take_down_replica(std::int32_t replica) {
  Replica& one = *replicas_[static_cast<std::size_t>(replica)];
  if (!one.is_up()) return 0;
  std::vector<RequestId> lost, waiting;
  one.go_down(lost, waiting);
  for (const RequestId id : lost) ended(id, Ending::failed);
  for (const RequestId id : waiting) route(id);
  return static_cast<std::int64_t>(lost.size());
}

bool LlmService::is_up(std::int32_t replica) const { return replicas_[static_cast<std::size_t>(replica)]->is_up(); }

std::vector<std::int64_t> LlmService::nodes_of(std::int32_t replica) const {
  std::vector<std::int64_t> nodes;
  for (const placement::Slice& slice : replicas_[static_cast<std::size_t>(replica)]->slices())
    nodes.push_back(slice.node);
  return nodes;
}

void LlmService::bring_up(std::int32_t replica) {
  if (!is_up(replica)) replicas_[static_cast<std::size_t>(replica)]->come_up();
}

std::int64_t LlmService::gpus_on_node(std::int32_t replica, std::int64_t node) const {
  std::int64_t gpus = 0;
  for (const placement::Slice& slice : replicas_[static_cast<std::size_t>(replica)]->slices()) {
    if (slice.node == node) gpus += slice.gpus;
  }
  return gpus;
}

void LlmService::finish(Picoseconds end) {
  for (const auto& replica : replicas_) replica->settle_at_end(end);
  stats_.finish(end);
}

std::int64_t LlmService::gpus() const {
  std::int64_t gpus = 0;
  for (const auto& replica : replicas_) {
    for (const placement::Slice& slice : replica->slices()) gpus += slice.gpus;
  }
  return gpus;
}

Femtojoules LlmService::gpu_energy() const {
  Femtojoules energy = 0;
  for (const auto& replica : replicas_) energy += replica->gpu_energy();
  return energy;
}

void LlmService::report(metrics::ServiceResult& result, Picoseconds end) const {
  result.name = setup_.name;
  result.kind = "llm";
  result.product = "tokens";
  result.gpus = gpus();
  stats_.report(result, end);
  result.kv_pool_tokens = kv_pool_blocks_ * setup_.profile.kv_block_tokens;
  result.kv_peak_share = static_cast<double>(stats_.kv_peak_blocks()) / static_cast<double>(kv_pool_blocks_);
  result.gpu_energy_j = to_joules(gpu_energy());
  if (spans_domains_) {
    result.step_traffic =
        metrics::StepTrafficResult{.time_s = to_seconds(sending_time_), .contention_s = to_seconds(contention_)};
  }
  if (setup_.speculation) {
    result.speculation = metrics::SpeculationResult{.draft_tokens = draft_tokens_,
                                                    .verified_steps = stats_.sequence_steps(),
                                                    .mean_accepted = stats_.tokens_per_sequence_step()};
  }
}

std::string LlmService::describe_work_left() const {
  if (pool_.in_flight() == 0) return {};
  std::string text;
  int named = 0;
  for (const auto& replica : replicas_) {
    if (replica->waiting() == 0 && replica->used_blocks() == 0) continue;
    if (named == 5) return text + " ...";
    text += (named++ == 0 ? "" : "; ") + replica->describe();
  }
  return text;
}

}  // namespace tokenworks::jobs
