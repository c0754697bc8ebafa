#include "sim/scenario/factory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/llm/memory_capacity.hpp"
#include "models/topology/analysis.hpp"
#include "sim/jobs/workload/open_stream.hpp"
#include "sim/jobs/workload/text_lines.hpp"
#include "sim/jobs/workload/trace_stream.hpp"
#include "sim/scenario/check_scenario.hpp"
#include "sim/scenario/fabric_plan.hpp"
#include "sim/scenario/local_time.hpp"

namespace tokenworks::scenario {
namespace {

/// Pointers to the elements, sorted by name: the order in the file must not show in any number.
template <class T, class Name>
std::vector<const T*> sorted_by_name(const std::vector<T>& list, Name name) {
  std::vector<const T*> sorted;
  for (const T& element : list) sorted.push_back(&element);
  std::sort(sorted.begin(), sorted.end(), [&](const T* a, const T* b) { return name(*a) < name(*b); });
  return sorted;
}

std::vector<const LlmServiceSpec*> llm_services(const ScenarioSpec& spec) {
  std::vector<const LlmServiceSpec*> list;
  for (const ServiceSpec* service : sorted_by_name(spec.services, [](const ServiceSpec& s) { return s->name; })) {
    list.push_back(&dynamic_cast<const LlmServiceSpec&>(**service));
  }
  return list;
}

constexpr std::uint64_t kAfterWorkloads = std::uint64_t{1} << 32;  // ranks of traffic

jobs::WeightSource weight_source(const std::string& name) {
  if (name == "peers") return jobs::WeightSource::peers;
  return name == "local_drives" ? jobs::WeightSource::local_drives : jobs::WeightSource::storage;
}

/// Of switches and transceivers; network cards are their servers'.
resources::SharedPower network_power(const std::vector<topology::PartCount>& bill) {
  resources::SharedPower power;
  for (const topology::PartCount& part : bill) {
    power.idle_w += part.watts_each_idle * static_cast<double>(part.count);
    power.full_w += part.watts_each_full * static_cast<double>(part.count);
  }
  return power;
}

std::int64_t total_nodes(const placement::RackGroup& group) { return group.racks * group.nodes_per_rack; }

}  // namespace

Factory::Factory(ReadOutcome& scenario, const RunOptions& options)
    : scenario_(scenario),
      duration_(to_picoseconds(scenario.spec.clock.duration.value)),
      interval_(to_picoseconds(scenario.spec.report.interval.value)),
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
  build_incidents();
}

Factory::~Factory() = default;

// ---- Building -----------------------------------------------------------------------------------------------------

void Factory::build_weather() {
  const auto open = [this](const std::string& path) { return jobs::open_text((scenario_.folder / path).string()); };
  weather_ = scenario_.spec.site.weather->load(open, notes_);
  const LocalTime start = *parse_local_time(scenario_.spec.clock.start);
  start_s_ = seconds_of_year(start);
  year_s_ = seconds_in_year(start);
}

void Factory::build_fabric_graph() {
  const FactorySpec& factory = scenario_.spec.factory;
  racks_ = sorted_by_name(factory.racks, [](const RackGroupSpec& rack) { return rack.name; });
  if (!factory.fabric) return;
  const FabricPlan plan = plan_fabric(scenario_.spec, scenario_.catalog, scenario_.faults);
  graph_ = scenario::build_fabric(**factory.fabric, plan);
  bill_ = topology::bill_of_materials(*graph_, plan.parts, plan.nics);
}

