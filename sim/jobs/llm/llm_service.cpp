#include "sim/jobs/llm/llm_service.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/jobs/llm/kv_handover.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::uint64_t kDeadlines = std::uint64_t{2} << 32;  // ranks of their timers, after those of senders
constexpr std::uint64_t kRooms = std::uint64_t{3} << 32;      // likewise
constexpr std::uint32_t kRoomsTag = 1;
#ifdef NDEBUG
constexpr bool kChecksBooks = false;
#else
constexpr bool kChecksBooks = true;
#endif

ServiceStats::Setup stats_setup(const LlmService::Setup& setup) {
  ServiceStats::Setup stats{.window = setup.window,
                            .class_of_lane = setup.class_of_lane,
                            .tenants = setup.tenants.size(),
                            .series_interval = setup.series_interval};
  for (const ServiceClass& service_class : setup.classes) stats.promises.push_back(service_class.promise);
  for (const Lane& lane : setup.lanes.lanes) stats.tenant_of_lane.push_back(lane.tenant);
  return stats;
}

/// Keeps apart what was computed with different adapters.
std::int64_t space_of(std::int32_t adapter) {
  return static_cast<std::int64_t>(0x9e3779b97f4a7c15ull * static_cast<std::uint64_t>(adapter + 1));
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
      rooms_timer_(simulation.add_timer(
          *this, kRoomsTag, engine::rank(engine::RankClass::arrival, kRooms + setup_.first_replica_number))),
      stats_(stats_setup(setup_)),
      without_replica_(setup_.lanes),
      without_decode_replica_(setup_.lanes),
      replicas_up_(setup_.series_interval) {
  if (setup_.on_ended) setup_.shares_out_energy = true;
  if (setup_.watch != nullptr) number_ = setup_.watch->add_service(setup_.name);
  for (PoolSetup& pool : pools_) {
    keeps_prefixes_ = keeps_prefixes_ || pool.keeps_prefixes;
    has_serving_pool_ = has_serving_pool_ || pool.role == PoolRole::serve;
    for (std::vector<placement::Slice>& slices : pool.replicas) {
      const auto index = static_cast<std::int32_t>(replicas_.size());
      std::vector<std::int32_t>& candidates = pool.role == PoolRole::decode ? decode_ : entry_;
      candidates.push_back(index);
      replicas_.push_back(std::make_unique<Replica>(
          *this, pool, index, static_cast<std::int32_t>(candidates.size() - 1), std::move(slices),
          engine::rank(engine::RankClass::step, setup_.first_replica_number + static_cast<std::uint64_t>(index))));
    }
  }
  serves_.resize(replicas_.size());
  loads_.resize(replicas_.size());
  on_empty_.resize(replicas_.size());
  replicas_up_.change(static_cast<std::int64_t>(replicas_.size()), 0);
  if (!decode_.empty()) handover_ = std::make_unique<KvHandover>(*this, setup_.disaggregation.layer_by_layer);
  for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
    const Range range = replicas_of(pool);
    std::vector<RequestId> none;
    for (std::int64_t i = pools_[pool].in_service.value_or(range.count); i < range.count; ++i) {
      replicas_[static_cast<std::size_t>(range.first + i)]->go_down(none, none);
    }
  }
  most_replicas_ = replicas_up_.level();
  needs_details_ = setup_.shares_out_energy || handover_ || !setup_.adapter_shares.empty();
  for (const ServiceClass& service_class : setup_.classes) {
    if (service_class.timeout < kNever) needs_details_ = true;
  }
  for (const PoolSetup& pool : pools_) {
    swaps_ = swaps_ || pool.model->profile().swaps;
    if (pool.model->copies() > 1 || swaps_) needs_details_ = true;
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
  if (overflow_.service != nullptr) {
    SenderTraits there = traits;
    there.service_class = overflow_.class_there[static_cast<std::size_t>(traits.service_class)];
    there.tenant = overflow_.tenant_there[static_cast<std::size_t>(traits.tenant)];
    there.gives_up_share = 0.0;  // who gives up has been drawn
    owners_.back().there = overflow_.service->add_owner_of_another(owner, there);
  }
  return static_cast<std::int32_t>(owners_.size() - 1);
}

std::int32_t LlmService::add_owner_of_another(RequestOwner* owner, const SenderTraits& traits) {
  const std::int32_t number = add_owner(owner, traits);
  owners_[static_cast<std::size_t>(number)].is_of_another = true;
  return number;
}

// ---- Requests in --------------------------------------------------------------------------------------------------

void LlmService::submit(const Request& request, std::int32_t owner) { submit(request, owner, false); }

/// `gives_up`: it has been cut already, for its client leaves when the answer has got so far.
void LlmService::submit(const Request& request, std::int32_t owner, bool gives_up) {
  const RequestId id = take_in(request, owner, gives_up);
  const std::string_view why = refusal(request.input_tokens, request.output_tokens);
  if (!why.empty()) return reject(id, why);
  if (deadlines_apply_to(owner)) set_deadlines(id, owners_[static_cast<std::size_t>(owner)]);
  enter(id);
}

void LlmService::enter(RequestId id) {
  if (is_local(pool_[id])) return send(id, /*to_decode=*/true);
  const bool takes_room_first = handover_ && handover_->layer_by_layer() && pool_[id].output_tokens > 1;
  if (takes_room_first && !has_serving_pool_) return handover_->arrived(id, nullptr);
  Replica* replica = choose_entry(id);
  const bool to_prefill = replica != nullptr && replica->role() == PoolRole::prefill;
  if (takes_room_first && to_prefill) return handover_->arrived(id, replica);
  send_or_wait(id, replica, /*to_decode=*/false);
}

RequestId LlmService::take_in(const Request& request, std::int32_t owner, bool gives_up) {
  const RequestId id = pool_.add({.arrival = request.arrival,
                                  .input_tokens = request.input_tokens,
                                  .output_tokens = request.output_tokens,
                                  .owner = owner});
  Owner& sender = owners_[static_cast<std::size_t>(owner)];
  const bool has_content = keeps_prefixes_ && !request.content.empty();
  if (needs_details_ || has_content || request.tag != 0 || request.session != 0 || gives_up) {
    const std::int32_t place = pool_[id].details = details_.add();
    RequestDetails& details = details_[place];
    details.tag = request.tag;
    details.gives_up = gives_up;
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
  details.space ^= space_of(details.adapter);
}

/// Why no replica can ever serve such a request; empty when one can.
std::string_view LlmService::refusal(std::int64_t input_tokens, std::int64_t output_tokens) const {
  if (!editions_.empty()) return refusal_now(input_tokens, output_tokens);
  std::string_view of_serve, of_prefill, of_decode;
  bool serve = false, prefill = false, decode = true;  // decode replicas are alike to those who send to them
  for (const PoolSetup& pool : pools_) {
    const std::int64_t output = pool.role == PoolRole::prefill ? 1 : output_tokens;
    const std::string_view why = pool.model->refusal(input_tokens, output);
    (pool.role == PoolRole::serve ? of_serve : pool.role == PoolRole::prefill ? of_prefill : of_decode) = why;
    if (pool.role == PoolRole::serve && why.empty()) serve = true;
    if (pool.role == PoolRole::prefill && why.empty()) prefill = true;
    if (pool.role == PoolRole::decode && !why.empty()) decode = false;
  }
  if (serve) return {};
  if (!decode_.empty() && !decode) return of_decode;
  if (prefill || (!decode_.empty() && input_tokens <= setup_.disaggregation.local_prompt_tokens)) return {};
  return of_prefill.empty() ? of_serve : of_prefill;
}

/// Decode replicas compute its prompt.
bool LlmService::is_local(const InFlight& request) const {
  return handover_ && request.input_tokens <= setup_.disaggregation.local_prompt_tokens && can_decode(request);
}

bool LlmService::can_decode(const InFlight& request) const {
  return std::all_of(pools_.begin(), pools_.end(), [&request](const PoolSetup& pool) {
    return pool.role != PoolRole::decode || pool.model->refusal(request.input_tokens, request.output_tokens).empty();
  });
}

bool LlmService::can_serve(const Replica& replica, const InFlight& request) const {
  if (replica.role() != PoolRole::prefill) {
    return replica.model().refusal(request.input_tokens, request.output_tokens).empty();
  }
  // A decode replica goes on with what it has begun; what a serving one has begun goes to another of these.
  if (request.generated > 0 || (request.output_tokens > 1 && !can_decode(request))) return false;
  return replica.model().refusal(request.input_tokens, 1).empty();
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

void LlmService::route(RequestId id) { send_or_wait(id, choose_entry(id), /*to_decode=*/false); }

void LlmService::send(RequestId id, bool to_decode) {
  send_or_wait(id, to_decode ? choose(id, *setup_.decode_router, decode_) : choose_entry(id), to_decode);
}

/// A replica that takes prompts. While some of them serve another model, each side has its share of the arrivals.
Replica* LlmService::choose_entry(RequestId id) {
  if (!split_) return choose(id, *setup_.router, entry_);
  const bool to_chosen = split_->next_goes_to_chosen();
  Replica* replica = choose(id, to_chosen ? split_->router() : *setup_.router, entry_);
  if (replica == nullptr) replica = choose(id, to_chosen ? *setup_.router : split_->router(), entry_);
  return replica;
}

/// Without a replica it goes to another service, or waits for one that may come.
void LlmService::send_or_wait(RequestId id, Replica* replica, bool to_decode) {
  if (replica != nullptr) return send_to(id, *replica);
  if (overflow_.service != nullptr || !may_come(id, to_decode)) return turn_away(id, "no_replica");
  (to_decode ? without_decode_replica_ : without_replica_).push_back(id, lane_of(pool_[id]));
  stats_.waiting_changed(+1, simulation_.now());
}

/// The router's choice. Where pools differ and that one can never serve the request, the least busy that can.
Replica* LlmService::choose(RequestId id, routing::Router& router, const std::vector<std::int32_t>& candidates) {
  const InFlight& request = pool_[id];
  const std::optional<std::int32_t> chosen =
      needs_arrivals_ ? router.choose(arrival_of(id)) : router.choose({.prompt_tokens = request.input_tokens});
  if (!chosen) return nullptr;
  Replica* replica = replicas_[static_cast<std::size_t>(candidates[static_cast<std::size_t>(*chosen)])].get();
  if (pools_.size() == 1 && editions_.empty()) return replica;
  if (can_serve(*replica, request)) return replica;
  Replica* best = nullptr;
  for (const std::int32_t index : candidates) {
    Replica& other = *replicas_[static_cast<std::size_t>(index)];
    if (!other.takes_new() || !can_serve(other, request)) continue;
    if (best == nullptr || other.waiting() < best->waiting()) best = &other;
  }
  return best;
}

void LlmService::send_to(RequestId id, Replica& replica) {
  const std::int64_t most = replica.model().profile().max_waiting;
  if (most > 0 && replica.waiting() >= most) return turn_away(id, "queue_full");
  const InFlight& request = pool_[id];
  const std::int64_t of_class = class_of(request).max_waiting;
  if (of_class > 0 && replica.waiting_in(lane_of(request)) >= of_class) return turn_away(id, "class_queue_full");
  if (request.details >= 0) {
    RequestDetails& details = details_[request.details];
    details.replica = replica.index();
    if (details.passage >= 0 && replica.role() != PoolRole::prefill) {  // needs no other replica's room any more
      handover_->forget(details.passage);
      details.passage = -1;
    }
  }
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
  loads_[static_cast<std::size_t>(replica.index())] += requests;
  if (split_ && replica.role() != PoolRole::decode) {
    split_->router().load_changed(replica.candidate(), requests, 0);
  }
}

void LlmService::prompt_computed(const Replica& replica, RequestId id) {
  routing::Router& router = router_of(replica);
  if (router.counts_tokens()) router.load_changed(replica.candidate(), 0, -std::int64_t{pool_[id].input_tokens});
}

void LlmService::set_in_service(const Replica& replica, bool in_service) {
  if (split_ && replica.role() != PoolRole::decode && split_->is_chosen(replica.candidate())) {
    return split_->router().set_in_service(replica.candidate(), in_service);
  }
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
  deadlines_.push({std::max(date, simulation_.now()), id, details_[pool_[id].details].number, ending});
  simulation_.set_timer(deadline_timer_, deadlines_.top().date);
}

/// After all that happens at this date before steps are formed.
void LlmService::look_for_rooms() { simulation_.set_timer(rooms_timer_, simulation_.now()); }

void LlmService::on_timer(std::uint32_t tag) {
  if (tag == kRoomsTag) return handover_->find_rooms();
  while (!deadlines_.empty() && deadlines_.top().date <= simulation_.now()) {
    const Deadline due = deadlines_.top();
    deadlines_.pop();
    const InFlight& request = pool_[due.request];
    const bool is_the_same = request.owner >= 0 && details_[request.details].number == due.number;
    if (!is_the_same || (due.ending == Ending::cancelled && request.first_token >= 0)) continue;
    withdraw(due.request, due.ending);
  }
  if (!deadlines_.empty()) simulation_.set_timer(deadline_timer_, deadlines_.top().date);
}

void LlmService::withdraw(RequestId id, Ending ending) {
  if (handover_ && handover_->withdraw(id, ending)) return;
  for (WaitingLine* line : {&without_replica_, &without_decode_replica_}) {
    if (line->empty() || !line->remove(id, lane_of(pool_[id]))) continue;
    stats_.waiting_changed(-1, simulation_.now());
    return ended(id, ending);
  }
  replicas_[static_cast<std::size_t>(details_[pool_[id].details].replica)]->withdraw(id, ending);
}

// ---- Requests out -------------------------------------------------------------------------------------------------

void LlmService::reject(RequestId id, std::string_view reason) { ended(id, Ending::rejected, reason); }

/// There is no room for it now: it is rejected, or goes on to another service.
void LlmService::turn_away(RequestId id, std::string_view reason) {
  if (overflow_.service == nullptr) return reject(id, reason);
  const InFlight request = pool_[id];
  Request same{
      .arrival = request.arrival, .input_tokens = request.input_tokens, .output_tokens = request.output_tokens};
  bool gives_up = false;
  if (request.details >= 0) {
    const RequestDetails& details = details_[request.details];
    same.tag = details.tag;
    same.session = details.session;
    same.content = details.content();
    if (details.adapter >= 0) same.content.space ^= space_of(details.adapter);  // as it came
    gives_up = details.gives_up;
  }
  // There first, so that the run does not end between the two.
  overflow_.service->submit(same, owners_[static_cast<std::size_t>(request.owner)].there, gives_up);
  ended(id, Ending::sent_on);
}

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
  RequestOwner* client = ending == Ending::sent_on ? nullptr : owner.client;
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
  last.gpu_energy_j = to_joules(details.gpu_energy);
  return last;
}

/// Requests of replicas that went down: those that ran fail, those that waited go to others. How many failed.
std::int64_t LlmService::settle_lost(const std::vector<RequestId>& lost, const std::vector<RequestId>& waiting) {
  for (const RequestId id : lost) ended(id, Ending::failed);
  for (const RequestId id : waiting) send_again(id, is_decoded(id));
  retry_waiting();
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

std::int64_t LlmService::take_down(std::span<const std::int64_t> nodes, std::vector<Struck>& struck) {
  std::vector<RequestId> lost;
  std::vector<RequestId> waiting;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const std::vector<placement::Slice>& slices = replicas_[i]->slices();
    const auto touched = std::find_if(slices.begin(), slices.end(), [nodes](const placement::Slice& slice) {
      return std::binary_search(nodes.begin(), nodes.end(), slice.node);
    });
    if (touched == slices.end()) continue;
    struck.push_back({static_cast<std::int32_t>(i), touched->node});
    if (replicas_[i]->is_up()) replicas_[i]->go_down(lost, waiting);
    if (keeper_ != nullptr) keeper_->on_broken(static_cast<std::int32_t>(i));
  }
  return settle_lost(lost, waiting);
}

std::int64_t LlmService::take_down_replica(std::int32_t replica) {
  Replica& one = *replicas_[static_cast<std::size_t>(replica)];
  if (!one.is_up()) return 0;
  std::vector<RequestId> lost, waiting;
  one.go_down(lost, waiting);
  if (keeper_ != nullptr) keeper_->on_broken(replica);
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
  if (kChecksBooks && pool_.in_flight() == 0) check_nothing_is_left();
  for (const auto& replica : replicas_) replica->settle_at_end(end);
  stats_.finish(end);
  replicas_up_.settle(end);
}

/// A run that has been drained holds no block, pin or place for anybody.
void LlmService::check_nothing_is_left() const {
  for (const auto& replica : replicas_) {
    if (!replica->is_clear()) throw std::logic_error("left over at the end: " + replica->describe());
  }
  if (handover_ && !handover_->is_clear()) throw std::logic_error("left over at the end: " + handover_->describe());
}

std::int64_t LlmService::gpus() const {
  std::int64_t gpus = 0;
  for (const auto& replica : replicas_) {
    for (const placement::Slice& slice : replica->slices()) gpus += slice.gpus;
  }
  return gpus;
}

Femtojoules LlmService::gpu_energy(Picoseconds now) const {
  Femtojoules energy = 0;
  for (const auto& replica : replicas_) energy += replica->gpu_energy(now);
  return energy;
}

}  // namespace tokenworks::jobs
