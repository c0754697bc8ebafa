// From the books of a run to its result.
#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "models/compute/clock.hpp"
#include "models/grid/electricity_meter.hpp"
#include "sim/metrics/site_metrics.hpp"
#include "sim/scenario/fabric_plan.hpp"
#include "sim/scenario/factory.hpp"
#include "sim/scenario/factory_parts.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

constexpr double kJoulesPerKilowattHour = 3.6e6;

struct TemperatureColumn {
  resources::FacilityLevel level;
  const char* name;
  const char* meaning;
};

std::span<const TemperatureColumn> temperature_columns() {
  using resources::FacilityLevel;
  static constexpr TemperatureColumn kColumns[] = {
      {FacilityLevel::outside_dry_bulb, "outside_dry_bulb_c", "Outside air"},
      {FacilityLevel::outside_wet_bulb, "outside_wet_bulb_c", "Outside air, wet bulb"},
      {FacilityLevel::server_inlet, "server_inlet_c", "Air that enters the servers"},
      {FacilityLevel::rack_supply, "rack_supply_c", "Coolant that enters the racks; 0 without"},
      {FacilityLevel::main_supply, "facility_water_c", "Supply of the main loop's heat rejection"}};
  return kColumns;
}

/// Of clocks that were held down (models/compute/clock.hpp).
void add_clock_assumptions(std::vector<Assumption>& list) {
  const auto add = [&list](const char* constant, double value, const char* evidence, const char* source) {
    list.push_back({std::string("models/compute/clock/") + constant, number_text(value), evidence, source});
  };
  add("static_share", compute::kStaticShare, "E", "Of the board's limit at 60 to 70 degrees, whatever the clock");
  add("dynamic_exponent", compute::kDynamicExponent, "E", "2.3 to 3: voltage nearly linear in the clock");
  add("memory_j_per_byte", compute::kMemoryJoulePerByte, "R", "O'Connor et al., Fine-Grained DRAM, 2017");
  add("latency_share", compute::latency_share(), "E",
      "Of the time that neither arithmetic nor memory explains, what goes with the clock");
}

}  // namespace

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
  for (std::size_t s = 0; s < fleets_.size(); ++s) {
    if (fleets_[s]) result.services[s].scaling = fleets_[s]->report(end);
  }
  if (on_ended_) tell_unfinished(end);
  report_power(result);
  report_cooling(result);
  share_energy(result);
  report_electricity(result, end);
  report_sessions(result);
  report_fabric(result);
  const auto add_incidents = [&result](const std::vector<metrics::IncidentResult>& list) {
    result.incidents.insert(result.incidents.end(), list.begin(), list.end());
  };
  add_incidents(failures_->report());
  add_incidents(cooling_incidents_->report(end));
  add_incidents(power_incidents_->report(end));
  if (power_control_) {
    add_incidents(power_control_->report_demand_responses(end));
    result.power.limits = power_control_->report_limits(end);
  }
  add_incidents(weight_loads_->report());
  add_incidents(swaps_->report());
  if (network_incidents_) add_incidents(network_incidents_->report());
  if (power_caps_) add_incidents(power_caps_->report());
  std::stable_sort(result.incidents.begin(), result.incidents.end(),
                   [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  result.assumptions = scenario_.assumptions;
  std::erase_if(result.assumptions, [](const Assumption& a) { return a.subject.starts_with("/year/"); });
  result.assumptions.insert(result.assumptions.end(), assumptions_.begin(), assumptions_.end());
  const auto has_clock = [](const metrics::ServiceResult& service) { return service.clock.has_value(); };
  if (std::any_of(result.services.begin(), result.services.end(), has_clock)) add_clock_assumptions(result.assumptions);
  report_power_tree(result);
  std::stable_sort(result.assumptions.begin(), result.assumptions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.subject, a.source) < std::tie(b.subject, b.source);
  });
  result.validity = notes_.all();
  report_series(result, end);
  return result;
}

