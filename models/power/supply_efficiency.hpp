// Question   how much alternating current a server's or a rack's power supplies take for the direct current they give
// Equation   P_in = P_out / efficiency(P_out / P_rated), efficiency by straight lines between the table's loads
// Source     80 PLUS criteria, 230 V internal (as tabulated by Tom's Hardware); 33 kW power shelf: published peak,
//            shape estimated
// Valid for  from the table's lowest load to 100 %; below, the loss of the lowest load stands; above, the efficiency of
//            full load
// Checked by tests/models/power/supply_efficiency_test.cpp
#pragma once

#include <span>
#include <string_view>

#include "models/core/units.hpp"

namespace tokenworks::power {

/// Efficiency of one class of power supply by load.
class SupplyEfficiency {
 public:
  struct Point {
    double load_share;
    double efficiency;
  };

  /// Throws std::invalid_argument for a name that is not in supply_tables().
  explicit SupplyEfficiency(std::string_view table);

  /// What supplies rated `rated` in all take while they give `output`.
  Watts input(Watts output, Watts rated) const;

 private:
  std::span<const Point> points_;
};

/// Names of the tables: "titanium_redundant", "titanium_eu", "platinum_redundant", "power_shelf_33kw".
std::span<const std::string_view> supply_tables();
/// Evidence of a table: 'S' second hand, 'E' estimated.
char supply_evidence(std::string_view table);

}  // namespace tokenworks::power
