// A facility as it is sized for its racks and its site, at rest in time: what it draws for a power of the racks and an
// outside air that stay.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::resources {

/// Power of all that is outside the racks, by component class, and what of the cooling plant is of interest.
struct FacilityPower {
  Watts it{0};
  Watts busway_loss{0}, ups_loss{0}, transformer_loss{0};
  Watts air_handler_fans{0}, pumps{0}, chillers{0}, heat_rejection_fans{0}, house{0};  ///< chillers with the rooms'
  cooling::CoolingEffort effort;

  Watts cooling() const { return air_handler_fans + pumps + chillers + heat_rejection_fans; }
  Watts chain() const { return busway_loss + ups_loss + transformer_loss; }
  Watts facility() const { return it + cooling() + chain() + house; }
};

class SizedFacility {
 public:
  /// By the rules of Facility, which follows the racks over time.
  SizedFacility(const Facility::Setup& setup, ValidityNotes& notes);

  /// The plant settles in the modes and temperatures of this state, beginning from those of the last one. Groups of
  /// racks draw by their nameplates.
  FacilityPower settle(Watts it, double liquid_share, const weather::WeatherPoint& outside, ValidityNotes& notes);

  Watts it_nameplate() const { return Watts(to_watts(design_.it_nameplate)); }
  double design_liquid_share() const;
  const cooling::CoolingPlant& plant() const { return *design_.plant; }
  const cooling::PlantPoint& state() const { return state_; }
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  ItLoad racks_;
  FacilityDesign design_;
  PowerSupply supply_;
  double room_cop_;
  cooling::PlantPoint state_;
};

}  // namespace tokenworks::resources