void Factory::tell_unfinished(Picoseconds end) const {
  std::vector<std::pair<const std::string*, jobs::EndedRequest>> all;
  for (const auto& service : services_) {
    for (const jobs::EndedRequest& request : service->unfinished(end)) all.emplace_back(&service->name(), request);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second.arrival < b.second.arrival; });
  for (const auto& [service, request] : all) on_ended_(*service, request);
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
  power.peak_grid_w = to_watts(facility_->peak_grid_power());
  power.largest_grid_rise_w = to_watts(facility_->largest_grid_rise());
  power.largest_grid_fall_w = to_watts(facility_->largest_grid_fall());
  power.floor_j = to_joules(facility_->total(resources::FacilityLevel::floors));
  const auto energy_of = [this](std::initializer_list<resources::Consumer> consumers) {
    double sum = 0.0;
    for (const resources::Consumer consumer : consumers) sum += to_joules(facility_->energy(consumer));
    return sum;
  };
  using resources::Consumer;
  const metrics::SiteMetrics site =
      metrics::site_metrics({.it_j = power.it_energy_j,
                             .facility_j = power.facility_energy_j,
                             .fans_and_supplies_j = energy_of({Consumer::server_fans, Consumer::power_supply_loss})});
  power.pue = site.pue;
  power.itue = site.itue;
  power.tue = site.tue;
  if (power.it_energy_j > 0) {
    const auto partial = [&](std::initializer_list<Consumer> consumers) {
      return *metrics::partial_pue(power.it_energy_j, energy_of(consumers));
    };
    power.partial_pue = {
        {"power_chain",
         partial({Consumer::busway_loss, Consumer::ups_loss, Consumer::transformer_loss, Consumer::battery_loss})},
        {"cooling",
         partial({Consumer::air_handler_fans, Consumer::pumps, Consumer::chillers, Consumer::heat_rejection_fans})},
        {"house", partial({Consumer::house})}};
  }
  power.ratings_w = facility_->ratings();
  power.grid_j = to_joules(facility_->total(resources::FacilityLevel::grid));
  power.generators_j = to_joules(facility_->total(resources::FacilityLevel::generators));
  power.stored_j = to_joules(facility_->total(resources::FacilityLevel::batteries) -
                             facility_->energy(resources::Consumer::battery_loss));
  const resources::PowerSupply& supply = facility_->supply();
  if (supply.system() != nullptr) {
    power.generator_fuel_l = supply.system()->totals().fuel_l;
    power.time_on_battery_s = to_seconds(supply.system()->totals().on_battery);
    for (const resources::StoreTotals& store : supply.system()->store_totals()) {
      power.stores.push_back({supply.network().name(store.node), to_joules(store.capacity), to_joules(store.charged),
                              to_joules(store.discharged), store.lowest_state_of_charge, store.state_of_charge,
                              to_seconds(store.at_reserve)});
    }
  }
  for (const resources::PowerEventNote& note : supply.events()) {
    power.events.push_back(
        {to_seconds(note.at), std::string(resources::power_event_name(note.event)), supply.network().name(note.node)});
  }
}

