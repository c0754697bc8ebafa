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

void RejectionUnitsSpec::visit(FieldVisitor& v) {
  field(v, "chillers", chillers, "Chillers of the heat rejection");
  field(v, "outdoor_units", outdoor_units, "Towers or coolers of the heat rejection");
}

void RejectionUnitsSpec::add_units(std::vector<PartUnits>& parts,
                                   const std::vector<std::pair<std::string, double>>& ratings) const {
  static constexpr std::string_view kChiller = "chiller_capacity_w", kCapacity = "_capacity_w";
  const auto ends_with = [](std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  for (const auto& [name, value] : ratings) {
    if (ends_with(name, kChiller)) {
      cooling::add_units(parts, chillers.units_of(Part::chillers, Watts(value)));
    } else if (ends_with(name, kCapacity)) {
      cooling::add_units(parts, outdoor_units.units_of(Part::outdoor_units, Watts(value)));
    }
  }
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

}  // namespace tokenworks::cooling