void Factory::build_facility() {
  const FactorySpec& factory = scenario_.spec.factory;
  resources::Facility::Setup setup;
  for (const RackGroupSpec* rack : racks_) {
    const compute::RackSpec& kind = *scenario_.catalog.rack(rack->kind, scenario_.faults);
    const compute::GpuSpec& gpu = *scenario_.catalog.gpu(kind.gpu, scenario_.faults);
    groups_.push_back({rack->name, rack->count, kind.nodes, kind.gpus_per_node, kind.scale_up_domain_gpus});
    setup.groups.push_back({kind, gpu.power.idle.value, gpu.power.limit.value, rack->count});
  }
  if (factory.storage) {
    const storage::StorageProfile profile = (*factory.storage)->profile();
    setup.storage = {profile.idle_power.value, profile.full_power.value};
  }
  setup.network = network_power(bill_);
  setup.power = factory.power;
  setup.cooling = &*factory.cooling;
  setup.weather = weather_->at(start_s_);
  setup.design_weather = weather_->design();
  setup.series_interval = interval_;
  facility_ = std::make_unique<resources::Facility>(std::move(setup), notes_);
  outside_air_ = std::make_unique<resources::OutsideAir>(*simulation_, *facility_, *weather_, start_s_, year_s_);
}

/// Whatever moves: between nodes over a fabric, to and from storage, within nodes.
void Factory::build_fabric() {
  const FactorySpec& factory = scenario_.spec.factory;
  const std::vector<const LlmServiceSpec*> services = llm_services(scenario_.spec);
  const bool reads_drives = std::any_of(services.begin(), services.end(), [](const LlmServiceSpec* service) {
    return service->weight_source == "local_drives";
  });
  if (!factory.fabric && !factory.storage && !reads_drives && scenario_.spec.traffic.empty()) return;
  resources::Fabric::Setup setup;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const compute::RackSpec& kind = *scenario_.catalog.rack(racks_[g]->kind, scenario_.faults);
    const compute::GpuSpec& gpu = gpu_of(*racks_[g], kind);
    setup.map.groups.push_back({racks_[g]->name, kind, gpu.ratings.scale_up_bandwidth, racks_[g]->count});
  }
  setup.map.graph = graph_;
  if (factory.storage) {
    setup.map.storage = (*factory.storage)->profile();
    setup.storage_power = {setup.map.storage->idle_power.value, setup.map.storage->full_power.value};
  }
  if (factory.fabric) setup.map.behaviour = (*factory.fabric)->behaviour();
  setup.network_power = network_power(bill_);
  setup.series_interval = interval_;
  fabric_ = std::make_unique<resources::Fabric>(*simulation_, *facility_, std::move(setup));
}

