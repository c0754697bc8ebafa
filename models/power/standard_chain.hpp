// Question   what equipment stands between the utility and given loads at a given redundancy
// Equation   each stage is sized for what the stages below it take at their nameplates, losses included
// Source     loss laws: models/power/loss_law.hpp; n_plus_1: one module more at each stage; 2n: two systems that share;
//            block redundancy: blocks of one size, and one more that takes over by static transfer. Ratings carry no
//            margin beyond the nameplates, which servers rarely reach (p95 of measured 8-GPU servers: 0.74 to 0.83)
// Valid for  utility - transformer - switchgear - UPS - busway, cooling and house beside the UPS
// Checked by tests/models/power/standard_chain_test.cpp against a calculation without a tree, power_chain_test.cpp
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/power/network_spec.hpp"

namespace tokenworks::power {

/// What the chain is made for.
struct ChainDesign {
  struct Racks {
    std::string name;
    Watts nameplate{0}, idle{0};
  };
  std::string redundancy = "n_plus_1";    ///< "n", "n_plus_1", "2n", "block_redundant"
  std::string ups = "double_conversion";  ///< or "silicon_carbide", "eco", "none"
  double busway_loss_share = kBuswayLossShare;
  Watts ups_module_power{500e3};
  Watts transformer_power = kTransformerUnit;
  std::int64_t blocks = 3;  ///< of "block_redundant", besides the reserve
  bool generators = true;
  bool busway_per_group = false;  ///< each group of racks gets a busway of its own instead of all one
  std::vector<Racks> racks;
  Watts mechanical{0};  ///< largest draw of the cooling
  Watts house{0};
  StorageSpec battery;                      ///< of each UPS
  std::optional<StorageSpec> grid_storage;  ///< between the transformers and the switchgear; all systems share it
  GeneratorSpec generator;
};

std::span<const std::string_view> chain_redundancies();

/// Nodes: "utility", "transformer", "grid_storage", "switchgear", "ups", "busway", "generator", the racks' names,
/// "mechanical", "house"; under 2n with "_a" and "_b" behind the equipment, in blocks with "_1", "_2", ... and
/// "_reserve". A load of 0 W is left out. Under n_plus_1 the transformer, the UPS and the generator have one unit more
/// than they need. Throws std::invalid_argument for an unknown redundancy or without racks.
NetworkSpec standard_chain(const ChainDesign& design);

}  // namespace tokenworks::power
