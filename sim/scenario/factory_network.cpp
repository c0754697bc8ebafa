// The part of the factory's building that has to do with what moves: fabric, storage, traffic, and the incidents.
#include <algorithm>
#include <utility>

#include "models/llm/memory_capacity.hpp"
#include "models/topology/analysis.hpp"
#include "sim/scenario/check_scenario.hpp"
#include "sim/scenario/fabric_plan.hpp"
#include "sim/scenario/factory.hpp"
#include "sim/scenario/factory_parts.hpp"

namespace tokenworks::scenario {
namespace {

constexpr std::uint64_t kAfterWorkloads = std::uint64_t{1} << 32;  // ranks of traffic

}  // namespace

void Factory::build_fabric_graph() {
  const FactorySpec& factory = scenario_.spec.factory;
  racks_ = sorted_by_name(factory.racks, [](const RackGroupSpec& rack) { return rack.name; });
  if (!factory.fabric) return;
  const FabricPlan plan = plan_fabric(scenario_.spec, scenario_.catalog, scenario_.faults);
  graph_ = scenario::build_fabric(**factory.fabric, plan);
  bill_ = topology::bill_of_materials(*graph_, plan.parts, plan.nics);
}

/// Whatever moves: between nodes over a fabric, to and from storage, within nodes.
void Factory::build_fabric() {
  const FactorySpec& factory = scenario_.spec.factory;
  const std::vector<const LlmServiceSpec*> services = llm_services(scenario_.spec);
  const bool reads_drives = std::any_of(services.begin(), services.end(), [](const LlmServiceSpec* service) {
    return service->weight_source == "local_drives";
  });
  const auto preempts_by_swap = [](const EngineSpec& engine) { return engine->profile({}).swaps; };
  const bool moves_caches = std::any_of(services.begin(), services.end(), [&](const LlmServiceSpec* service) {
    const std::vector<ReplicaPlan> plans = replica_plans(*service);
    return !service->kv_tiers.empty() || !service->pools.empty() ||
           std::any_of(plans.begin(), plans.end(),
                       [&](const ReplicaPlan& plan) { return preempts_by_swap(*plan.engine); });
  });
  const std::vector<IncidentSpec>& incidents = scenario_.spec.incidents;
  const bool will_move_caches = std::any_of(incidents.begin(), incidents.end(), [&](const IncidentSpec& incident) {
    const auto* swap = dynamic_cast<const ModelSwapSpec*>(&*incident);
    return swap != nullptr && swap->to.engine && preempts_by_swap(*swap->to.engine);
  });
  if (!factory.fabric && !factory.storage && !reads_drives && !moves_caches && !will_move_caches &&
      scenario_.spec.traffic.empty()) {
    return;
  }
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

void Factory::build_incidents(metrics::RunWatch* watch) {
  std::vector<jobs::NodeFailure> failures;
  std::vector<jobs::WeightLoadIncident> weight_loads;
  std::vector<const ModelSwapSpec*> swap_specs;
  std::vector<jobs::NetworkIncident> network;
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const Picoseconds at = to_picoseconds(incident->at.value);
    if (const auto* failure = dynamic_cast<const NodeFailureSpec*>(&*incident)) {
      failures.push_back({{std::string(incident.kind()), failure->target, at, span_of(failure->repair_after)},
                          node_number(failure->target)});
    } else if (const auto* load = dynamic_cast<const WeightLoadSpec*>(&*incident)) {
      const auto loaded = std::find_if(loaded_.begin(), loaded_.end(), [&](const jobs::LoadedService& one) {
        return one.service->name() == load->service;
      });
      weight_loads.push_back({load->service, *loaded, static_cast<std::int32_t>(load->replicas), at});
    } else if (const auto* swap = dynamic_cast<const ModelSwapSpec*>(&*incident)) {
      swap_specs.push_back(swap);
    } else if (const auto* spec = dynamic_cast<const NetworkIncidentSpec*>(&*incident)) {
      network.push_back(network_incident(std::string(incident.kind()), *spec, at));
    }
  }
  // At one date incidents strike in the order of their targets, whatever their order in the file.
  const auto sort = [](auto& list, auto target) {
    std::stable_sort(list.begin(), list.end(),
                     [&](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : target(a) < target(b); });
  };
  std::stable_sort(failures.begin(), failures.end(),
                   [](const auto& a, const auto& b) { return jobs::strikes_before(a.plan, b.plan); });
  sort(weight_loads, [](const jobs::WeightLoadIncident& w) { return w.service; });
  std::stable_sort(swap_specs.begin(), swap_specs.end(), [](const ModelSwapSpec* a, const ModelSwapSpec* b) {
    return a->at != b->at ? a->at < b->at : a->service < b->service;
  });
  std::vector<jobs::ModelSwap> swaps;
  for (const ModelSwapSpec* spec : swap_specs) swaps.push_back(build_swap(*spec));
  swaps_ = std::make_unique<jobs::ModelSwaps>(*simulation_, std::move(swaps), watch);
  sort(network, [](const jobs::NetworkIncident& n) { return n.kind + n.target; });
  outages_ = std::make_unique<jobs::NodeOutages>(*simulation_, *facility_, fabric_.get(), loaded_);
  failures_ = std::make_unique<jobs::NodeFailures>(*simulation_, *outages_, std::move(failures), watch);
  build_thermal_protection(watch);
  build_power_incidents(watch);
  build_power_control(watch);
  weight_loads_ = std::make_unique<jobs::WeightLoadIncidents>(*simulation_, *run_end_, fabric_.get(),
                                                              std::move(weight_loads), watch);
  if (fabric_)
    network_incidents_ =
        std::make_unique<jobs::NetworkIncidents>(*simulation_, *fabric_, loaded_, std::move(network), watch);
}

void Factory::build_power_caps(metrics::RunWatch* watch) {
  std::vector<jobs::PlannedPowerCap> caps;
  std::vector<jobs::PowerCap> always;
  const auto named = [this](const std::string& name) {
    return std::find_if(services_.begin(), services_.end(), [&](const auto& one) { return one->name() == name; })
        ->get();
  };
  for (const LlmServiceSpec* service : llm_specs_) {
    if (service->gpu_power_cap) always.push_back({named(service->name), service->gpu_power_cap->value});
  }
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const auto* cap = dynamic_cast<const GpuPowerCapSpec*>(&*incident);
    if (cap == nullptr) continue;
    caps.push_back(
        {{std::string(incident.kind()), cap->service, to_picoseconds(cap->at.value), span_of(cap->repair_after)},
         {named(cap->service), cap->watts_per_gpu.value}});
  }
  if (caps.empty() && always.empty()) return;
  // At one date in the order of their services, whatever their order in the file.
  std::sort(caps.begin(), caps.end(), [](const jobs::PlannedPowerCap& a, const jobs::PlannedPowerCap& b) {
    if (jobs::strikes_before(a.plan, b.plan) || jobs::strikes_before(b.plan, a.plan)) {
      return jobs::strikes_before(a.plan, b.plan);
    }
    return a.cap.watts_per_gpu < b.cap.watts_per_gpu;
  });
  power_caps_ = std::make_unique<jobs::PowerCaps>(*simulation_, std::move(caps), std::move(always), watch);
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

}  // namespace tokenworks::scenario
