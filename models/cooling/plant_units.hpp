// How many units of a part a plant has: those that carry its capacity, and spare ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "models/core/fields.hpp"

namespace tokenworks::cooling {

/// Fields of a part: size of a unit, and how many are spare.
struct UnitsSpec {
  Watts unit;  ///< heat that one carries
  std::string redundancy = "n_plus_1";
  char evidence = 'E';
  std::string_view source;

  UnitsSpec(Watts unit, char evidence, std::string_view source) : unit(unit), evidence(evidence), source(source) {}
  void visit(FieldVisitor& v);
  /// For `capacity` of heat; none for no heat.
  PartUnits units_of(Part part, Watts capacity) const;
};

/// Adds `units` to those of the same part; a part without need is left out.
void add_units(std::vector<PartUnits>& parts, const PartUnits& units);
/// Adds chillers and outdoor units of a heat rejection for `capacity`; none for no heat.
void add_units(std::vector<PartUnits>& parts, const HeatRejectionPlant& rejection, Watts capacity);

}  // namespace tokenworks::cooling
