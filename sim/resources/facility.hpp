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

#include "models/compute/rack.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/core/validity.hpp"
#include "models/power/power_chain.hpp"
#include "models/weather/weather_point.hpp"
#include "sim/engine/time.hpp"

namespace tokenworks::resources {

/// Component classes of the facility's energy, in the order of the report.
enum class Consumer {
  gpu,
  host,
  server_fans,
  rack_shared,
  storage,
  network,
  power_supply_loss,
  busway_loss,
  ups_loss,
  transformer_loss,
  air_handler_fans,
  pumps,
  chillers,
  heat_rejection_fans,
  house,
  count
};
inline constexpr int kConsumers = static_cast<int>(Consumer::count);
std::string_view consumer_name(Consumer consumer);  ///< key in the report's energy_by_j, without the unit
bool is_it(Consumer consumer);                      ///< inside the IT boundary (its sum is it_energy_j)

/// Racks of one kind. Nodes are numbered through all groups in the order given.
struct RackGroup {
  compute::RackSpec kind;
  double gpu_idle_power_w = 0.0;  ///< of one GPU that holds no model
  double gpu_max_power_w = 0.0;
  std::int64_t racks = 0;
};

/// Systems that all racks share: draw at rest, and the most that they are sized for.
struct SharedPower {
  double idle_w = 0.0, full_w = 0.0;
};

/// Means over one interval of the series, and what the summary needs.
struct FacilitySample {
  Milliwatts mean[kConsumers] = {};
};

class Facility {
 public:
  struct Setup {
    std::vector<RackGroup> groups;
    SharedPower storage, network;  ///< of what stands beside the racks
    power::PowerChainSpec power;
    const cooling::CoolingOption* cooling = nullptr;  ///< outlives the facility
    weather::WeatherPoint weather;                    ///< at the start
    weather::WeatherPoint design_weather;             ///< hottest that the plant is sized for
    Picoseconds series_interval = 0;                  ///< length of a series row
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
  /// One an interval, whole intervals only and the rest of the run as the last.
  const std::vector<FacilitySample>& samples() const;
  /// Heat taken by path over the run, from the same integer powers: sums to IT and electrical-room heat.
  Femtojoules heat_to_liquid() const;
  Femtojoules heat_to_air() const;
  /// Time in each mode of the cooling plant (names from the option), summing to the run.
  std::vector<std::pair<std::string, Picoseconds>> cooling_modes() const;
  /// Rated (design) figures for the report: IT nameplate, UPS, chiller and so on, "name_w" -> watts.
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokenworks::resources