void Factory::build_services(const RunOptions& options) {
  const ScenarioSpec& spec = scenario_.spec;
  const std::vector<const LlmServiceSpec*>& services = llm_specs_ = llm_services(spec);
  std::vector<placement::Demand> demands;
  for (const LlmServiceSpec* service : services) {
    demands.push_back({service->name, service->replicas, service->parallelism.gpus(),
                       service->placement ? service->placement->racks : std::vector<std::string>{},
                       graph_.has_value()});
  }
  placement::Placement placed = placement::place(groups_, demands);

  std::uint64_t replica_number = 0;
  for (std::size_t s = 0; s < services.size(); ++s) {
    const LlmServiceSpec& service = *services[s];
    const std::string& rack = service.placement && !service.placement->racks.empty() ? service.placement->racks.front()
                                                                                     : racks_.front()->name;
    const auto group = std::find_if(racks_.begin(), racks_.end(), [&](const auto* r) { return r->name == rack; });
    const compute::RackSpec& kind = *scenario_.catalog.rack((*group)->kind, scenario_.faults);
    const compute::GpuSpec& gpu = gpu_of(**group, kind);
    const llm::LlmSpec& model = *scenario_.catalog.model(service.model, scenario_.faults);
    const llm::Precision precision = llm::precision_from_name(service.precision);

    jobs::LlmService::Setup setup;
    setup.name = service.name;
    setup.profile = service.engine->profile(gpu);
    setup.prompt_launch_s = setup.profile.prompt_launch.seconds(model);
    setup.eager_step_s = setup.profile.eager_step_per_layer_s * static_cast<double>(model.layers);
    const llm::StepModel::Setup steps{
        .gpu = gpu,
        .kernels = scenario_.catalog.kernels_of(gpu, setup.profile.kernels.kernel_library, scenario_.faults),
        .model = model,
        .precision = precision,
        .kv_format = service.kv_format(),
        .parallelism = service.parallelism,
        .variant = setup.profile.kernels,
        .host = {setup.profile.host_per_step_s, setup.profile.host_per_sequence_s},
        .fabric = fabric_links(kind)};
    setup.step_model = std::make_unique<llm::StepModel>(steps, notes_);
    if (service.speculation) {
      const llm::SpeculationOption& option = **service.speculation;
      setup.speculation =
          std::make_unique<llm::SpeculationModel>(llm::SpeculationModel::Setup{.verifier = *setup.step_model,
                                                                               .steps = steps,
                                                                               .draft_tokens = option.draft_tokens,
                                                                               .uses_drafter = option.uses_drafter()},
                                                  notes_);
      setup.mean_accepted = llm::mean_accepted(option, model).value();
    }
    const llm::KvPool pool = llm::kv_pool(gpu, service.held_layers(model), precision, service.kv_format(),
                                          service.parallelism, memory_rule(setup.profile));
    setup.profile.max_sequences = pool.sequences;
    loaded_.push_back({nullptr, pool.weight_bytes_per_gpu, weight_source(service.weight_source),
                       service.weight_source == "storage" && !spec.factory.storage});
    setup.kv_pool_tokens = pool.tokens;
    setup.context_tokens = model.context_tokens;
    setup.router = service.router->make(static_cast<std::int32_t>(service.replicas));
    setup.replicas = std::move(placed.slices[s]);
    if (graph_) setup.fabric = fabric_.get();
    setup.idle_gpu_power_w = gpu.power.idle.value;
    setup.window = {to_picoseconds(spec.clock.warm_up.value), duration_};
    if (service.slo) {
      if (service.slo->ttft) setup.promise.ttft = to_picoseconds(service.slo->ttft->value);
      if (service.slo->tpot) setup.promise.tpot = to_picoseconds(service.slo->tpot->value);
    }
    setup.series_interval = interval_;
    setup.first_replica_number = replica_number;
    setup.exact_iterations = options.exact_iterations;
    setup.on_completed = options.on_completed;
    for (const WorkloadSpec& workload : spec.workloads) {
      if (workload.service == service.name && workload.arrivals->closed_loop()) setup.plans_after_completions = true;
    }
    replica_number += static_cast<std::uint64_t>(service.replicas);
    services_.push_back(std::make_unique<jobs::LlmService>(*simulation_, *facility_, *run_end_, std::move(setup)));
    loaded_.back().service = services_.back().get();
  }
}

/// The GPU of a rack group, as its scale-up domain joins it with others.
const compute::GpuSpec& Factory::gpu_of(const RackGroupSpec& group, const compute::RackSpec& kind) {
  const compute::GpuSpec& gpu = *scenario_.catalog.gpu(kind.gpu, scenario_.faults);
  if (!group.scale_up) return gpu;
  const auto [joined, is_new] = joined_gpus_.try_emplace(group.name, gpu);
  if (is_new) joined->second.ratings.scale_up_bandwidth = scale_up_bandwidth(**group.scale_up, kind, gpu);
  return joined->second;
}

/// What joins the scale-up domains of a rack kind, as its GPUs see it.
std::optional<network::FabricLinks> Factory::fabric_links(const compute::RackSpec& kind) const {
  if (!graph_) return std::nullopt;
  const topology::Routes routes(*graph_);
  double latency = 0.0;
  std::int64_t nodes = 0;
  for (const placement::RackGroup& group : groups_) nodes += total_nodes(group);
  if (nodes > 1) latency = topology::hop_latency(*graph_, routes, 0, static_cast<std::uint32_t>(nodes - 1)).value;
  return network::FabricLinks{.domain_gpus = kind.scale_up_domain_gpus,
                              .nic_bandwidth = kind.nic_bandwidth,
                              .nics_per_node = kind.nics_per_node,
                              .gpus_per_node = kind.gpus_per_node,
                              .hop_latency = Seconds(latency),
                              .in_network_reduction = (*scenario_.spec.factory.fabric)->in_network_reduction()};
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
    const engine::Rank rank = engine::rank(engine::RankClass::arrival, number++);
    if (std::optional<workload::TraceFile> trace = w->arrivals->trace()) {
      trace->path = (scenario_.folder / trace->path).string();
      sources_.push_back(jobs::make_open_source(*simulation_, target, *run_end_,
                                                std::make_unique<jobs::TraceStream>(*trace, duration_), rank));
      continue;
    }
    jobs::LengthSource lengths(*w->lengths->input, *w->lengths->output, find_table, seed, w->name);
    if (const std::optional<workload::ClosedLoop> loop = w->arrivals->closed_loop()) {
      sources_.push_back(
          jobs::make_closed_loop_source(*simulation_, target, *run_end_, *loop, std::move(lengths), duration_, rank));
    } else {
      sources_.push_back(jobs::make_open_source(
          *simulation_, target, *run_end_,
          std::make_unique<jobs::OpenStream>(w->arrivals->open_process(std::fmod(start_s_, 86400.0) / 3600.0),
                                             std::move(lengths), seed, w->name, duration_),
          rank));
    }
  }
}

