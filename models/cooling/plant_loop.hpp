// What all cooling options do with a loop: check its exchanger, give its heat to the heat rejection; and what is in its
// pipes.
#pragma once

#include <string>
#include <string_view>

#include "models/cooling/cooling_option.hpp"
#include "models/cooling/fluids.hpp"
#include "models/cooling/heat_exchanger.hpp"

namespace tokenworks::cooling {

/// Gives off `effort.loops[loop].heat` and adds what that takes; the loop learns its mode and capability.
void give_off(const HeatRejectionPlant& rejection, const PlantPoint& point, Loop loop, CoolingEffort& effort,
              ValidityNotes& notes);

/// Adds a fault at `pointer`, where the rise of the cold stream stands, if no exchanger makes it of the kelvins
/// `between` the entering streams.
void check_rise(const ExchangerRating& rating, std::string_view between, const std::string& pointer,
                OptionFaults& faults);

/// Water between racks' exchangers and the heat rejection, for the course of temperatures.
struct LoopVolumeSpec {
  double litres_per_kw = 7.5;
  double buffer_m3 = 0.0;
  void visit(FieldVisitor& v);
  /// J/K a watt of `design` heat.
  double heat_capacity(Watts design) const;
};

}  // namespace tokenworks::cooling
