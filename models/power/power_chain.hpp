// Question   how much power enters the site for what the racks draw
// Equation   each stage loses P_rated * (a + b x + c x^2), x = P_out / P_rated
// Source     models/power/loss_law.hpp
// Valid for  0..100 % of each rating; above, the same parabolas
// Checked by tests/models/power/power_chain_test.cpp
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/power/loss_law.hpp"

namespace tokenworks::power {

/// `factory.power`: {"kind": "standard_chain", "redundancy": "2n", ...}. Sized from nameplates where no rating is
/// given.
struct PowerChainSpec {
  std::string kind = "standard_chain";
  std::string redundancy = "n_plus_1";          ///< "n", "n_plus_1", "2n"
  std::string ups = "double_conversion";        ///< "double_conversion", "silicon_carbide", "eco", "none"
  double busway_loss_share = kBuswayLossShare;  ///< of rated power at rated load, growing with its square
  double house_share = 0.01;                    ///< lighting, controls, offices: of the IT nameplate
  double electrical_room_cop = 3.5;  ///< of the cooling of UPS and busway losses; transformers stand outdoors
  Watts ups_module_power{500e3};     ///< rated output of one UPS module, for n_plus_1
  void visit(FieldVisitor& v);
};

/// Losses by stage for a given IT power at the rack input.
struct ChainLosses {
  Watts busway{0}, ups{0}, transformer{0};
};

/// A chain sized for `it_nameplate` at the rack input and `mechanical_nameplate` of cooling (which does not pass the
/// UPS). Ratings carry no margin beyond the nameplates, which servers rarely reach (p95 of measured 8-GPU servers: 0.74
/// to 0.83). Redundancy sets how many units share the load: "n" just enough, "n_plus_1" one module more, "2n" twice as
/// much.
class PowerChain {
 public:
  PowerChain(const PowerChainSpec& spec, Watts it_nameplate, Watts mechanical_nameplate);
  /// `it`: rack input. `mechanical`: cooling and house, fed beside the UPS, through the transformer.
  ChainLosses losses(Watts it, Watts mechanical) const;
  /// Loss of busway and UPS alone (before the cooling that they need is known).
  ChainLosses it_losses(Watts it) const;
  /// Rated output by stage: "ups_rating_w" -> watts.
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  /// Loss = rating * (idle + linear x + square x^2), x = output / rating, over all units of a stage, which share the
  /// load.
  struct Stage {
    double rated_w = 0.0, idle_w = 0.0, linear = 0.0, square_per_w = 0.0;
    Watts loss(Watts output) const;
  };
  static Stage stage(Watts rated, const LossLaw& law);

  Stage busway_, ups_, transformer_;
};

}  // namespace tokenworks::power
