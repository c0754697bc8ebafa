// The power chain and the cooling plant of the factory as they follow the GPUs: every change of a node's GPU power runs
// through server, power supply, busway, UPS, transformer and cooling plant, and each component class is integrated
// exactly (whole milliwatts times whole picoseconds).
//
// Between changes all powers are constant. The order of changes at one date does not matter.
//
// Heat: busway and UPS stand in electrical rooms, whose cooling counts as `chillers`; transformers stand outdoors.
// Racks that offer heat to cold plates offer it as a share of their wall power, power supplies included.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "models/core/validity.hpp"
#include "models/power/power_option.hpp"
#include "models/weather/weather_point.hpp"
#include "sim/engine/time.hpp"
#include "sim/resources/consumer.hpp"
#include "sim/resources/facility_design.hpp"
#include "sim/resources/it_load.hpp"
#include "sim/resources/power_supply.hpp"
#include "sim/resources/rack_temperatures.hpp"

namespace tokenworks::resources {

/// What the facility keeps books of besides the power of its consumers, as whole numbers: milliwatts, micrograms of
/// water a second, thousandths of a degree Celsius.
enum class FacilityLevel {
  liquid_heat,       ///< of the racks, taken by a liquid path
  reused_heat,       ///< of the racks, given to somebody who needs it
  grid,              ///< power from the utility
  generators,        ///< power from generators
  batteries,         ///< power that batteries and stores in racks take, less what they give, at their terminals
  floors,            ///< power of GPUs beyond what their work asks for, that the draw falls slowly
  evaporation,       ///< of water
  drift,             ///< of water
  blow_down,         ///< of water
  main_supply,       ///< temperature of the main loop's water
  rack_supply,       ///< temperature of the coolant that enters the racks
  server_inlet,      ///< temperature of the air that enters the servers
  outside_dry_bulb,  ///< temperature
  outside_wet_bulb,  ///< temperature
  count
};
inline constexpr int kFacilityLevels = static_cast<int>(FacilityLevel::count);

/// Means over one interval of the series: consumers, then levels.
class FacilitySample {
 public:
  explicit FacilitySample(const std::vector<std::int64_t>& means) : means_(&means) {}
  Milliwatts mean(Consumer consumer) const { return (*means_)[static_cast<std::size_t>(index(consumer))]; }
  std::int64_t mean(FacilityLevel level) const {
    return (*means_)[static_cast<std::size_t>(kConsumers + static_cast<int>(level))];
  }

 private:
  const std::vector<std::int64_t>* means_;
};

class Facility {
 public:
  struct Setup {
    std::vector<RackGroup> groups;
    SharedPower storage, network;                     ///< of what stands beside the racks
    const power::PowerOption* power = nullptr;        ///< outlives the facility
    const cooling::CoolingOption* cooling = nullptr;  ///< outlives the facility
    weather::WeatherPoint weather;                    ///< at the start
    weather::WeatherPoint design_weather;             ///< hottest that the plant is sized for
    Picoseconds series_interval = 0;                  ///< length of a series row
    /// Of temperatures and of the power tree over time; null: nothing happens but changes of load and weather.
    engine::Simulation* simulation = nullptr;
    std::uint64_t seed = 0;            ///< of what is drawn in the power tree
    bool coolant_pumps_on_ups = true;  ///< they run when the cooling has lost its power
  };

  Facility(Setup setup, ValidityNotes& notes);
  ~Facility();

  std::int64_t nodes() const;
  /// The GPUs of `node` together draw `delta` more (or less) from `now` on. At first all draw their idle power, and
  /// every node is on. `now` never falls.
  void add_gpu_power(std::int64_t node, Milliwatts delta, Picoseconds now);
  /// Says that add_gpu_power for `node` comes soon: its place in memory is fetched meanwhile.
  void prefetch(std::int64_t node) const;
  /// A node is switched off or on again: off, it and its GPUs draw nothing whatever add_gpu_power says.
  void set_node_on(std::int64_t node, bool on, Picoseconds now);
  /// Draw of the storage or the network from `now` on; at first that at rest.
  void set_shared_power(Consumer consumer, double watts, Picoseconds now);
  void set_weather(const weather::WeatherPoint& weather, Picoseconds now);
  /// What of the cooling plant is in service from `now` on.
  void set_cooling_condition(const cooling::PlantCondition& condition, Picoseconds now);
  /// Of the rated flow of a group's coolant (liquid, or the air of its room), what moves from `now` on.
  void set_coolant_flow(std::size_t group, double share, Picoseconds now);
  const cooling::PlantCondition& cooling_condition() const;
  std::vector<cooling::PartUnits> cooling_parts() const;
  /// Temperatures of chips and coolant; null: they are not followed.
  RackTemperatures* temperatures();
  const RackTemperatures* temperatures() const;
  /// Whether fans and pumps run, and chillers: both stand when the cooling has lost its power, and come back one after
  /// the other.
  void set_cooling_running(bool fans_and_pumps, bool chillers, Picoseconds now);
  const PowerSupply& supply() const;
  void set_power_client(PowerSupplyClient* client);
  /// Number of a new meter of what a node of the power tree gives (a sink: draws); of all feeds of the grid together
  /// without a node.
  std::size_t add_meter(std::optional<power::NodeId> node);
  /// What has passed a meter from its being added to `now`.
  Femtojoules metered(std::size_t meter, Picoseconds now) const;
  std::size_t groups() const;
  /// Whether a node can ever give (a sink: draw) more, with every load at its largest, also when any single part is
  /// out.
  bool can_exceed(std::optional<power::NodeId> node, Watts limit) const;
  /// The power tree, with all that is drawn told of it up to now; null without a clock.
  PowerSystem* power_system(Picoseconds now);
  /// To be called when everything that shall hear of temperatures is there.
  void start();
  /// Nodes of a group: from the first to before the second.
  std::pair<std::int64_t, std::int64_t> nodes_of(std::size_t group) const;
  /// Integrates up to `end`; totals and samples are complete up to there.
  void finish(Picoseconds end);

  Femtojoules energy(Consumer consumer) const;
  Femtojoules it_energy() const;
  Femtojoules facility_energy() const;
  Milliwatts it_power() const;        ///< now
  Milliwatts facility_power() const;  ///< now
  /// Highest mean over a whole second [k, k+1) s (over the run when it is shorter).
  Milliwatts peak_it_power() const;
  Milliwatts peak_facility_power() const;
  Milliwatts peak_grid_power() const;
  /// Farthest that the mean of a second of what the grid gives lies above (below) one of the minute before it.
  Milliwatts largest_grid_rise() const;
  Milliwatts largest_grid_fall() const;
  /// Integral over the run: millijoules times 1e-12 for heat, micrograms times 1e-12 for water.
  Femtojoules total(FacilityLevel level) const;
  /// Intervals of the series so far: whole ones, and the rest of the run as the last.
  std::size_t samples() const;
  FacilitySample sample(std::size_t row) const;
  /// Heat taken by path over the run, from the same integer powers: sums to IT and electrical-room heat.
  Femtojoules heat_to_liquid() const;
  Femtojoules heat_to_air() const;
  /// Time in each mode of a loop of the cooling plant (names from the option), summing to the run; empty for a loop
  /// that it does not have.
  std::vector<std::pair<std::string, Picoseconds>> cooling_modes(cooling::Loop loop) const;
  /// Rated (design) figures for the report: IT nameplate, UPS, chiller and so on, "name_w" -> watts.
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokenworks::resources
