// Question   when a standby generator carries what, and what it burns
// Equation   at voltage: outage + signal delay + start time; then blocks of the load, one a step; fuel = energy * rate
// Source     NFPA 110 Type 10: at most 10 s to acceptable power; fail to start 0.003 to 0.005 per demand (class values
//            of NUREG/CR-6928, remembered); signal 1 to 3 s, 2 to 6 blocks of 5 to 10 s, re-transfer after 5 to 30 min
//            of stable utility, 0.25 to 0.27 L/kWh: estimates
// Valid for  diesel sets at a switchboard; fuel rate at 50 to 100 % load
// Checked by tests/models/power/stored_energy_test.cpp
#pragma once

#include <cstdint>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::power {

struct GeneratorSpec {
  Seconds signal_delay{2};
  Seconds start_time{10};
  double fail_to_start = 0.004;
  std::int64_t load_steps = 4;
  Seconds step_interval{7};
  Seconds retransfer_delay{900};
  double fuel_l_per_kwh = 0.26;
  Seconds fuel_time{24 * 3600};  ///< that the tank lasts at rated output
  void visit(FieldVisitor& v);

  /// From the loss of the utility until it offers power.
  Seconds time_to_voltage() const { return signal_delay + start_time; }
  /// Of the load, the share that may be on it `since` it offered power.
  double loadable_share(Seconds since) const;
  /// Litres burnt for `energy` given.
  double fuel_litres(Joules energy) const;
  /// Energy that the tank is good for, at a rated output.
  Joules tank(Watts rated) const { return rated * fuel_time; }
};

}  // namespace tokenworks::power
