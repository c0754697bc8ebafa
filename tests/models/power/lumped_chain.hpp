// The losses of a chain without a tree: all units of a stage as one, calculated apart from models/power/standard_chain
// and power_flow, for tests to compare them with.
#pragma once

#include <stdexcept>
#include <string>

#include "models/power/loss_law.hpp"
#include "models/power/standard_chain.hpp"

namespace tokenworks::power::tests {

struct ChainLosses {
  Watts busway{0}, ups{0}, transformer{0};
};

/// "n", "n_plus_1" and "2n": sized for the nameplates of a design, its cooling and house beside the UPS.
class LumpedChain {
 public:
  explicit LumpedChain(const ChainDesign& design) {
    Watts racks{0};
    for (const ChainDesign::Racks& group : design.racks) racks += group.nameplate;
    busway_ = {racks, {0.0, 0.0, design.busway_loss_share}};
    const Watts ups_design = racks + busway_.loss(racks);
    if (design.ups != "none") ups_ = {all_units(design, ups_design, design.ups_module_power), ups_loss_law(design.ups)};
    const Watts transformer_design = ups_design + ups_.loss(ups_design) + design.mechanical + design.house;
    transformer_ = {all_units(design, transformer_design, design.transformer_power), kTransformerLoss};
  }

  /// `it` at the rack input, `besides` for cooling and house.
  ChainLosses losses(Watts it, Watts besides) const {
    ChainLosses losses;
    losses.busway = busway_.loss(it);
    losses.ups = ups_.loss(it + losses.busway);
    losses.transformer = transformer_.loss(it + losses.busway + losses.ups + besides);
    return losses;
  }

 private:
  struct Stage {
    Watts rated{0};
    LossLaw law;
    Watts loss(Watts output) const { return rated.value > 0.0 ? law.loss(output, rated) : Watts(0); }
  };

  static Watts all_units(const ChainDesign& design, Watts load, Watts unit) {
    if (design.redundancy == "n") return load;
    if (design.redundancy == "2n") return load * 2.0;
    if (design.redundancy != "n_plus_1") throw std::invalid_argument("no lumped chain of " + design.redundancy);
    const UnitCount units = whole_units(load, unit);
    return units.each * (static_cast<double>(units.needed) + 1.0);
  }

  Stage busway_, ups_, transformer_;
};

}  // namespace tokenworks::power::tests