std::vector<std::int64_t> Factory::nodes_of(const std::vector<std::string>& racks) const {
  std::vector<std::int64_t> nodes;
  std::int64_t first = 0;
  for (const placement::RackGroup& group : groups_) {
    const bool wanted = racks.empty() || std::find(racks.begin(), racks.end(), group.name) != racks.end();
    for (std::int64_t node = first; node < first + total_nodes(group) && wanted; ++node) nodes.push_back(node);
    first += total_nodes(group);
  }
  return nodes;
}

std::int64_t Factory::node_number(const std::string& target) const {
  const NodeName name = *parse_node_name(target);
  std::int64_t first = 0;
  for (const placement::RackGroup& group : groups_) {
    if (group.name == name.group) break;
    first += total_nodes(group);
  }
  return first + name.node;
}

void Factory::build_traffic() {
  std::uint64_t number = 0;
  for (const TrafficSpec* spec :
       sorted_by_name(scenario_.spec.traffic, [](const TrafficSpec& traffic) { return traffic->name; })) {
    const jobs::TrafficContext context{.simulation = *simulation_,
                                       .fabric = *fabric_,
                                       .run_end = *run_end_,
                                       .name = (*spec)->name,
                                       .nodes = nodes_of((*spec)->racks),
                                       .duration = duration_,
                                       .rank = engine::rank(engine::RankClass::arrival, kAfterWorkloads + number++),
                                       .seed = static_cast<std::uint64_t>(scenario_.spec.seed)};
    traffic_.push_back(make_traffic(context, **spec));
  }
}

std::unique_ptr<jobs::TrafficSource> Factory::make_traffic(const jobs::TrafficContext& context,
                                                           const TrafficOption& option) {
  if (const auto* checkpoint = dynamic_cast<const CheckpointSpec*>(&option)) {
    return jobs::make_checkpoint_source(
        context, {.bytes_per_node = checkpoint->bytes_per_node,
                  .interval = to_picoseconds(checkpoint->interval.value),
                  .first = to_picoseconds(checkpoint->first.value_or(checkpoint->interval).value),
                  .target = checkpoint->target == "storage" ? jobs::CheckpointTarget::storage
                                                            : jobs::CheckpointTarget::local_drives,
                  .through_host = checkpoint->through_host});
  }
  if (const auto* read = dynamic_cast<const DatasetReadSpec*>(&option)) {
    return jobs::make_dataset_source(context, {.rate_per_node = read->rate_per_node,
                                               .block = read->block,
                                               .from_local_drives = read->source == "local_drives"});
  }
  if (const auto* traffic = dynamic_cast<const PointToPointSpec*>(&option)) {
    return jobs::make_point_to_point_source(context, {.concurrency = traffic->concurrency,
                                                      .transfers = traffic->transfers,
                                                      .bytes = traffic->bytes,
                                                      .spread = traffic->spread});
  }
  const auto& offload = dynamic_cast<const KvOffloadSpec&>(option);
  const auto* spec = *std::find_if(llm_specs_.begin(), llm_specs_.end(),
                                   [&](const LlmServiceSpec* service) { return service->name == offload.service; });
  const llm::LlmSpec& model = *scenario_.catalog.model(spec->model, scenario_.faults);
  const llm::KvBytes per_token = llm::kv_bytes_per_token(spec->held_layers(model), spec->kv_format());
  using Target = jobs::KvOffload::Target;
  return jobs::make_kv_offload_source(context, {.service = &service(offload.service),
                                                .bytes_per_token = per_token.full + per_token.window + per_token.index,
                                                .share = offload.share,
                                                .target = offload.target == "host"      ? Target::host
                                                          : offload.target == "storage" ? Target::storage
                                                                                        : Target::local_drives});
}

