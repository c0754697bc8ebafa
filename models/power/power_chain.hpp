// Question   how much power enters the site for what the racks draw
// Equation   each stage loses P_rated * (a + b x + c x^2), x = P_out / P_rated
// Source     facility reference cited in the catalog and in power_chain.cpp
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::power {

/// `factory.power`: {"kind": "standard_chain", "redundancy": "2n", ...}. Sized from nameplates where no rating is given.
struct PowerChainSpec {
  std::string kind = "standard_chain";
  std::string redundancy = "n_plus_1";            ///< "n", "n_plus_1", "2n"
  std::string ups = "double_conversion";          ///< "double_conversion", "silicon_carbide", "eco", "none"
  double busway_loss_share = 0.0075;              ///< of rated power at rated load, growing with its square
  double house_share = 0.01;                      ///< lighting, controls, offices: of the IT nameplate
  double electrical_room_cop = 3.5;               ///< of the cooling of UPS, transformer and busway losses
  Watts ups_module_power{500e3};                  ///< rated output of one UPS module, for n_plus_1
  void visit(FieldVisitor& v);
};

/// Losses by stage for a given IT power at the rack input.
struct ChainLosses {
  Watts busway{0}, ups{0}, transformer{0};
};

/// A chain sized for `it_nameplate` at the rack input and `mechanical_nameplate` of cooling (which does not pass the UPS).
class PowerChain {
 public:
  PowerChain(const PowerChainSpec& spec, Watts it_nameplate, Watts mechanical_nameplate);
  /// `it`: rack input. `mechanical`: cooling and house, fed beside the UPS, through the transformer.
  ChainLosses losses(Watts it, Watts mechanical) const;
  /// Loss of busway and UPS alone (before the cooling that they need is known).
  ChainLosses it_losses(Watts it) const;
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  PowerChainSpec spec_;
  Watts busway_rated_, ups_rated_, transformer_rated_;
  double ups_units_ = 1, transformer_units_ = 1;
};

}  // namespace tokenworks::power
