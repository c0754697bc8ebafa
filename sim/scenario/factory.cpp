#include "sim/scenario/factory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "models/llm/memory_capacity.hpp"
#include "models/workload/trace_formats.hpp"
#include "sim/jobs/workload/open_stream.hpp"
#include "sim/jobs/workload/trace_stream.hpp"
#include "sim/scenario/check_sharing.hpp"
#include "sim/scenario/facility_setup.hpp"
#include "sim/scenario/factory_parts.hpp"
#include "sim/scenario/site_models.hpp"

namespace tokenworks::scenario {
namespace {

jobs::WeightSource weight_source(const std::string& name) {
  if (name == "peers") return jobs::WeightSource::peers;
  return name == "local_drives" ? jobs::WeightSource::local_drives : jobs::WeightSource::storage;
}

}  // namespace

Factory::Factory(ReadOutcome& scenario, const RunOptions& options)
    : scenario_(scenario),
      duration_(to_picoseconds(scenario.spec.clock.duration.value)),
      interval_(to_picoseconds(scenario.spec.report.interval.value)),
      on_ended_(options.on_ended),
      simulation_(std::make_unique<engine::Simulation>(
          engine::Simulation::Options{.always_sync = options.always_sync, .simgrid_flows = options.simgrid_flows})),
      run_end_(std::make_unique<jobs::RunEnd>(*simulation_, duration_, scenario.spec.clock.drain)) {
  build_weather();
  build_fabric_graph();
  build_facility();
  build_fabric();
  build_services(options);
  build_workloads();
  build_traffic();
  build_fleets();
  build_incidents(options.run_watch);
  build_power_caps(options.run_watch);
}

Factory::~Factory() = default;

// ---- Building -----------------------------------------------------------------------------------------------------

void Factory::build_weather() {
  SiteModels site = load_site(scenario_, notes_);
  weather_ = std::move(site.weather);
  electricity_ = std::move(site.electricity);
  start_s_ = site.start_s;
  year_s_ = electricity_.year.length_s();
}

void Factory::build_facility() {
  for (const RackGroupSpec* rack : racks_) {
    const compute::RackSpec& kind = *scenario_.catalog.rack(rack->kind, scenario_.faults);
    groups_.push_back({rack->name, rack->count, kind.nodes, kind.gpus_per_node, kind.scale_up_domain_gpus});
  }
  resources::Facility::Setup setup = facility_setup(scenario_, network_power(bill_), *weather_, start_s_);
  setup.series_interval = interval_;
  setup.simulation = simulation_.get();
  facility_ = std::make_unique<resources::Facility>(std::move(setup), notes_);
  outside_air_ = std::make_unique<resources::OutsideAir>(*simulation_, *facility_, *weather_, start_s_, year_s_);
}

void Factory::build_services(const RunOptions& options) {
  const ScenarioSpec& spec = scenario_.spec;
  llm_specs_ = llm_services(spec);
  std::vector<placement::Demand> demands;
  std::map<const LlmServiceSpec*, std::size_t> first_demand;
  for (const LlmServiceSpec* service : llm_specs_) {
    first_demand[service] = demands.size();
    if (gpu_owner(spec, *service) != nullptr) continue;
    for (const ReplicaPlan& plan : plans_of(*service)) {
      demands.push_back({plan.demand(), plan.replicas, plan.parallelism->gpus(),
                         plan.placement != nullptr ? plan.placement->racks : std::vector<std::string>{},
                         graph_.has_value()});
    }
  }
  const placement::Placement placed = placement::place(groups_, demands);

  std::uint64_t replica_number = 0;
  for (const LlmServiceSpec* service : llm_specs_) {
    jobs::LlmService::Setup setup;
    setup.name = service->name;
    jobs::LoadedService loaded{.source = weight_source(service->weight_source),
                               .at_once = service->weight_source == "storage" && !spec.factory.storage};
    const LlmServiceSpec* owner = gpu_owner(spec, *service);
    std::size_t demand = first_demand.at(owner != nullptr ? owner : service);
    for (const ReplicaPlan& plan : plans_of(*service)) {
      const auto replicas = static_cast<std::int32_t>(plan.replicas);
      setup.pools.push_back(build_pool(plan, loaded));
      setup.pools.back().replicas = placed.slices[demand++];
      share_gpus(*service, setup.pools.back().sharing);
      replica_number += static_cast<std::uint64_t>(replicas);
    }
    setup.first_replica_number = replica_number - static_cast<std::uint64_t>(loaded.weights_per_gpu_of.size());
    if (service->adapters) setup.adapter_shares = service->adapters->summed_weights();
    add_classes(*service, setup);
    add_routers(*service, setup);
    if (fabric_) setup.fabric = fabric_.get();
    setup.spans_domains = graph_.has_value();
    setup.window = {to_picoseconds(spec.clock.warm_up.value), duration_};
    setup.series_interval = interval_;
    setup.exact_iterations = options.exact_iterations;
    setup.watch = options.run_watch;
    if (options.on_ended) {
      setup.on_ended = [told = options.on_ended, name = service->name](const jobs::EndedRequest& request) {
        told(name, request);
      };
    }
    setup.plans_after_completions =
        receives(*service, [](const auto& arrivals) { return arrivals.closed_loop() || arrivals.brings_sessions(); });
    if (receives(*service, [](const auto& arrivals) { return arrivals.brings_sessions(); })) {
      setup.shares_out_energy = true;
    }
    services_.push_back(std::make_unique<jobs::LlmService>(*simulation_, *facility_, *run_end_, std::move(setup)));
    loaded_.push_back(std::move(loaded));
    loaded_.back().service = services_.back().get();
  }
  connect_overflows();
}

/// The racks that a pool's replicas stand in: they have one kind of GPU.
const RackGroupSpec& Factory::racks_of(const ReplicaPlan& plan) const {
  const bool is_placed = plan.placement != nullptr && !plan.placement->racks.empty();
  const std::string& name = is_placed ? plan.placement->racks.front() : racks_.front()->name;
  return **std::find_if(racks_.begin(), racks_.end(), [&](const auto* rack) { return rack->name == name; });
}

/// What a pool's replicas serve, and what it takes of each GPU's memory.
std::unique_ptr<jobs::ServedModel> Factory::build_model(const ReplicaPlan& plan, llm::KvPool& room) {
  const RackGroupSpec& group = racks_of(plan);
  const compute::RackSpec& kind = *scenario_.catalog.rack(group.kind, scenario_.faults);
  const compute::GpuSpec& gpu = gpu_of(group, kind);
  const llm::LlmSpec& model = *scenario_.catalog.model(*plan.model, scenario_.faults);
  const llm::Precision precision = llm::precision_from_name(*plan.precision);

  jobs::ServedModel::Setup served;
  served.name = *plan.model;
  served.profile = (*plan.engine)->profile(gpu, plan.parallelism->attention_data);
  served.prompt_launch_s = served.profile.prompt_launch.seconds(model);
  served.eager_step_s = served.profile.eager_step_per_layer_s * static_cast<double>(model.layers);
  const llm::StepModel::Setup steps{
      .gpu = gpu,
      .kernels = scenario_.catalog.kernels_of(gpu, served.profile.kernels.kernel_library, scenario_.faults),
      .model = model,
      .precision = precision,
      .kv_format = plan.kv_format(),
      .parallelism = *plan.parallelism,
      .variant = served.profile.kernels,
      .host = {served.profile.host_per_step_s, served.profile.host_per_sequence_s},
      .fabric = fabric_links(kind)};
  const llm::SpeculationOption* option = *plan.speculation ? &***plan.speculation : nullptr;
  served.at_clock = [this, steps, option](double clock_share) {
    llm::StepModel::Setup clocked = steps;
    clocked.clock_share = clock_share;
    jobs::StepModels models;
    models.steps = std::make_unique<llm::StepModel>(clocked, notes_);
    if (option != nullptr) {
      models.speculation =
          std::make_unique<llm::SpeculationModel>(llm::SpeculationModel::Setup{.verifier = *models.steps,
                                                                               .steps = clocked,
                                                                               .draft_tokens = option->draft_tokens,
                                                                               .uses_drafter = option->uses_drafter()},
                                                  notes_);
    }
    return models;
  };
  jobs::StepModels at_full_clock = served.at_clock(1.0);
  served.step_model = std::move(at_full_clock.steps);
  served.speculation = std::move(at_full_clock.speculation);
  if (option != nullptr) served.mean_accepted = llm::mean_accepted(*option, model).value();
  Bytes adapters(0);
  if (const std::optional<AdaptersSpec>& spec = plan.service->adapters) {
    served.adapters.emplace(gpu, model, *plan.parallelism, spec->rank, spec->lora_targets());
    served.adapter_places = spec->max_loaded;
    served.host_link = kind.host_link_bandwidth;
    adapters = served.adapters->bytes_per_gpu() * static_cast<double>(served.adapter_places);
  }
  room = llm::kv_pool(gpu, plan.held_layers(model), precision, plan.kv_format(), *plan.parallelism,
                      memory_rule(served.profile, adapters));
  served.profile.max_sequences = room.sequences;
  served.kv_pool_tokens = room.tokens;
  served.context_tokens = model.context_tokens;
  served.layers = model.layers;
  const llm::KvBytes per_token = llm::kv_bytes_per_token(plan.held_layers(model), plan.kv_format());
  served.kv_bytes_per_token = per_token.full + per_token.window + per_token.index;
  return std::make_unique<jobs::ServedModel>(std::move(served));
}

/// A pool without the places of its replicas; notes what their weights take.
jobs::PoolSetup Factory::build_pool(const ReplicaPlan& plan, jobs::LoadedService& loaded) {
  const RackGroupSpec& group = racks_of(plan);
  const compute::RackSpec& kind = *scenario_.catalog.rack(group.kind, scenario_.faults);
  jobs::PoolSetup pool;
  pool.name = plan.pool;
  if (plan.role == "prefill") pool.role = jobs::PoolRole::prefill;
  if (plan.role == "decode") pool.role = jobs::PoolRole::decode;
  llm::KvPool room;
  pool.model = build_model(plan, room);
  pool.keeps_prefixes = pool.model->profile().prefix_cache && prompts_say_something(*plan.service);
  pool.tiers = kv_tiers(*plan.service, kind, plan.parallelism->gpus());
  const compute::BoardPower& board = gpu_of(group, kind).power;
  pool.idle_gpu_power_w = board.idle.value;
  pool.gpu_caps = {board.least_cap().value, board.limit.value};
  pool.in_service = plan.in_service;
  pool.sharing.weights = room.weight_bytes_per_gpu;
  pool.sharing.block = room.bytes_per_gpu *
                       (static_cast<double>(pool.model->profile().kv_block_tokens) / static_cast<double>(room.tokens));
  pool.sharing.sequence = room.state_bytes_per_gpu * (1.0 / static_cast<double>(room.sequences));
  loaded.weights_per_gpu_of.insert(loaded.weights_per_gpu_of.end(), static_cast<std::size_t>(plan.replicas),
                                   room.weight_bytes_per_gpu);
  return pool;
}

/// Whether any workload of a service says what its prompts have in common.
bool Factory::prompts_say_something(const LlmServiceSpec& service) const {
  const std::vector<WorkloadSpec>& workloads = scenario_.spec.workloads;
  return std::any_of(workloads.begin(), workloads.end(), [&](const WorkloadSpec& workload) {
    if (workload.service != service.name) return false;
    const std::optional<workload::TraceFile> trace = workload.arrivals->trace();
    return workload.arrivals->brings_sessions() || (trace && workload::has_prompt_blocks(trace->format));
  });
}

jobs::KvTiers Factory::kv_tiers(const LlmServiceSpec& service, const compute::RackSpec& kind, std::int64_t gpus) {
  jobs::KvTiers tiers;
  tiers.fetch_always = service.kv_fetch == "always";
  const double host = kind.host_link_bandwidth.value * static_cast<double>(gpus);
  const double nodes = std::ceil(static_cast<double>(gpus) / static_cast<double>(kind.gpus_per_node));
  for (const KvTierSpec& tier : service.kv_tiers) {
    const bool is_host = tier.kind == "host_memory";
    const double drives = kind.local_read_bandwidth.value * nodes;
    tiers.tiers.push_back({.place = is_host ? resources::Place::Kind::host : resources::Place::Kind::drives,
                           .room = tier.room,
                           .bandwidth = BytesPerSecond(is_host ? host : std::min(host, drives)),
                           .latency = to_picoseconds(tier.latency.value)});
  }
  return tiers;
}

/// Classes, tenants, and a lane for each pair of them that some workload uses.
void Factory::add_classes(const LlmServiceSpec& service, jobs::LlmService::Setup& setup) const {
  const auto promise_of = [](const std::optional<PromiseSpec>& spec) {
    jobs::Promise promise;
    if (spec && spec->ttft) promise.ttft = to_picoseconds(spec->ttft->value);
    if (spec && spec->tpot) promise.tpot = to_picoseconds(spec->tpot->value);
    return promise;
  };
  setup.classes.front().promise = promise_of(service.slo);
  if (!service.classes.empty()) setup.classes.clear();
  for (const ServiceClassSpec& spec : service.classes) {
    jobs::ServiceClass& added = setup.classes.emplace_back();
    added.name = spec.name;
    added.level = static_cast<std::int32_t>(spec.priority);
    added.promise = promise_of(spec.slo ? spec.slo : service.slo);
    if (spec.timeout) added.timeout = to_picoseconds(spec.timeout->value);
    added.max_waiting = spec.max_waiting;
  }
  if (!service.tenants.empty()) setup.tenants.clear();
  for (const TenantSpec& tenant : service.tenants) setup.tenants.push_back(tenant.name);
  setup.preempts_for_urgent = service.preempts_for_urgent;
  const std::set<std::pair<std::int32_t, std::int32_t>> used = senders_of(service);
  setup.lanes.fair = service.fairness == "token_share";
  setup.lanes.tenants = static_cast<std::int32_t>(setup.tenants.size());
  if (used.empty()) return;
  setup.lanes.lanes.clear();
  setup.class_of_lane.clear();
  for (const auto& [service_class, tenant] : used) {
    const double weight = service.tenants.empty() ? 1.0 : service.tenants[static_cast<std::size_t>(tenant)].weight;
    setup.lanes.lanes.push_back({setup.classes[static_cast<std::size_t>(service_class)].level, tenant, weight});
    setup.class_of_lane.push_back(service_class);
  }
}

jobs::SenderTraits Factory::traits_of(const WorkloadSpec& workload, const LlmServiceSpec& service) const {
  const auto place = [](const std::optional<std::string>& name, const auto& entries) {
    std::int32_t at = 0;
    for (std::size_t i = 0; i < entries.size() && name; ++i) {
      if (entries[i].name == *name) at = static_cast<std::int32_t>(i);
    }
    return at;
  };
  jobs::SenderTraits traits;
  traits.service_class = place(workload.service_class, service.classes);
  traits.tenant = place(workload.tenant, service.tenants);
  if (workload.patience) traits.patience = to_picoseconds(workload.patience->value);
  traits.gives_up_share = workload.gives_up_share;
  traits.seed = static_cast<std::uint64_t>(scenario_.spec.seed);
  traits.stream = "workload/" + workload.name + "/gives_up";
  traits.adapter_stream = "workload/" + workload.name + "/adapters";
  return traits;
}

void Factory::add_routers(const LlmServiceSpec& service, jobs::LlmService::Setup& setup) const {
  std::vector<routing::Candidate> entry, decode;
  std::vector<std::string> pools, classes;
  for (std::size_t p = 0; p < setup.pools.size(); ++p) {
    const jobs::PoolSetup& pool = setup.pools[p];
    pools.push_back(pool.name);
    const routing::Candidate candidate{.pool = static_cast<std::int32_t>(p),
                                       .speed = setup.pools.size() == 1 ? 1.0 : pool.model->prompt_tokens_per_s()};
    std::vector<routing::Candidate>& list = pool.role == jobs::PoolRole::decode ? decode : entry;
    list.insert(list.end(), pool.replicas.size(), candidate);
  }
  for (const jobs::ServiceClass& service_class : setup.classes) classes.push_back(service_class.name);
  const auto seed = static_cast<std::uint64_t>(scenario_.spec.seed);
  setup.router = service.router->make({.candidates = entry,
                                       .pools = pools,
                                       .service_classes = classes,
                                       .seed = seed,
                                       .stream = "service/" + service.name + "/router"});
  if (decode.empty()) return;
  const DisaggregationSpec usual;
  const DisaggregationSpec& spec = service.disaggregation ? *service.disaggregation : usual;
  setup.disaggregation = {spec.transfer == "layer_by_layer", spec.local_prompt_tokens, spec.line_rate_share};
  setup.decode_router = spec.decode_router->make({.candidates = decode,
                                                  .pools = pools,
                                                  .service_classes = classes,
                                                  .seed = seed,
                                                  .stream = "service/" + service.name + "/decode_router"});
}

jobs::LlmService& Factory::service(const std::string& name) const {
  return **std::find_if(services_.begin(), services_.end(), [&](const auto& s) { return s->name() == name; });
}

void Factory::build_workloads() {
  const ScenarioSpec& spec = scenario_.spec;
  const auto seed = static_cast<std::uint64_t>(spec.seed);
  const workload::FindLengthTable find_table = [this](const std::string& name) {
    return scenario_.catalog.lengths(name, scenario_.faults);
  };
  std::uint64_t number = 0;
  for (const WorkloadSpec* w : sorted_by_name(spec.workloads, [](const WorkloadSpec& x) { return x.name; })) {
    jobs::LlmService& target = service(w->service);
    const LlmServiceSpec& service_spec =
        **std::find_if(llm_specs_.begin(), llm_specs_.end(), [&](const auto* s) { return s->name == w->service; });
    const jobs::SenderTraits traits = traits_of(*w, service_spec);
    if (w->arrivals->brings_sessions()) {
      sources_.push_back(make_sessions(*w, number++, traits));
      continue;
    }
    const engine::Rank rank = engine::rank(engine::RankClass::arrival, number++);
    if (std::optional<workload::TraceFile> trace = w->arrivals->trace()) {
      trace->path = (scenario_.folder / trace->path).string();
      const auto space = static_cast<std::int64_t>(number) << 32;  // what it says is shared with no other workload
      sources_.push_back(jobs::make_open_source(
          *simulation_, target, *run_end_,
          std::make_unique<jobs::TraceStream>(*trace, duration_, jobs::PromptBlocks::keep, space), traits, rank));
      continue;
    }
    if (std::optional<workload::ClientStatisticsFiles> files = w->arrivals->client_statistics()) {
      files->rates = (scenario_.folder / files->rates).string();
      files->lengths = (scenario_.folder / files->lengths).string();
      auto stream = std::make_unique<jobs::ClientStream>(*files, seed, w->name, duration_);
      assume_clients(fmt::format("/workloads/{}/arrivals", w - spec.workloads.data()), *files, stream->notes());
      sources_.push_back(jobs::make_open_source(*simulation_, target, *run_end_, std::move(stream), traits, rank));
      continue;
    }
    jobs::LengthSource lengths(*w->lengths->input, *w->lengths->output, find_table, seed, w->name);
    if (const std::optional<workload::ClosedLoop> loop = w->arrivals->closed_loop()) {
      sources_.push_back(jobs::make_closed_loop_source(*simulation_, target, *run_end_, *loop, std::move(lengths),
                                                       duration_, traits, rank));
    } else {
      sources_.push_back(jobs::make_open_source(
          *simulation_, target, *run_end_,
          std::make_unique<jobs::OpenStream>(w->arrivals->open_process(std::fmod(start_s_, 86400.0) / 3600.0),
                                             std::move(lengths), seed, w->name, duration_),
          traits, rank));
    }
  }
}

void Factory::assume_clients(const std::string& pointer, const workload::ClientStatisticsFiles& files,
                             const jobs::ClientStreamNotes& notes) {
  constexpr double kWorthSaying = 5e-4;  // shares below it would read 0.0 %
  if (notes.clients_without_lengths > 0) {
    const bool pooled = files.clients_without_lengths == "pooled";
    assumptions_.push_back(
        {pointer + "/clients_without_lengths", files.clients_without_lengths, "E",
         fmt::format("{} of {} clients, with {:.1f} % of the requests, have no lengths in the file: {}",
                     notes.clients_without_lengths, pooled ? notes.clients : notes.clients_in_file,
                     100.0 * notes.share_without_lengths,
                     pooled ? "theirs are drawn from the tables of the others by time of day" : "they are left out")});
  }
  if (notes.stretched_share >= kWorthSaying) {
    assumptions_.push_back(
        {pointer + "/rates", "stretched", "E",
         fmt::format("{:.1f} % of the requests lie in windows whose fitted gaps would give less than half or more than "
                     "twice their rate: the gaps are scaled so that the rate holds, and keep their shape",
                     100.0 * notes.stretched_share)});
  }
}

// ---- Running ------------------------------------------------------------------------------------------------------

std::string Factory::describe_work_left() const {
  std::string text;
  const auto add = [&text](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
  };
  for (const auto& service : services_) add(service->describe_work_left());
  if (fabric_) add(fabric_->describe_work_left());
  return text;
}

void Factory::run() {
  simulation_->set_work_left([this] { return describe_work_left(); });
  outside_air_->start();
  facility_->start();
  for (const auto& source : sources_) source->start();
  for (const auto& source : traffic_) source->start();
  run_end_->arm();
  simulation_->run();
}

}  // namespace tokenworks::scenario
