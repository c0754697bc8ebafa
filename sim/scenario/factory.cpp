#include "sim/scenario/factory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/llm/memory_capacity.hpp"
#include "sim/jobs/workload/open_stream.hpp"
#include "sim/jobs/workload/text_lines.hpp"
#include "sim/jobs/workload/trace_stream.hpp"
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

std::int64_t total_nodes(const placement::RackGroup& group) { return group.racks * group.nodes_per_rack; }

}  // namespace

Factory::Factory(ReadOutcome& scenario, const RunOptions& options)
    : scenario_(scenario),
      duration_(to_picoseconds(scenario.spec.clock.duration.value)),
      interval_(to_picoseconds(scenario.spec.report.interval.value)),
      simulation_(std::make_unique<engine::Simulation>(engine::Simulation::Options{.always_sync = options.always_sync})),
      run_end_(std::make_unique<jobs::RunEnd>(*simulation_, duration_, scenario.spec.clock.drain)) {
  build_weather();
  build_facility();
  build_services(options);
  build_workloads();
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

void Factory::build_facility() {
  const FactorySpec& factory = scenario_.spec.factory;
  resources::Facility::Setup setup;
  racks_ = sorted_by_name(factory.racks, [](const RackGroupSpec& rack) { return rack.name; });
  for (const RackGroupSpec* rack : racks_) {
    const compute::RackSpec& kind = *scenario_.catalog.rack(rack->kind, scenario_.faults);
    const compute::GpuSpec& gpu = *scenario_.catalog.gpu(kind.gpu, scenario_.faults);
    groups_.push_back({rack->name, rack->count, kind.nodes, kind.gpus_per_node, kind.scale_up_domain_gpus});
    setup.groups.push_back({kind, gpu.power.idle.value, gpu.power.limit.value, rack->count});
  }
  if (factory.storage) setup.storage_power_w = factory.storage->power.value;
  setup.power = factory.power;
  setup.cooling = &*factory.cooling;
  setup.weather = weather_->at(start_s_);
  setup.design_weather = weather_->design();
  setup.series_interval = interval_;
  facility_ = std::make_unique<resources::Facility>(std::move(setup), notes_);
  outside_air_ =
      std::make_unique<resources::OutsideAir>(*simulation_, *facility_, *weather_, start_s_, year_s_);
}

void Factory::build_services(const RunOptions& options) {
  const ScenarioSpec& spec = scenario_.spec;
  const std::vector<const LlmServiceSpec*> services = llm_services(spec);
  std::vector<placement::Demand> demands;
  for (const LlmServiceSpec* service : services) {
    demands.push_back({service->name, service->replicas, service->parallelism.gpus(),
                       service->placement ? service->placement->racks : std::vector<std::string>{}});
  }
  placement::Placement placed = placement::place(groups_, demands);

  std::uint64_t replica_number = 0;
  for (std::size_t s = 0; s < services.size(); ++s) {
    const LlmServiceSpec& service = *services[s];
    const std::string& rack = service.placement && !service.placement->racks.empty()
                                  ? service.placement->racks.front()
                                  : racks_.front()->name;
    const auto group = std::find_if(racks_.begin(), racks_.end(), [&](const auto* r) { return r->name == rack; });
    const compute::RackSpec& kind = *scenario_.catalog.rack((*group)->kind, scenario_.faults);
    const compute::GpuSpec& gpu = *scenario_.catalog.gpu(kind.gpu, scenario_.faults);
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
        .host = {setup.profile.host_per_step_s, setup.profile.host_per_sequence_s}};
    setup.step_model = std::make_unique<llm::StepModel>(steps, notes_);
    if (service.speculation) {
      const llm::SpeculationOption& option = **service.speculation;
      setup.speculation = std::make_unique<llm::SpeculationModel>(
          llm::SpeculationModel::Setup{.verifier = *setup.step_model,
                                       .steps = steps,
                                       .draft_tokens = option.draft_tokens,
                                       .uses_drafter = option.uses_drafter()},
          notes_);
      setup.mean_accepted = llm::mean_accepted(option, model).value();
    }
    const llm::KvPool pool = llm::kv_pool(gpu, service.held_layers(model), precision, service.kv_format(),
                                          service.parallelism, memory_rule(setup.profile));
    setup.profile.max_sequences = pool.sequences;
    weights_per_gpu_.push_back(pool.weight_bytes_per_gpu);
    setup.kv_pool_tokens = pool.tokens;
    setup.context_tokens = model.context_tokens;
    setup.router = service.router->make(static_cast<std::int32_t>(service.replicas));
    setup.replicas = std::move(placed.slices[s]);
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
      sources_.push_back(jobs::make_closed_loop_source(*simulation_, target, *run_end_, *loop, std::move(lengths),
                                                       duration_, rank));
    } else {
      sources_.push_back(jobs::make_open_source(
          *simulation_, target, *run_end_,
          std::make_unique<jobs::OpenStream>(w->arrivals->open_process(std::fmod(start_s_, 86400.0) / 3600.0), std::move(lengths), seed, w->name, duration_),
          rank));
    }
  }
}

void Factory::build_incidents() {
  std::vector<jobs::NodeFailure> failures;
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const auto& spec = dynamic_cast<const NodeFailureSpec&>(*incident);
    const std::size_t slash = spec.target.rfind('/');
    std::int64_t node = std::stoll(spec.target.substr(slash + 1));
    BytesPerSecond bandwidth{0};
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (groups_[g].name == spec.target.substr(0, slash)) {
        bandwidth = scenario_.catalog.rack(racks_[g]->kind, scenario_.faults)->storage_bandwidth;
        break;
      }
      node += total_nodes(groups_[g]);
    }
    jobs::NodeFailure failure;
    failure.target = spec.target;
    failure.node = node;
    failure.at = to_picoseconds(spec.at.value);
    if (spec.repair_after) failure.repair_after = to_picoseconds(spec.repair_after->value);
    failure.node_bandwidth = bandwidth;
    failures.push_back(std::move(failure));
  }
  // At one date failures strike in the order of their targets, whatever their order in the file.
  std::stable_sort(failures.begin(), failures.end(), [](const jobs::NodeFailure& a, const jobs::NodeFailure& b) {
    return a.at != b.at ? a.at < b.at : a.target < b.target;
  });
  std::vector<jobs::ReloadingService> services;
  for (std::size_t s = 0; s < services_.size(); ++s) services.push_back({services_[s].get(), weights_per_gpu_[s]});
  std::optional<BytesPerSecond> storage;
  if (scenario_.spec.factory.storage) storage = scenario_.spec.factory.storage->read_bandwidth;
  failures_ = std::make_unique<jobs::NodeFailures>(*simulation_, *facility_, std::move(services), std::move(failures),
                                                   storage);
}

// ---- Running ------------------------------------------------------------------------------------------------------

std::string Factory::describe_work_left() const {
  std::string text;
  for (const auto& service : services_) text += service->describe_work_left();
  return text;
}

void Factory::run() {
  simulation_->set_work_left([this] { return describe_work_left(); });
  outside_air_->start();
  for (const auto& source : sources_) source->start();
  run_end_->arm();
  simulation_->run();
}

// ---- The result ---------------------------------------------------------------------------------------------------

metrics::RunResult Factory::result() {
  metrics::RunResult result;
  const Picoseconds end = simulation_->now();
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
  result.storage_reads = failures_->reads();
  result.storage_energy_j = to_joules(facility_->energy(resources::Consumer::storage));
  result.incidents = failures_->report();
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
    result.rows.push_back(std::move(cells));
  }
}

}  // namespace tokenworks::scenario