void Factory::build_incidents() {
  std::vector<jobs::NodeFailure> failures;
  std::vector<jobs::WeightLoadIncident> weight_loads;
  std::vector<jobs::NetworkIncident> network;
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const Picoseconds at = to_picoseconds(incident->at.value);
    if (const auto* failure = dynamic_cast<const NodeFailureSpec*>(&*incident)) {
      std::optional<Picoseconds> repair_after;
      if (failure->repair_after) repair_after = to_picoseconds(failure->repair_after->value);
      failures.push_back({failure->target, node_number(failure->target), at, repair_after});
    } else if (const auto* load = dynamic_cast<const WeightLoadSpec*>(&*incident)) {
      const auto loaded = std::find_if(loaded_.begin(), loaded_.end(), [&](const jobs::LoadedService& one) {
        return one.service->name() == load->service;
      });
      weight_loads.push_back({load->service, *loaded, static_cast<std::int32_t>(load->replicas), at});
    } else {
      network.push_back(
          network_incident(std::string(incident.kind()), dynamic_cast<const NetworkIncidentSpec&>(*incident), at));
    }
  }
  // At one date incidents strike in the order of their targets, whatever their order in the file.
  const auto sort = [](auto& list, auto target) {
    std::stable_sort(list.begin(), list.end(),
                     [&](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : target(a) < target(b); });
  };
  sort(failures, [](const jobs::NodeFailure& f) { return f.target; });
  sort(weight_loads, [](const jobs::WeightLoadIncident& w) { return w.service; });
  sort(network, [](const jobs::NetworkIncident& n) { return n.kind + n.target; });
  failures_ =
      std::make_unique<jobs::NodeFailures>(*simulation_, *facility_, fabric_.get(), loaded_, std::move(failures));
  weight_loads_ =
      std::make_unique<jobs::WeightLoadIncidents>(*simulation_, *run_end_, fabric_.get(), std::move(weight_loads));
  if (fabric_)
    network_incidents_ = std::make_unique<jobs::NetworkIncidents>(*simulation_, *fabric_, loaded_, std::move(network));
}

jobs::NetworkIncident Factory::network_incident(const std::string& kind, const NetworkIncidentSpec& spec,
                                                Picoseconds at) const {
  using Part = NetworkIncidentSpec::Part;
  const resources::FabricMap& map = fabric_->map();
  jobs::NetworkIncident incident;
  incident.kind = kind;
  incident.target = spec.target;
  incident.works = spec.works;
  incident.at = at;
  switch (spec.part()) {
    case Part::link:
      incident.part = jobs::NetworkIncident::Part::link;
      incident.index = *map.find_link(spec.target);
      break;
    case Part::network_card:
      incident.part = jobs::NetworkIncident::Part::network_card;
      incident.index = *map.find_nic(node_number(spec.target), spec.card);
      break;
    case Part::switch_:
      incident.part = jobs::NetworkIncident::Part::switch_;
      incident.index = *map.find_vertex(spec.target);
      break;
    case Part::storage:
      incident.part = jobs::NetworkIncident::Part::storage;
      break;
  }
  if (spec.repair_after) incident.repair_after = to_picoseconds(spec.repair_after->value);
  incident.times = spec.times;
  incident.period = to_picoseconds(spec.period.value);
  return incident;
}

// ---- Running ------------------------------------------------------------------------------------------------------

std::string Factory::describe_work_left() const {
  std::string text;
  for (const auto& service : services_) text += service->describe_work_left();
  if (fabric_) text += fabric_->describe_work_left();
  return text;
}

