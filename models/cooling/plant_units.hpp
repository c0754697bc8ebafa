// How many units of a part a plant has: those that carry its capacity, and spare ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>
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

/// Chillers and outdoor units of a heat rejection.
struct RejectionUnitsSpec {
  UnitsSpec chillers{Watts(1.5e6), 'E', "Machines of 1 to 5 MW are common in large plants"};
  UnitsSpec outdoor_units{Watts(2.931e6), 'V', "BAC TDFS1238N, record in LBNL Buildings c4117cc"};
  void visit(FieldVisitor& v);
  /// Adds what the rated figures of a heat rejection tell of: "..._chiller_capacity_w" are chillers, every other
  /// "..._capacity_w" stands outdoors.
  void add_units(std::vector<PartUnits>& parts, const std::vector<std::pair<std::string, double>>& ratings) const;
};

/// Adds `units` to those of the same part; a part without need is left out.
void add_units(std::vector<PartUnits>& parts, const PartUnits& units);

}  // namespace tokenworks::cooling
