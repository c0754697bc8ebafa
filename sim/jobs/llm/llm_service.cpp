#include "sim/jobs/llm/llm_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/jobs/llm/kv_handover.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::uint64_t kDeadlines = std::uint64_t{2} << 32;  // ranks of their timers, after those of senders

ServiceStats::Setup stats_setup(const LlmService::Setup& setup) {
  ServiceStats::Setup stats{.window = setup.window,
                            .class_of_lane = setup.class_of_lane,
                            .tenants = setup.tenants.size(),
                            .series_interval = setup.series_interval};
  for (const ServiceClass& service_class : setup.classes) stats.promises.push_back(service_class.promise);
  for (const Lane& lane : setup.lanes.lanes) stats.tenant_of_lane.push_back(lane.tenant);
  return stats;
}

}  // namespace

LlmService::LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup)
    : simulation_(simulation),
      facility_(facility),
      run_end_(run_end),
      setup_(std::move(setup)),
      pools_(setup_.pools),
      deadline_timer_(simulation.add_timer(
          *this, 0, engine::rank(engine::RankClass::arrival, kDeadlines + setup_.first_replica_number))),
      stats_(stats_setup(setup_)) {
  if (setup_.watch != nullptr) number_ = setup_.watch->add_service(setup_.name);
  for (PoolSetup& pool : pools_) {
    keeps_prefixes_ = keeps_prefixes_ || pool.keeps_prefixes;
    for (std::vector<placement::Slice>& slices : pool.replicas) {
      const auto index = static_cast<std::int32_t>(replicas_.size());
      std::vector<std::int32_t>& candidates = pool.role == PoolRole::decode ? decode_ : entry_;
      candidates.push_back(index);
      replicas_.push_back(std::make_unique<Replica>(
          *this, pool, index, static_cast<std::int32_t>(candidates.size() - 1), std::move(slices),
          engine::rank(engine::RankClass::step, setup_.first_replica_number + static_cast<std::uint64_t>(index))));
    }
  }
  if (!decode_.empty()) handover_ = std::make_unique<KvHandover>(*this, setup_.disaggregation.layer_by_layer);
  needs_details_ = setup_.on_ended || handover_ || !setup_.adapter_shares.empty();
  for (const ServiceClass& service_class : setup_.classes) {
    if (service_class.timeout < kNever) needs_details_ = true;
  }
  for (const PoolSetup& pool : pools_) {
    if (pool.model->copies() > 1 || pool.model->profile().swaps) needs_details_ = true;
  }
}

LlmService::~LlmService() = default;

std::int32_t LlmService::add_owner(RequestOwner* owner, const SenderTraits& traits) {
  std::int32_t lane = 0;
  for (std::size_t i = 0; i < setup_.lanes.lanes.size(); ++i) {
    if (setup_.class_of_lane[i] == traits.service_class && setup_.lanes.lanes[i].tenant == traits.tenant) {
      lane = static_cast<std::int32_t>(i);
    }
  }
  if (traits.patience < kNever || traits.gives_up_share > 0.0) needs_details_ = true;
  owners_.push_back({owner, traits, lane, random_stream(traits.seed, traits.stream),
                     random_stream(traits.seed, traits.adapter_stream)});
  return static_cast<std::int32_t>(owners_.size() - 1);
}

// ---- Requests in --------------------------------------------------------------------------------------------------

void LlmService::submit(const Request& request, std::int32_t owner) {
  const RequestId id = take_in(request, owner);
  const std::string_view why = refusal(request);
  if (!why.empty()) return reject(id, why);
  if (deadlines_apply_to(owner)) set_deadlines(id, owners_[static_cast<std::size_t>(owner)]);
  const bool goes_to_decode = handover_ && (request.input_tokens <= setup_.disaggregation.local_prompt_tokens);
  if (goes_to_decode) {
    if (Replica* replica = choose(id, *setup_.decode_router, decode_)) return send_to(id, *replica);
    return reject(id, "no_replica");
  }
  if (handover_ && handover_->layer_by_layer() && pool_[id].output_tokens > 1) return handover_->arrived(id);
  route(id);
}

