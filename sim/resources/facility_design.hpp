// What a facility is sized for and made of: design loads of its racks, the cooling plant for them, and the power tree
// that carries both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "models/power/power_option.hpp"
#include "models/weather/weather_point.hpp"
#include "sim/resources/it_load.hpp"

namespace tokenworks::resources {

/// Systems that all racks share: draw at rest, and the most that they are sized for.
struct SharedPower {
  double idle_w = 0.0, full_w = 0.0;
};

/// What a facility is designed from.
struct FacilityParts {
  SharedPower storage, network;  ///< of what stands beside the racks
  const power::PowerOption* power = nullptr;
  const cooling::CoolingOption* cooling = nullptr;
  weather::WeatherPoint design_weather;  ///< hottest that the plant is sized for
};

struct FacilityDesign {
  /// Throws std::invalid_argument without racks, a power option or a cooling option.
  FacilityDesign(const FacilityParts& parts, const std::vector<RackGroup>& racks, const ItLoad& loads);

  Milliwatts it_nameplate = 0, racks_nameplate = 0;
  cooling::HeatLoad heat, largest_heat;  ///< at the nameplates; with all GPUs at their limit where that is more
  std::unique_ptr<cooling::CoolingPlant> plant;
  cooling::PlantCondition condition;  ///< with all units in service, spare ones too
  Watts house{0};
  Watts mechanical{0};  ///< cooling on the design day, with that of the electrical rooms
  power::NetworkSpec tree;
  std::vector<std::string> groups;  ///< names of the racks' sinks in the tree

  /// What systems that all racks share draw hangs on the racks' feeds, by their nameplates: the part of a group.
  Milliwatts shared_part(std::size_t group, Milliwatts shared) const;

 private:
  std::vector<Milliwatts> nameplates_until_;  // of the groups before each, and of all
};

/// Never negative, even in the middle of several changes at one date.
cooling::HeatLoad heat_load(Milliwatts liquid, Milliwatts air);

}  // namespace tokenworks::resources
