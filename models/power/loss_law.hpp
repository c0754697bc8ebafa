// Question   what a stage of the power chain loses at a given load
// Equation   P_loss = P_rated * (idle + linear x + square x^2), x = P_out / P_rated
// Source     UPS: fits to efficiencies at 25, 50, 75 and 100 % load: 94.5/96.0/96.3/96.2 (modern IGBT, vendor curves,
//            remembered), 96.5/97.2/97.4/97.2 (best silicon carbide, the same), 98.2/98.8/99.0/99.0 (eco mode,
//            Centiel); transformers: 10 CFR 431.196, 2,500 kVA liquid-immersed 99.53 % at half load, 1,000 kVA
//            low-voltage dry type 99.28 % at 35 % load, each with equal losses there; busway: estimate
// Valid for  0..100 % of the rating; above, the same parabolas
// Checked by tests/models/power/loss_law_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "models/core/units.hpp"

namespace tokenworks::power {

/// Shares of the rated output.
struct LossLaw {
  double idle = 0.0, linear = 0.0, square = 0.0;
  Watts loss(Watts output, Watts rated) const {
    return Watts(rated.value * idle + output.value * (linear + output.value * square / rated.value));
  }
  /// Load share of best efficiency: where idle and square losses are equal.
  double best_load() const;
};

/// Size of one transformer.
inline constexpr Watts kTransformerUnit{2.5e6};
/// 2,500 kVA liquid-immersed: 2.95 kW without load and 11.8 kW more at full load.
inline constexpr LossLaw kTransformerLoss{2.95 / 2500, 0.0, 11.8 / 2500};
/// 1,000 kVA low-voltage dry type, as in a floor PDU: 0.7252 % of the output at 35 % load, half of it at rest.
inline constexpr LossLaw kDryTransformerLoss{0.35 * (1 / 0.9928 - 1) / 2, 0.0, (1 / 0.9928 - 1) / 2 / 0.35};
/// Busway and cable: 0.5 to 1 % at rated load is common practice.
inline constexpr double kBuswayLossShare = 0.0075;

/// "double_conversion", "silicon_carbide", "eco", "none".
std::span<const std::string_view> ups_modes();
/// Throws std::invalid_argument for another name.
const LossLaw& ups_loss_law(std::string_view mode);

/// A converter that takes (P_out + fixed) / efficiency, as the rectifiers and DC-DC stages of Frontier in RAPS.
LossLaw converter_loss_law(Watts fixed, double efficiency, Watts rated);

/// Units of one size that carry a design load together.
struct UnitCount {
  std::int64_t needed = 0;
  Watts each{0};
};
/// Full units of size `unit`, or one of the size of the load where that is smaller: what `n_plus_1` adds one more to.
UnitCount whole_units(Watts design, Watts unit);

}  // namespace tokenworks::power
