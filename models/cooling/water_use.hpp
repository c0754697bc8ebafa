// Water that a plant takes from the site's supply, by where it goes.
#pragma once

#include "models/core/units.hpp"

namespace tokenworks::cooling {

struct WaterUse {
  KilogramsPerSecond evaporation{0};
  KilogramsPerSecond drift{0};
  KilogramsPerSecond blow_down{0};  ///< to the drain; the rest of the withdrawal is consumed

  /// Withdrawn from the supply.
  KilogramsPerSecond total() const { return evaporation + drift + blow_down; }
  /// Of the withdrawal, what does not come back.
  KilogramsPerSecond consumption() const { return evaporation + drift; }
  WaterUse& operator+=(const WaterUse& other) {
    evaporation += other.evaporation;
    drift += other.drift;
    blow_down += other.blow_down;
    return *this;
  }
};

}  // namespace tokenworks::cooling
