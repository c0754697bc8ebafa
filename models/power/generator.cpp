#include "models/power/generator.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::power {

void GeneratorSpec::visit(FieldVisitor& v) {
  field(v, "signal_delay_s", signal_delay, "From the loss of the utility to the signal to start",
        rule().at_least(0).default_from('E', "1 to 3 s"));
  field(v, "start_time_s", start_time, "From the signal to voltage and frequency",
        rule().at_least(0).default_from('V', "NFPA 110 Type 10: at most 10 s"));
  field(v, "fail_to_start", fail_to_start, "Chance that a start fails",
        rule().share().default_from('R', "0.003 to 0.005 per demand, class values of NUREG/CR-6928"));
  field(v, "load_steps", load_steps, "Blocks in which the load is taken",
        rule().at_least(1).at_most(100).default_from('E', "2 to 6 steps"));
  field(v, "step_interval_s", step_interval, "Between two blocks", rule().at_least(0).default_from('E', "5 to 10 s"));
  field(v, "retransfer_delay_s", retransfer_delay, "Stable utility before the load goes back to it",
        rule().at_least(0).default_from('E', "5 to 30 min"));
  field(v, "fuel_l_per_kwh", fuel_l_per_kwh, "Fuel burnt for the energy given",
        rule().above(0).default_from('E', "0.25 to 0.27 L/kWh of diesel"));
  field(v, "fuel_time_s", fuel_time, "How long the tank lasts at rated output",
        rule().above(0).at_most(1e9).default_from('E', "24 h on site is common practice"));
}

double GeneratorSpec::loadable_share(Seconds since) const {
  if (since.value < 0.0) return 0.0;
  if (step_interval.value <= 0.0) return 1.0;
  const double steps = std::floor(since / step_interval) + 1.0;
  return std::min(1.0, steps / static_cast<double>(load_steps));
}

double GeneratorSpec::fuel_litres(Joules energy) const { return energy.value / 3.6e6 * fuel_l_per_kwh; }

}  // namespace tokenworks::power
