// Replicas of a service that come and go: draining, starting, other models, and the requests that meet no replica.
#include <algorithm>
#include <utility>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {

LlmService::Evacuated& LlmService::Evacuated::operator+=(const Evacuated& other) {
  restarted += other.restarted;
  tokens += other.tokens;
  refused += other.refused;
  return *this;
}

// ---- Coming and going ---------------------------------------------------------------------------------------------

std::int32_t LlmService::add_edition(std::vector<std::unique_ptr<ServedModel>> by_pool) {
  for (const auto& model : by_pool) {
    keeps_prefixes_ = keeps_prefixes_ || model->profile().prefix_cache;
    swaps_ = swaps_ || model->profile().swaps;
  }
  needs_details_ = needs_details_ || swaps_;
  editions_.push_back(std::move(by_pool));
  return static_cast<std::int32_t>(editions_.size());
}

void LlmService::drain(std::span<const std::int32_t> replicas, const std::function<void(std::int32_t)>& on_empty) {
  std::vector<RequestId> waiting;
  for (const std::int32_t index : replicas) {
    Replica& replica = *replicas_[static_cast<std::size_t>(index)];
    on_empty_[static_cast<std::size_t>(index)] = on_empty;
    replica.drain(waiting);
  }
  for (const RequestId id : waiting) send_again(id, is_decoded(id));
}

/// Called by a replica between two steps, with nothing left to do.
void LlmService::drained(Replica& replica) {
  const auto on_empty = std::exchange(on_empty_[static_cast<std::size_t>(replica.index())], {});
  std::vector<RequestId> none;
  replica.go_down(none, none);
  if (on_empty) on_empty(replica.index());
}

LlmService::Evacuated LlmService::evacuate(std::span<const std::int32_t> replicas) {
  std::vector<RequestId> running, waiting;
  for (const std::int32_t index : replicas) replicas_[static_cast<std::size_t>(index)]->go_down(running, waiting);
  Evacuated book;
  for (const RequestId id : running) start_again(id, book);
  for (const RequestId id : waiting) send_again(id, is_decoded(id));
  return book;
}

void LlmService::start(std::int32_t replica, std::int32_t edition) {
  Replica& one = *replicas_[static_cast<std::size_t>(replica)];
  serves_[static_cast<std::size_t>(replica)] = edition;
  one.set_model(model_of(one, edition));
  one.come_up();
}

void LlmService::came_up(Replica& replica) {
  replicas_up_.change(+1, simulation_.now());
  most_replicas_ = std::max(most_replicas_, replicas_up_.level());
  set_in_service(replica, true);
  if (replica.role() == PoolRole::decode) handover_->room_made(replica);
  retry_waiting();
}

void LlmService::went_down(Replica& replica) {
  replicas_up_.change(-1, simulation_.now());
  set_in_service(replica, false);
  on_empty_[static_cast<std::size_t>(replica.index())] = {};
}

bool LlmService::takes_new(std::int32_t replica) const {
  return replicas_[static_cast<std::size_t>(replica)]->takes_new();
}

std::size_t LlmService::pool_of(std::int32_t replica) const {
  std::size_t pool = 0;
  for (std::int32_t left = replica; left >= static_cast<std::int32_t>(pools_[pool].replicas.size()); ++pool) {
    left -= static_cast<std::int32_t>(pools_[pool].replicas.size());
  }
  return pool;
}

LlmService::Range LlmService::replicas_of(std::size_t pool) const {
  Range range;
  for (std::size_t i = 0; i < pool; ++i) range.first += static_cast<std::int32_t>(pools_[i].replicas.size());
  range.count = static_cast<std::int32_t>(pools_[pool].replicas.size());
  return range;
}

ServedModel& LlmService::model_of(const Replica& replica, std::int32_t edition) const {
  const std::size_t pool = pool_of(replica.index());
  return edition == 0 ? *pools_[pool].model : *editions_[static_cast<std::size_t>(edition - 1)][pool];
}

double LlmService::replica_seconds() const {
  double seconds = 0.0;
  for (const auto& replica : replicas_) seconds += to_seconds(replica->up_time());
  return seconds;
}

LlmService::KvUse LlmService::kv_use_of(std::int32_t replica) const {
  const Replica& one = *replicas_[static_cast<std::size_t>(replica)];
  return {one.all_used_after_step(simulation_.now()), one.model().kv_blocks()};
}

// ---- Requests without a replica -----------------------------------------------------------------------------------

std::int64_t LlmService::waiting_for(PoolRole role) const {
  if (role != PoolRole::decode) return without_replica_.size();
  return without_decode_replica_.size() + (handover_ ? handover_->waiting() : 0);
}

