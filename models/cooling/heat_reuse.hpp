// Question   how much of a loop's heat somebody else takes, and what is left for the heat rejection
// Equation   taken = min(demand, share of the heat) while the loop returns at the least temperature or above, else none
// Source     definition; energy reuse as in ISO/IEC 30134-6
// Valid for  heat taken as it leaves, without a heat pump; the reuser's own pumps are not the plant's
// Checked by tests/models/cooling/heat_rejection_test.cpp
#pragma once

#include <memory>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::cooling {

class HeatRejectionPlant;
struct WaterLoop;

struct HeatReuseSpec {
  Watts demand{0};
  double share = 1.0;
  Celsius least_temperature{40.0};
  void visit(FieldVisitor& v);
};

/// `plant` behind somebody who takes heat first. What is taken adds to what the plant can carry.
std::unique_ptr<HeatRejectionPlant> with_heat_reuse(const HeatReuseSpec& spec, const WaterLoop& loop,
                                                    std::unique_ptr<HeatRejectionPlant> plant);

}  // namespace tokenworks::cooling