/// Price and carbon that change during the run meet the mean power of each row of the series. Parts of the tariff that
/// are by month count by the share of the month that the run lasts.
void Factory::report_electricity(metrics::RunResult& result, Picoseconds end) const {
  if (electricity_.is_flat()) {
    const Joules energy{result.power.grid_j};
    result.electricity_usd = electricity_.usd(energy);
    result.carbon_kg = electricity_.co2_kg(energy);
    return;
  }
  grid::ElectricityMeter meter(electricity_);
  const std::size_t rows = facility_->samples();
  for (std::size_t row = 0; row < rows; ++row) {
    const Picoseconds from = static_cast<Picoseconds>(row) * interval_, to = std::min(from + interval_, end);
    const Milliwatts power = facility_->sample(row).mean(resources::FacilityLevel::grid);
    meter.add(Watts(to_watts(power)), start_s_ + to_seconds(from), start_s_ + to_seconds(to));
  }
  const grid::MonthBill bill = grid::sum_of(meter.bill());
  result.electricity_usd = bill.usd();
  result.carbon_kg = bill.co2_kg;
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
  for (const auto& [mode, time] : facility_->cooling_modes(cooling::Loop::main)) {
    cooling.mode_hours.emplace_back(mode, to_seconds(time) / 3600);
  }
  for (const auto& [mode, time] : facility_->cooling_modes(cooling::Loop::residual_air)) {
    cooling.residual_air_mode_hours.emplace_back(mode, to_seconds(time) / 3600);
  }
  using resources::FacilityLevel;
  cooling.heat_reused_j = to_joules(facility_->total(FacilityLevel::reused_heat));
  const metrics::SiteMetrics site = metrics::site_metrics({.it_j = result.power.it_energy_j,
                                                           .facility_j = result.power.facility_energy_j,
                                                           .reused_j = cooling.heat_reused_j});
  cooling.erf = site.erf;
  cooling.ere = site.ere;
  // Micrograms a second over picoseconds; a kilogram of water is taken as a litre.
  const auto litres = [this](FacilityLevel level) { return static_cast<double>(facility_->total(level)) * 1e-21; };
  result.water = {litres(FacilityLevel::evaporation), litres(FacilityLevel::drift), litres(FacilityLevel::blow_down),
                  result.power.grid_j / kJoulesPerKilowattHour * electricity_.water_l_per_kwh};
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

/// Energy of the facility and its price belong to sessions by their share of the energy of all GPU boards.
void Factory::report_sessions(metrics::RunResult& result) const {
  const double boards = to_joules(facility_->energy(resources::Consumer::gpu));
  const auto workloads = sorted_by_name(scenario_.spec.workloads, [](const WorkloadSpec& w) { return w.name; });
  for (std::size_t w = 0; w < sources_.size(); ++w) {
    std::optional<metrics::SessionResult> sessions = sources_[w]->sessions();
    if (!sessions) continue;
    sessions->workload = workloads[w]->name;
    sessions->service = workloads[w]->service;
    const auto served = std::find_if(result.services.begin(), result.services.end(),
                                     [&](const auto& service) { return service.name == sessions->service; });
    // By tokens that had to be computed: whole numbers, which do not depend on how steps are summed.
    const auto computed =
        static_cast<double>(served->input_tokens - served->cached_input_tokens + served->output_tokens);
    const auto theirs =
        static_cast<double>(sessions->input_tokens - sessions->cached_input_tokens + sessions->output_tokens);
    if (computed > 0) sessions->gpu_energy_j = served->gpu_energy_j * std::min(1.0, theirs / computed);
    const double share = boards > 0 ? sessions->gpu_energy_j / boards : 0.0;
    sessions->energy_j = result.power.facility_energy_j * share;
    sessions->electricity_usd = result.electricity_usd * share;
    result.sessions.push_back(std::move(*sessions));
  }
}

/// Rack groups whose temperatures are followed.
std::vector<std::size_t> Factory::followed_groups() const {
  std::vector<std::size_t> groups;
  const resources::RackTemperatures* temperatures = facility_->temperatures();
  for (std::size_t group = 0; temperatures != nullptr && group < racks_.size(); ++group) {
    if (temperatures->follows(group)) groups.push_back(group);
  }
  return groups;
}

void Factory::report_series(metrics::RunResult& result, Picoseconds end) const {
  using resources::Consumer;
  auto& columns = result.columns;
  columns.push_back({"time_s", "s", "Start of the interval, from the start of the run", "start"});
  columns.push_back({"gpu_power_w", "W", "GPU boards", "mean"});
  columns.push_back({"it_power_w", "W", "All inside the racks, at their input", "mean"});
  columns.push_back({"cooling_power_w", "W", "Air handlers, pumps, chillers and heat rejection", "mean"});
  columns.push_back({"facility_power_w", "W", "All, at the meter", "mean"});
  for (const TemperatureColumn& column : temperature_columns()) {
    columns.push_back({column.name, "degC", column.meaning, "mean"});
  }
  columns.push_back({"water_l_per_s", "l/s", "Water that the site takes", "mean"});
  columns.push_back({"grid_power_w", "W", "From the grid", "mean"});
  columns.push_back({"batteries_power_w", "W", "Taken by batteries, less what they give", "mean"});
  const std::vector<std::size_t> groups = followed_groups();
  for (const std::size_t group : groups) {
    const std::string name = racks_[group]->name + ".";
    columns.push_back({name + "hottest_chip_c", "degC", "Hottest GPU", "end"});
    columns.push_back({name + "coolant_c", "degC", "Coolant that enters the racks, or the room's air", "end"});
    columns.push_back(
        {name + "clock_share", "1", "Of the clock that power alone would allow: less when GPUs are hot", "end"});
  }
  for (const auto& service : services_) {
    const std::string name = service->name() + ".";
    columns.push_back({name + "arrivals", "1", "Requests that arrived", "sum"});
    columns.push_back({name + "output_tokens", "1", "Tokens generated", "sum"});
    columns.push_back({name + "requests_in_engine", "1", "Requests waiting or running", "mean"});
    columns.push_back({name + "requests_waiting", "1", "Requests that wait for their first step", "mean"});
    if (fleet_of(service->name()) == nullptr) continue;
    columns.push_back({name + "replicas", "1", "Replicas in service, draining included", "mean"});
  }
  const std::vector<std::vector<double>>& links = result.network.busiest_utilisation;
  for (const metrics::LinkResult& link : result.network.busiest_links) {
    columns.push_back({"network." + link.name, "1", "Share of the link's bandwidth that is used", "mean"});
  }
  const std::size_t rows = facility_->samples();
  for (std::size_t row = 0; row < rows; ++row) {
    const Picoseconds start = static_cast<Picoseconds>(row) * interval_;
    const Picoseconds length = std::min(interval_, end - start);
    const resources::FacilitySample sample = facility_->sample(row);
    const auto sum_of = [sample](auto belongs) {
      Milliwatts sum = 0;
      for (int c = 0; c < resources::kConsumers; ++c) {
        if (belongs(static_cast<Consumer>(c))) sum += sample.mean(static_cast<Consumer>(c));
      }
      return to_watts(sum);
    };
    std::vector<double> cells;
    cells.push_back(to_seconds(start));
    cells.push_back(to_watts(sample.mean(Consumer::gpu)));
    cells.push_back(sum_of(resources::is_it));
    cells.push_back(sum_of([](Consumer c) {
      return c == Consumer::air_handler_fans || c == Consumer::pumps || c == Consumer::chillers ||
             c == Consumer::heat_rejection_fans;
    }));
    cells.push_back(sum_of([](Consumer) { return true; }));
    for (const TemperatureColumn& column : temperature_columns()) {
      cells.push_back(static_cast<double>(sample.mean(column.level)) * 1e-3);
    }
    cells.push_back(static_cast<double>(sample.mean(resources::FacilityLevel::evaporation) +
                                        sample.mean(resources::FacilityLevel::drift) +
                                        sample.mean(resources::FacilityLevel::blow_down)) *
                    1e-9);
    cells.push_back(to_watts(sample.mean(resources::FacilityLevel::grid)));
    cells.push_back(to_watts(sample.mean(resources::FacilityLevel::batteries)));
    if (!groups.empty()) {
      const auto& series = facility_->temperatures()->series();
      const std::vector<resources::GroupTemperatures> now =
          row < series.size() ? series[row] : facility_->temperatures()->all_groups();
      for (const std::size_t group : groups) {
        cells.push_back(now[group].hottest_c);
        cells.push_back(now[group].coolant_c);
        cells.push_back(now[group].clock_share);
      }
    }
    for (const auto& service : services_) {
      const jobs::ServiceStats& stats = service->stats();
      const auto mean = [&](const metrics::LevelSeries& levels) {
        return static_cast<double>(levels.sums()[row]) / static_cast<double>(length);
      };
      cells.push_back(static_cast<double>(stats.arrivals_series()[row]));
      cells.push_back(static_cast<double>(stats.output_tokens_series()[row]));
      cells.push_back(mean(stats.in_system_series()));
      cells.push_back(mean(stats.waiting_series()));
      if (fleet_of(service->name()) != nullptr) cells.push_back(mean(service->replicas_series()));
    }
    for (const std::vector<double>& link : links) cells.push_back(row < link.size() ? link[row] : 0.0);
    result.rows.push_back(std::move(cells));
  }
}

}  // namespace tokenworks::scenario