bool LlmService::may_come(RequestId id, bool to_decode) const {
  if (keeper_ == nullptr) return false;
  const InFlight& request = pool_[id];
  for (const std::int32_t index : to_decode ? decode_ : entry_) {
    const Replica& replica = *replicas_[static_cast<std::size_t>(index)];
    if (replica.takes_new() || !keeper_->may_come(index)) continue;
    const std::int64_t output = replica.role() == PoolRole::prefill ? 1 : request.output_tokens;
    const ServedModel& model = model_of(replica, keeper_->edition_to_come(index));
    if (model.refusal(request.input_tokens, output).empty()) return true;
  }
  return false;
}

void LlmService::retry_waiting() {
  if (handover_) handover_->turn_away_where_none_is_left();
  for (WaitingLine* line : {&without_decode_replica_, &without_replica_}) {
    if (line->empty()) continue;
    std::vector<RequestId> waiting;
    stats_.waiting_changed(-line->size(), simulation_.now());
    while (!line->empty()) waiting.push_back(line->pop_front(pool_));
    for (const RequestId id : waiting) send(id, line == &without_decode_replica_);
  }
}

/// Whether a request that waits at a replica waits at one that decodes.
bool LlmService::is_decoded(RequestId id) const {
  if (!handover_) return false;
  return replicas_[static_cast<std::size_t>(details_[pool_[id].details].replica)]->role() == PoolRole::decode;
}

/// A request that has waited at a replica which takes no more.
void LlmService::send_again(RequestId id, bool to_decode) {
  const InFlight& request = pool_[id];
  if (!editions_.empty()) {
    const std::string_view why = refusal(request.input_tokens, request.output_tokens);
    if (!why.empty()) return reject(id, why);
  }
  send(id, to_decode);
}

/// A request that ran at a replica which is down: its tokens are thrown away.
void LlmService::start_again(RequestId id, Evacuated& book) {
  InFlight& request = pool_[id];
  ++book.restarted;
  book.tokens += request.generated;
  request.generated = 0;
  request.prompt_done = 0;
  if (request.details >= 0) {
    RequestDetails& details = details_[request.details];
    if (const std::int32_t passage = std::exchange(details.passage, -1); passage >= 0) handover_->forget(passage);
    details.pin = {};
    ++details.preemptions;
  }
  const std::string_view why = refusal(request.input_tokens, request.output_tokens);
  if (!why.empty()) {
    ++book.refused;
    return reject(id, why);
  }
  enter(id);
}

/// Why none of the replicas that serve, or will, can serve such a request.
std::string_view LlmService::refusal_now(std::int64_t input_tokens, std::int64_t output_tokens) const {
  std::string_view last = "no_replica";
  bool prompt = false, answer = decode_.empty();
  for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
    const PoolRole role = pools_[pool].role;
    std::vector<const ServedModel*> asked;
    const Range range = replicas_of(pool);
    for (std::int32_t index = range.first; index < range.first + range.count; ++index) {
      const Replica& replica = *replicas_[static_cast<std::size_t>(index)];
      const bool serves = replica.takes_new();
      if (!serves && keeper_ != nullptr && !keeper_->is_wanted(index) && !keeper_->may_come(index)) continue;
      const ServedModel* model =
          serves || keeper_ == nullptr ? &replica.model() : &model_of(replica, keeper_->edition_to_come(index));
      if (std::find(asked.begin(), asked.end(), model) != asked.end()) continue;
      asked.push_back(model);
      const std::string_view why = model->refusal(input_tokens, role == PoolRole::prefill ? 1 : output_tokens);
      if (why.empty()) {
        (role == PoolRole::decode ? answer : prompt) = true;
      } else {
        last = why;
      }
    }
  }
  return prompt && answer ? std::string_view{} : last;
}

// ---- A share of the traffic ---------------------------------------------------------------------------------------

void LlmService::split_traffic(std::span<const std::int32_t> replicas, double share) {
  std::vector<bool> chosen(entry_.size());
  for (const std::int32_t index : replicas) {
    chosen[static_cast<std::size_t>(replicas_[static_cast<std::size_t>(index)]->candidate())] = true;
  }
  auto split = std::make_unique<TrafficSplit>(std::move(chosen), share);
  for (const std::int32_t index : entry_) {
    const Replica& replica = *replicas_[static_cast<std::size_t>(index)];
    split->router().load_changed(replica.candidate(),
                                 static_cast<std::int32_t>(loads_[static_cast<std::size_t>(index)]), 0);
  }
  for (const std::int32_t index : replicas) {
    const Replica& replica = *replicas_[static_cast<std::size_t>(index)];
    setup_.router->set_in_service(replica.candidate(), false);
    split->router().set_in_service(replica.candidate(), replica.takes_new());
  }
  split_ = std::move(split);
}

void LlmService::join_traffic() {
  const std::unique_ptr<TrafficSplit> split = std::move(split_);
  for (const std::int32_t index : entry_) {
    const Replica& replica = *replicas_[static_cast<std::size_t>(index)];
    if (split->is_chosen(replica.candidate())) set_in_service(replica, replica.takes_new());
  }
}

}  // namespace tokenworks::jobs
