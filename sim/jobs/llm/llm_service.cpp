#include "sim/jobs/llm/llm_service.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

LlmService::LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup)
    : simulation_(simulation),
      facility_(facility),
      run_end_(run_end),
      setup_(std::move(setup)),
      pools_(setup_.pools),
      stats_(setup_.window, setup_.promise, setup_.series_interval) {
  if (setup_.watch != nullptr) number_ = setup_.watch->add_service(setup_.name);
  for (PoolSetup& pool : pools_) {
    for (std::vector<placement::Slice>& slices : pool.replicas) {
      const std::size_t index = replicas_.size();
      replicas_.push_back(
          std::make_unique<Replica>(*this, pool, static_cast<std::int32_t>(index), std::move(slices),
                                    engine::rank(engine::RankClass::step, setup_.first_replica_number + index)));
    }
  }
}

LlmService::~LlmService() = default;

std::int32_t LlmService::add_owner(RequestOwner* owner, const SenderTraits& traits) {
  owners_.push_back({owner, traits});
  return static_cast<std::int32_t>(owners_.size() - 1);
}

void LlmService::submit(const Request& request, std::int32_t owner) {
  const RequestId id = pool_.add({.arrival = request.arrival,
                                  .input_tokens = request.input_tokens,
                                  .output_tokens = request.output_tokens,
                                  .owner = owner});
  if (setup_.on_ended || request.tag != 0 || request.session != 0) {
    const std::int32_t place = pool_[id].details = details_.add();
    RequestDetails& details = details_[place];
    details.tag = request.tag;
    details.session = request.session;
    details.number = arrived_++;
  }
  run_end_.request_in();
  stats_.arrived(pool_[id], simulation_.now());
  const std::string_view refusal = pools_.front().model->refusal(request.input_tokens, request.output_tokens);
  if (!refusal.empty()) return reject(id, refusal);
  route(id);
}

void LlmService::route(RequestId id) {
  const std::optional<std::int32_t> chosen = setup_.router->choose({.prompt_tokens = pool_[id].input_tokens});
  if (!chosen) return reject(id, "no_replica");
  Replica& replica = *replicas_[static_cast<std::size_t>(*chosen)];
  const std::int64_t most = replica.model().profile().max_waiting;
  if (most > 0 && replica.waiting() >= most) return reject(id, "queue_full");
  setup_.router->load_changed(*chosen, +1, 0);
  replica.submit(id);
}

void LlmService::reject(RequestId id, std::string_view reason) {
  stats_.rejected(pool_[id], reason, simulation_.now());
  ended(id, Ending::rejected, reason);
}

/// Books the end of a request, tells its owner and frees its slot.
void LlmService::ended(RequestId id, Ending ending, std::string_view reason) {
  const Picoseconds now = simulation_.now();
  const InFlight& request = pool_[id];
  if (ending == Ending::completed) stats_.completed(request, now);
  if (ending == Ending::failed) stats_.failed(request, now);
  const Owner& owner = owners_[static_cast<std::size_t>(request.owner)];
  const bool is_heard = owner.client != nullptr || setup_.on_ended;
  EndedRequest last;
  if (is_heard) {
    last = describe(id, ending, now);
    last.reason = reason;
  }
  if (request.details >= 0) details_.remove(request.details);
  pool_.remove(id);
  if (setup_.on_ended) setup_.on_ended(last);
  if (owner.client != nullptr) owner.client->on_ended(last);
  run_end_.request_out();
}

EndedRequest LlmService::describe(RequestId id, Ending ending, Picoseconds now) const {
  const InFlight& request = pool_[id];
  const SenderTraits& traits = owners_[static_cast<std::size_t>(request.owner)].traits;
  EndedRequest last{.ending = ending,
                    .arrival = request.arrival,
                    .first_token = request.first_token,
                    .end = now,
                    .input_tokens = request.input_tokens,
                    .output_tokens = request.output_tokens,
                    .generated_tokens = request.generated,
                    .service_class = traits.service_class,
                    .tenant = traits.tenant};
  if (request.details < 0) return last;
  const RequestDetails& details = details_[request.details];
  last.tag = details.tag;
  last.session = details.session;
  last.cached_tokens = details.cached_tokens;
  last.preemptions = details.preemptions;
  last.replica = details.replica;
  last.gpu_energy_j = details.gpu_energy_j;
  return last;
}

std::vector<EndedRequest> LlmService::unfinished(Picoseconds end) const {
  std::vector<EndedRequest> list;
  if (!setup_.on_ended) return list;
  std::vector<RequestId> ids = pool_.all();
  std::sort(ids.begin(), ids.end(), [this](RequestId a, RequestId b) {
    return details_[pool_[a].details].number < details_[pool_[b].details].number;
  });
  for (const RequestId id : ids) list.push_back(describe(id, Ending::unfinished, end));
  return list;
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

void LlmService::weights_on_the_way(std::int32_t replica) {
  replicas_[static_cast<std::size_t>(replica)]->weights_on_the_way();
}

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
  const ServedModel& model = *pools_.front().model;
  result.kv_pool_tokens = model.kv_blocks() * model.profile().kv_block_tokens;
  result.kv_peak_share = static_cast<double>(stats_.kv_peak_blocks()) / static_cast<double>(model.kv_blocks());
  result.gpu_energy_j = to_joules(gpu_energy());
  if (spans_domains_) {
    result.step_traffic =
        metrics::StepTrafficResult{.time_s = to_seconds(sending_time_), .contention_s = to_seconds(contention_)};
  }
  if (model.speculation() != nullptr) {
    result.speculation = metrics::SpeculationResult{.draft_tokens = model.draft_tokens(),
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
