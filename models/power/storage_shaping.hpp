// Question   what a battery beside a feed does for the grid: peaks that it shaves, ramps that it flattens
// Equation   while a feed is alive the node draws clamp(need + wish, low, high); what that differs from its need comes
//            from the store or goes to it, within the powers of the store. high = limit, and within R * interval of the
//            draw at the last look where there is a ramp R; wish = recharge or give back, towards a target content
// Source     rule-based peak shaving and ramp limiting as storage systems are sold; shares, interval: estimates. Ramps:
//            no public rule states limits for loads in MW/min; 20 to 50 MW/min or 10 %/min serve studies (estimate)
// Valid for  a control that is faster than the loads it sees; no forecast: what it shaves is what comes
// Checked by tests/models/power/power_flow_test.cpp, tests/resources/storage_shaping_test.cpp
#pragma once

#include <limits>
#include <optional>

#include "models/core/fields.hpp"
#include "models/core/whole_power.hpp"

namespace tokenworks::power {

struct ShapingSpec {
  std::optional<Watts> limit = {};            ///< that the node's draw is kept below; absent: none
  std::optional<double> ramp_w_per_min = {};  ///< that its draw rises and falls by at the most; absent: any
  double reserve_share = 0.2;                 ///< of the window, not used for this
  double return_share = 0.25;                 ///< of the store's power, with which it comes back
  double target_share = 1.0;                  ///< of the window, where it comes back to
  Seconds interval{1};                        ///< between two looks of the ramp's control
  void visit(FieldVisitor& v);
};

/// What a node with a store draws from its feeds, at least and at the most, as far as the store can bear it.
struct StoreBand {
  Milliwatts low = 0, high = std::numeric_limits<Milliwatts>::max();
  Milliwatts most_given = 0, most_taken = 0;  ///< by the store, at its terminals

  /// Draw of a node that needs `need` and whose store would like to take `wish` (< 0: give).
  Milliwatts draw(Milliwatts need, Milliwatts wish) const;
};

/// What limit and ramp ask of a draw, `since` after one of `last_draw` (none: of no ramp); the store's powers are 0.
StoreBand band_of(const ShapingSpec& spec, std::optional<Milliwatts> last_draw, Seconds since);

}  // namespace tokenworks::power
