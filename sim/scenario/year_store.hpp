// A store between the grid and the site over a year, hour by hour: the rules of models/power/storage_shaping.hpp with
// means of hours in place of instants. Peaks within an hour are not seen.
#pragma once

#include <optional>

#include "models/power/stored_energy.hpp"

namespace tokenworks::scenario {

class YearStore {
 public:
  struct Hour {
    Watts taken{0};  ///< at its terminals; below 0: given
    Watts loss{0};   ///< in its cells
  };

  /// `spec` has a shaping; `node` is the rating that a spec without a power of its own refers to.
  YearStore(const power::StorageSpec& spec, Watts node);

  /// What it does in the next hour, in which what hangs on it needs `need`.
  Hour next(Watts need);

 private:
  power::ShapingSpec shaping_;
  power::EnergyStore cells_;
  double discharge_factor_, charge_efficiency_;
  Milliwatts power_, returning_, charge_limit_;
  Femtojoules reserve_, target_, full_;
  std::optional<Milliwatts> last_draw_;
};

}  // namespace tokenworks::scenario