RequestId LlmService::take_in(const Request& request, std::int32_t owner) {
  const RequestId id = pool_.add({.arrival = request.arrival,
                                  .input_tokens = request.input_tokens,
                                  .output_tokens = request.output_tokens,
                                  .owner = owner});
  Owner& sender = owners_[static_cast<std::size_t>(owner)];
  const bool has_content = keeps_prefixes_ && !request.content.empty();
  if (needs_details_ || has_content || request.tag != 0 || request.session != 0) {
    const std::int32_t place = pool_[id].details = details_.add();
    RequestDetails& details = details_[place];
    details.tag = request.tag;
    details.session = request.session;
    if (has_content) {
      details.runs.assign(request.content.runs.begin(), request.content.runs.end());
      details.unit_tokens = static_cast<std::int32_t>(request.content.unit_tokens);
      details.content_tokens = request.content.tokens;
      details.space = request.content.space;
    }
    if (!setup_.adapter_shares.empty()) draw_adapter(details, sender);
    if (sender.traits.gives_up_share > 0.0 && uniform_open(sender.random) < sender.traits.gives_up_share &&
        request.output_tokens > 1) {
      details.gives_up = true;
      const double part = uniform_open(sender.random) * static_cast<double>(request.output_tokens - 1);
      pool_[id].output_tokens = 1 + static_cast<std::int32_t>(part);
    }
    details.number = arrived_++;
  }
  run_end_.request_in();
  stats_.arrived(pool_[id], sender.lane, simulation_.now());
  return id;
}

/// What was computed with one adapter is of no use to another.
void LlmService::draw_adapter(RequestDetails& details, Owner& sender) const {
  const std::vector<double>& shares = setup_.adapter_shares;
  const auto at = std::upper_bound(shares.begin(), shares.end() - 1, uniform_open(sender.adapters) * shares.back());
  details.adapter = static_cast<std::int32_t>(at - shares.begin());
  details.space ^= static_cast<std::int64_t>(0x9e3779b97f4a7c15ull * static_cast<std::uint64_t>(details.adapter + 1));
}

/// Why no replica can ever serve such a request; empty when one can.
std::string_view LlmService::refusal(const Request& request) const {
  std::string_view last = "no_replica";
  bool prompt = false, answer = decode_.empty();
  for (const PoolSetup& pool : pools_) {
    const std::int64_t output = pool.role == PoolRole::prefill ? 1 : request.output_tokens;
    const std::string_view why = pool.model->refusal(request.input_tokens, output);
    if (!why.empty()) {
      last = why;
      if (pool.role == PoolRole::decode) return why;  // decode replicas are alike to those who send to them
    } else {
      (pool.role == PoolRole::decode ? answer : prompt) = true;
    }
  }
  return prompt && answer ? std::string_view{} : last;
}

routing::Arrival LlmService::arrival_of(RequestId id) const {
  const InFlight& request = pool_[id];
  routing::Arrival arrival{.prompt_tokens = request.input_tokens};
  arrival.service_class = owners_[static_cast<std::size_t>(request.owner)].traits.service_class;
  if (request.details < 0) return arrival;
  const RequestDetails& details = details_[request.details];
  arrival.session = details.session;
  arrival.content = details.content();
  arrival.content.tokens = std::min<std::int64_t>(arrival.content.tokens, request.input_tokens);
  return arrival;
}

void LlmService::route(RequestId id) {
  Replica* replica = choose(id, *setup_.router, entry_);
  if (replica == nullptr) return reject(id, "no_replica");
  send_to(id, *replica);
}

/// The router's choice. Where pools differ and that one can never serve the request, the least busy that can.
Replica* LlmService::choose(RequestId id, routing::Router& router, const std::vector<std::int32_t>& candidates) {
  const InFlight& request = pool_[id];
  const std::optional<std::int32_t> chosen =
      needs_arrivals_ ? router.choose(arrival_of(id)) : router.choose({.prompt_tokens = request.input_tokens});
  if (!chosen) return nullptr;
  Replica* replica = replicas_[static_cast<std::size_t>(candidates[static_cast<std::size_t>(*chosen)])].get();
  if (pools_.size() == 1) return replica;
  const auto can_serve = [&request](const Replica& one) {
    const std::int64_t output = one.role() == PoolRole::prefill ? 1 : request.output_tokens;
    return one.model().refusal(request.input_tokens, output).empty();
  };
  if (can_serve(*replica)) return replica;
  Replica* best = nullptr;
  for (const std::int32_t index : candidates) {
    Replica& other = *replicas_[static_cast<std::size_t>(index)];
    if (!other.takes_new() || !can_serve(other)) continue;
    if (best == nullptr || other.waiting() < best->waiting()) best = &other;
  }
  return best;
}

