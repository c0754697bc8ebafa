#include "sim/scenario/factory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/llm/memory_capacity.hpp"
#include "sim/jobs/workload/open_stream.hpp"
#include "sim/jobs/workload/text_lines.hpp"
#include "sim/jobs/workload/trace_stream.hpp"
#include "sim/scenario/factory_parts.hpp"
#include "sim/scenario/local_time.hpp"

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
  build_incidents(options.run_watch);
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

    jobs::ServedModel::Setup served;
    served.name = service.model;
    served.profile = service.engine->profile(gpu);
    served.prompt_launch_s = served.profile.prompt_launch.seconds(model);
    served.eager_step_s = served.profile.eager_step_per_layer_s * static_cast<double>(model.layers);
    const llm::StepModel::Setup steps{
        .gpu = gpu,
        .kernels = scenario_.catalog.kernels_of(gpu, served.profile.kernels.kernel_library, scenario_.faults),
        .model = model,
        .precision = precision,
        .kv_format = service.kv_format(),
        .parallelism = service.parallelism,
        .variant = served.profile.kernels,
        .host = {served.profile.host_per_step_s, served.profile.host_per_sequence_s},
        .fabric = fabric_links(kind)};
    served.step_model = std::make_unique<llm::StepModel>(steps, notes_);
    if (service.speculation) {
      const llm::SpeculationOption& option = **service.speculation;
      served.speculation =
          std::make_unique<llm::SpeculationModel>(llm::SpeculationModel::Setup{.verifier = *served.step_model,
                                                                               .steps = steps,
                                                                               .draft_tokens = option.draft_tokens,
                                                                               .uses_drafter = option.uses_drafter()},
                                                  notes_);
      served.mean_accepted = llm::mean_accepted(option, model).value();
    }
    const llm::KvPool pool = llm::kv_pool(gpu, service.held_layers(model), precision, service.kv_format(),
                                          service.parallelism, memory_rule(served.profile));
    served.profile.max_sequences = pool.sequences;
    served.kv_pool_tokens = pool.tokens;
    served.context_tokens = model.context_tokens;
    served.layers = model.layers;
    const llm::KvBytes per_token = llm::kv_bytes_per_token(service.held_layers(model), service.kv_format());
    served.kv_bytes_per_token = per_token.full + per_token.window + per_token.index;
    loaded_.push_back({nullptr, pool.weight_bytes_per_gpu, weight_source(service.weight_source),
                       service.weight_source == "storage" && !spec.factory.storage});

    jobs::LlmService::Setup setup;
    setup.name = service.name;
    jobs::PoolSetup& replicas = setup.pools.emplace_back();
    replicas.model = std::make_unique<jobs::ServedModel>(std::move(served));
    replicas.replicas = std::move(placed.slices[s]);
    replicas.idle_gpu_power_w = gpu.power.idle.value;
    const std::vector<routing::Candidate> candidates(static_cast<std::size_t>(service.replicas));
    setup.router = service.router->make({.candidates = candidates});
    if (graph_) setup.fabric = fabric_.get();
    setup.window = {to_picoseconds(spec.clock.warm_up.value), duration_};
    if (service.slo) {
      if (service.slo->ttft) setup.promise.ttft = to_picoseconds(service.slo->ttft->value);
      if (service.slo->tpot) setup.promise.tpot = to_picoseconds(service.slo->tpot->value);
    }
    setup.series_interval = interval_;
    setup.first_replica_number = replica_number;
    setup.exact_iterations = options.exact_iterations;
    setup.watch = options.run_watch;
    if (options.on_ended) {
      setup.on_ended = [told = options.on_ended, name = service.name](const jobs::EndedRequest& request) {
        told(name, request);
      };
    }
    for (const WorkloadSpec& workload : spec.workloads) {
      if (workload.service == service.name && workload.arrivals->closed_loop()) setup.plans_after_completions = true;
    }
    replica_number += static_cast<std::uint64_t>(service.replicas);
    services_.push_back(std::make_unique<jobs::LlmService>(*simulation_, *facility_, *run_end_, std::move(setup)));
    loaded_.back().service = services_.back().get();
  }
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

}  // namespace tokenworks::scenario
