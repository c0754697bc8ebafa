#include "models/cooling/plant_units.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::cooling {
namespace {

constexpr std::string_view kRedundancies[] = {"n", "n_plus_1", "2n"};
constexpr double kWholeUnit = 1e-9;  // of a unit: rounding of the capacity asks for no other
constexpr double kMostUnits = 1e9;

}  // namespace

void UnitsSpec::visit(FieldVisitor& v) {
  field(v, "unit_w", unit, "Heat that one unit carries", rule().above(0).default_from(evidence, source));
  field(v, "redundancy", redundancy, "n: no spare unit; n_plus_1: one; 2n: as many again",
        rule().one_of(kRedundancies).default_from('E', "Usual practice"));
}

PartUnits UnitsSpec::units_of(Part part, Watts capacity) const {
  if (!(capacity.value > 0.0)) return {part, 0, 0};
  const double units = std::clamp(std::ceil(capacity / unit - kWholeUnit), 1.0, kMostUnits);
  const auto needed = static_cast<std::int64_t>(units);
  const std::int64_t spare = redundancy == "2n" ? needed : redundancy == "n_plus_1" ? 1 : 0;
  return {part, needed, needed + spare};
}

void add_units(std::vector<PartUnits>& parts, const PartUnits& units) {
  if (units.needed <= 0) return;
  for (PartUnits& part : parts) {
    if (part.part != units.part) continue;
    part.needed += units.needed;
    part.installed += units.installed;
    return;
  }
  parts.push_back(units);
}

void add_units(std::vector<PartUnits>& parts, const HeatRejectionPlant& rejection, Watts capacity) {
  if (!(capacity.value > 0.0)) return;
  const RejectionUnits units = rejection.units();
  add_units(parts, {Part::chillers, units.chillers_needed, units.chillers_installed});
  add_units(parts, {Part::outdoor_units, units.outdoor_needed, units.outdoor_installed});
}

}  // namespace tokenworks::cooling