void LlmService::send_to(RequestId id, Replica& replica) {
  const std::int64_t most = replica.model().profile().max_waiting;
  if (most > 0 && replica.waiting() >= most) return reject(id, "queue_full");
  const InFlight& request = pool_[id];
  const std::int64_t of_class = class_of(request).max_waiting;
  if (of_class > 0 && replica.waiting_in(lane_of(request)) >= of_class) return reject(id, "class_queue_full");
  if (request.details >= 0) details_[request.details].replica = replica.index();
  load_changed(replica, +1, id);
  replica.submit(id);
}

// ---- What routers are told ----------------------------------------------------------------------------------------

routing::Router& LlmService::router_of(const Replica& replica) const {
  return replica.role() == PoolRole::decode ? *setup_.decode_router : *setup_.router;
}

void LlmService::load_changed(const Replica& replica, std::int32_t requests, RequestId id) {
  routing::Router& router = router_of(replica);
  const InFlight& request = pool_[id];
  const bool counts = router.counts_tokens() && request.first_token < 0;
  router.load_changed(replica.candidate(), requests, counts ? requests * std::int64_t{request.input_tokens} : 0);
}

void LlmService::prompt_computed(const Replica& replica, RequestId id) {
  routing::Router& router = router_of(replica);
  if (router.counts_tokens()) router.load_changed(replica.candidate(), 0, -std::int64_t{pool_[id].input_tokens});
}

void LlmService::set_in_service(const Replica& replica, bool in_service) {
  router_of(replica).set_in_service(replica.candidate(), in_service);
}

// ---- Deadlines ----------------------------------------------------------------------------------------------------

bool LlmService::deadlines_apply_to(std::int32_t owner) const {
  const SenderTraits& traits = owners_[static_cast<std::size_t>(owner)].traits;
  return traits.patience < kNever || setup_.classes[static_cast<std::size_t>(traits.service_class)].timeout < kNever;
}

void LlmService::set_deadlines(RequestId id, const Owner& owner) {
  const Picoseconds arrival = pool_[id].arrival;
  const Picoseconds timeout = setup_.classes[static_cast<std::size_t>(owner.traits.service_class)].timeout;
  if (owner.traits.patience < kNever) add_deadline(id, arrival + owner.traits.patience, Ending::cancelled);
  if (timeout < kNever) add_deadline(id, arrival + timeout, Ending::timed_out);
}

void LlmService::add_deadline(RequestId id, Picoseconds date, Ending ending) {
  const InFlight& request = pool_[id];
  deadlines_.push({std::max(date, simulation_.now()), id, request.arrival, request.owner, ending});
  simulation_.set_timer(deadline_timer_, deadlines_.top().date);
}

void LlmService::on_timer(std::uint32_t) {
  while (!deadlines_.empty() && deadlines_.top().date <= simulation_.now()) {
    const Deadline due = deadlines_.top();
    deadlines_.pop();
    const InFlight& request = pool_[due.request];
    const bool is_the_same = request.owner == due.owner && request.arrival == due.arrival;
    if (!is_the_same || (due.ending == Ending::cancelled && request.first_token >= 0)) continue;
    withdraw(due.request, due.ending);
  }
  if (!deadlines_.empty()) simulation_.set_timer(deadline_timer_, deadlines_.top().date);
}

void LlmService::withdraw(RequestId id, Ending ending) {
  if (handover_ && handover_->withdraw(id, ending)) return;
  replicas_[static_cast<std::size_t>(details_[pool_[id].details].replica)]->withdraw(id, ending);
}

// ---- Requests out -------------------------------------------------------------------------------------------------

void LlmService::reject(RequestId id, std::string_view reason) { ended(id, Ending::rejected, reason); }

