#include "models/cooling/liquid_path.hpp"

#include <algorithm>

#include "models/cooling/coolant_unit.hpp"

namespace tokenworks::cooling {
namespace {

constexpr KelvinDelta kWidestRise{200.0};  // no coolant flows

}  // namespace

LiquidPath::LiquidPath(const LiquidPathDesign& design)
    : capacity_(design.capacity),
      coolant_pumps_(design.capacity * design.pump_share),
      rise_(design.coolant_rise),
      exchanger_(design.exchanger(), kLeastCoolantFlow),
      facility_pump_(water_pump(capacity_ + coolant_pumps_, design.facility_rise, design.facility_pump_head)) {}

LiquidPathEffort LiquidPath::effort(const LiquidPathPoint& point) const {
  LiquidPathEffort effort;
  const double units = std::max(point.coolant_units, 0.0), pumps = std::max(point.facility_pumps, 0.0);
  const double heat = capacity_.value > 0.0 ? point.heat / capacity_ : 0.0;
  effort.load_of_units = HeldExchanger::load_of_units(heat, units);
  const double flow = exchanger_.hot_flow(heat, units);
  if (heat > 0.0) effort.rise = flow > 0.0 ? std::min(rise_ * (heat / flow), kWidestRise) : kWidestRise;
  effort.coolant_pumps = coolant_pump_power(coolant_pumps_, flow, units);
  if (pumps > 0.0) effort.facility_pumps = facility_pump_.power(std::min(exchanger_.cold_flow(heat, units), pumps));
  effort.approach = exchanger_.approach(heat, units, pumps);
  return effort;
}

}  // namespace tokenworks::cooling