void Factory::run() {
  simulation_->set_work_left([this] { return describe_work_left(); });
  outside_air_->start();
  for (const auto& source : sources_) source->start();
  for (const auto& source : traffic_) source->start();
  run_end_->arm();
  simulation_->run();
}

// ---- The result ---------------------------------------------------------------------------------------------------

metrics::RunResult Factory::result() {
  metrics::RunResult result;
  const Picoseconds end = simulation_->now();
  if (fabric_) fabric_->finish(end);
  facility_->finish(end);
  result.interrupted = simulation_->interrupted();
  result.simulated_s = to_seconds(end);
  for (const auto& service : services_) {
    service->finish(end);
    service->report(result.services.emplace_back(), end);
  }
  report_power(result);
  report_cooling(result);
  share_energy(result);
  const Joules energy{result.power.facility_energy_j};
  result.electricity_usd = scenario_.spec.site.electricity->usd(energy);
  result.carbon_kg = scenario_.spec.site.electricity->co2_kg(energy);
  report_fabric(result);
  const auto add_incidents = [&result](const std::vector<metrics::IncidentResult>& list) {
    result.incidents.insert(result.incidents.end(), list.begin(), list.end());
  };
  add_incidents(failures_->report());
  add_incidents(weight_loads_->report());
  if (network_incidents_) add_incidents(network_incidents_->report());
  std::stable_sort(result.incidents.begin(), result.incidents.end(),
                   [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  result.assumptions = scenario_.assumptions;
  result.validity = notes_.all();
  report_series(result, end);
  return result;
}

void Factory::report_power(metrics::RunResult& result) const {
  metrics::PowerResult& power = result.power;
  power.it_energy_j = to_joules(facility_->it_energy());
  power.facility_energy_j = to_joules(facility_->facility_energy());
  for (int c = 0; c < resources::kConsumers; ++c) {
    const auto consumer = static_cast<resources::Consumer>(c);
    power.energy_by_j.emplace_back(resources::consumer_name(consumer), to_joules(facility_->energy(consumer)));
  }
  power.peak_it_w = to_watts(facility_->peak_it_power());
  power.peak_facility_w = to_watts(facility_->peak_facility_power());
  if (power.it_energy_j > 0) power.pue = power.facility_energy_j / power.it_energy_j;
  power.ratings_w = facility_->ratings();
}

void Factory::report_cooling(metrics::RunResult& result) const {
  const cooling::CoolingOption& option = *scenario_.spec.factory.cooling;
  metrics::CoolingResult& cooling = result.cooling;
  cooling.kind = scenario_.spec.factory.cooling.kind();
  cooling.heat_rejection = option.heat_rejection_kind();
  cooling.heat_to_liquid_j = to_joules(facility_->heat_to_liquid());
  cooling.heat_to_air_j = to_joules(facility_->heat_to_air());
  using resources::Consumer;
  for (const Consumer consumer :
       {Consumer::air_handler_fans, Consumer::pumps, Consumer::chillers, Consumer::heat_rejection_fans}) {
    cooling.energy_j += to_joules(facility_->energy(consumer));
  }
  for (const auto& [mode, time] : facility_->cooling_modes()) {
    cooling.mode_hours.emplace_back(mode, to_seconds(time) / 3600);
  }
}

void Factory::report_fabric(metrics::RunResult& result) const {
  const FactorySpec& factory = scenario_.spec.factory;
  if (factory.storage) result.storage.kind = factory.storage->kind();
  for (const RackGroupSpec* group : racks_) {
    if (!group->scale_up) continue;
    const compute::RackSpec& kind = *scenario_.catalog.rack(group->kind, scenario_.faults);
    metrics::ScaleUpResult domain =
        describe_scale_up(**group->scale_up, kind, *scenario_.catalog.gpu(kind.gpu, scenario_.faults));
    domain.racks = group->name;
    domain.kind = group->scale_up->kind();
    result.network.scale_up.push_back(std::move(domain));
  }
  if (!fabric_) return;
  fabric_->report(result, simulation_->now());
  for (const auto& source : traffic_) result.network.traffic.push_back(source->report());
  if (!graph_) return;
  metrics::FabricResult fabric = describe_fabric(*graph_, bill_);
  fabric.kind = factory.fabric->kind();
  fabric.routing = (*factory.fabric)->routing();
  fabric.step_traffic = (*factory.fabric)->detail();
  fabric.contention = fabric_->behaviour().contention;
  result.network.fabric = std::move(fabric);
}

/// A service's share of the facility's energy is its share of the energy of all GPU boards; what idle boards draw, and
/// their part of everything else, belongs to no service.
void Factory::share_energy(metrics::RunResult& result) const {
  const double boards = to_joules(facility_->energy(resources::Consumer::gpu));
  double shared = 0.0;
  for (metrics::ServiceResult& service : result.services) {
    if (boards > 0) service.energy_j = result.power.facility_energy_j * (service.gpu_energy_j / boards);
    shared += service.energy_j;
  }
  result.power.unassigned_energy_j = result.power.facility_energy_j - shared;
}

void Factory::report_series(metrics::RunResult& result, Picoseconds end) const {
  using resources::Consumer;
  auto& columns = result.columns;
  columns.push_back({"time_s", "s", "Start of the interval, from the start of the run", "start"});
  columns.push_back({"gpu_power_w", "W", "GPU boards", "mean"});
  columns.push_back({"it_power_w", "W", "All inside the racks, at their input", "mean"});
  columns.push_back({"cooling_power_w", "W", "Air handlers, pumps, chillers and heat rejection", "mean"});
  columns.push_back({"facility_power_w", "W", "All, at the meter", "mean"});
  for (const auto& service : services_) {
    const std::string name = service->name() + ".";
    columns.push_back({name + "arrivals", "1", "Requests that arrived", "sum"});
    columns.push_back({name + "output_tokens", "1", "Tokens generated", "sum"});
    columns.push_back({name + "requests_in_engine", "1", "Requests waiting or running", "mean"});
    columns.push_back({name + "requests_waiting", "1", "Requests that wait for their first step", "mean"});
  }
  const std::vector<std::vector<double>>& links = result.network.busiest_utilisation;
  for (const metrics::LinkResult& link : result.network.busiest_links) {
    columns.push_back({"network." + link.name, "1", "Share of the link's bandwidth that is used", "mean"});
  }
  const std::vector<resources::FacilitySample>& samples = facility_->samples();
  for (std::size_t row = 0; row < samples.size(); ++row) {
    const Picoseconds start = static_cast<Picoseconds>(row) * interval_;
    const Picoseconds length = std::min(interval_, end - start);
    const Milliwatts* power = samples[row].mean;
    const auto sum_of = [power](auto belongs) {
      Milliwatts sum = 0;
      for (int c = 0; c < resources::kConsumers; ++c) {
        if (belongs(static_cast<Consumer>(c))) sum += power[c];
      }
      return to_watts(sum);
    };
    std::vector<double> cells;
    cells.push_back(to_seconds(start));
    cells.push_back(to_watts(power[static_cast<int>(Consumer::gpu)]));
    cells.push_back(sum_of(resources::is_it));
    cells.push_back(sum_of([](Consumer c) {
      return c == Consumer::air_handler_fans || c == Consumer::pumps || c == Consumer::chillers ||
             c == Consumer::heat_rejection_fans;
    }));
    cells.push_back(sum_of([](Consumer) { return true; }));
    for (const auto& service : services_) {
      const jobs::ServiceStats& stats = service->stats();
      const auto mean = [&](const metrics::LevelSeries& levels) {
        return static_cast<double>(levels.sums()[row]) / static_cast<double>(length);
      };
      cells.push_back(static_cast<double>(stats.arrivals_series()[row]));
      cells.push_back(static_cast<double>(stats.output_tokens_series()[row]));
      cells.push_back(mean(stats.in_system_series()));
      cells.push_back(mean(stats.waiting_series()));
    }
    for (const std::vector<double>& link : links) cells.push_back(row < link.size() ? link[row] : 0.0);
    result.rows.push_back(std::move(cells));
  }
}

}  // namespace tokenworks::scenario