/// Books the end of a request, tells its owner and frees its slot.
void LlmService::ended(RequestId id, Ending ending, std::string_view reason) {
  const Picoseconds now = simulation_.now();
  const InFlight request = pool_[id];
  const Owner& owner = owners_[static_cast<std::size_t>(request.owner)];
  if (ending == Ending::completed && request.details >= 0 && details_[request.details].gives_up) {
    ending = Ending::cancelled;
  }
  stats_.ended(request, owner.lane, ending, reason, now);
  const bool is_heard = owner.client != nullptr || setup_.on_ended;
  EndedRequest last;
  if (is_heard) last = describe(request, ending, reason, now);
  if (request.details >= 0) {
    if (const std::int32_t passage = details_[request.details].passage; passage >= 0) handover_->forget(passage);
    details_.remove(request.details);
  }
  RequestOwner* client = owner.client;
  pool_.remove(id);
  if (setup_.on_ended) setup_.on_ended(last);
  if (client != nullptr) client->on_ended(last);
  run_end_.request_out();
}

EndedRequest LlmService::describe(const InFlight& request, Ending ending, std::string_view reason,
                                  Picoseconds now) const {
  const Owner& owner = owners_[static_cast<std::size_t>(request.owner)];
  EndedRequest last{.ending = ending,
                    .reason = reason,
                    .arrival = request.arrival,
                    .first_token = request.first_token,
                    .end = now,
                    .input_tokens = request.input_tokens,
                    .output_tokens = request.output_tokens,
                    .generated_tokens = request.generated,
                    .service_class = owner.traits.service_class,
                    .tenant = owner.traits.tenant};
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

/// Requests of replicas that went down: those that ran fail, those that waited go to others. How many failed.
std::int64_t LlmService::settle_lost(const std::vector<RequestId>& lost, const std::vector<RequestId>& waiting) {
  for (const RequestId id : lost) ended(id, Ending::failed);
  for (const RequestId id : waiting) {
    const bool is_local = handover_ && pool_[id].input_tokens <= setup_.disaggregation.local_prompt_tokens;
    Replica* replica = is_local ? choose(id, *setup_.decode_router, decode_) : choose(id, *setup_.router, entry_);
    if (replica == nullptr) {
      reject(id, "no_replica");
    } else {
      send_to(id, *replica);
    }
  }
  return static_cast<std::int64_t>(lost.size());
}

std::vector<EndedRequest> LlmService::unfinished(Picoseconds end) const {
  std::vector<EndedRequest> list;
  if (!setup_.on_ended) return list;
  std::vector<RequestId> ids = pool_.all();
  std::sort(ids.begin(), ids.end(), [this](RequestId a, RequestId b) {
    return details_[pool_[a].details].number < details_[pool_[b].details].number;
  });
  for (const RequestId id : ids) list.push_back(describe(pool_[id], Ending::unfinished, {}, end));
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
  return settle_lost(lost, waiting);
}

std::int64_t LlmService::take_down_replica(std::int32_t replica) {
  Replica& one = *replicas_[static_cast<std::size_t>(replica)];
  if (!one.is_up()) return 0;
  std::vector<RequestId> lost, waiting;
  one.go_down(lost, waiting);
  return settle_lost(lost, waiting);
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
  for (std::size_t i = 0; i < result.classes.size(); ++i) result.classes[i].name = setup_.classes[i].name;
  for (std::size_t i = 0; i < result.tenants.size(); ++i) result.tenants[i].name = setup_.tenants[i];
  report_pools(result);
  report_saturation(result);
  result.gpu_energy_j = to_joules(gpu_energy());
  if (spans_domains_) {
    result.step_traffic =
        metrics::StepTrafficResult{.time_s = to_seconds(sending_time_), .contention_s = to_seconds(contention_)};
  }
  report_pipeline(result);
  if (!setup_.adapter_shares.empty()) {
    result.adapters = metrics::AdapterResult{.loads = adapter_loads_, .load_time_s = to_seconds(adapter_load_time_)};
  }
  if (std::any_of(pools_.begin(), pools_.end(), [](const PoolSetup& pool) { return pool.model->profile().swaps; })) {
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
  std::string text;
  int named = 0;
  for (const auto& replica : replicas_) {
    if (replica->waiting() == 0 && replica->all_used_blocks() == 0) continue;
    if (named == 5) return text + " ...";
    text += (named++ == 0 ? "" : "; ") + replica->describe();
  }
  return text;
}

}  // namespace tokenworks::jobs
