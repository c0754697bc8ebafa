// Question   what stands between the grid and the racks at a given redundancy
// Equation   models/power/standard_chain.hpp
// Source     models/power/standard_chain.hpp
// Valid for  sites of one chain, of two sides, or of blocks with a reserve
// Checked by tests/models/power/standard_chain_test.cpp
#include "models/power/standard_chain.hpp"

#include <optional>

#include "models/power/power_option.hpp"

namespace tokenworks::power {
namespace {

/// With the defaults of a storage system.
struct GridStorage {
  StorageSpec store = StorageSpec::energy_storage();
  void visit(FieldVisitor& v) { store.visit(v); }
};

class StandardChain final : public PowerOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "redundancy", design_.redundancy,
          "Units beyond need: none, one module a stage, a second full system, or blocks with one in reserve",
          rule().one_of(chain_redundancies()));
    field(v, "ups", design_.ups, "How the UPS converts; \"none\" for racks with their own batteries",
          rule()
              .one_of(ups_modes())
              .default_from('R', "Loss of the default fitted to vendor curves of modern IGBT units"));
    field(v, "busway_loss_share", design_.busway_loss_share, "Loss of busway and cable at rated load, of rated power",
          rule().share().default_from('E', "0.5 to 1 % at rated load is common practice"));
    field(v, "ups_module_power_w", design_.ups_module_power, "Rated output of one UPS module, for n_plus_1",
          rule().at_least(1000).default_from('E', "Common module size"));
    field(v, "sized_for_w", sized_for_,
          "Power of the racks that the chain is built for: less than their nameplates oversubscribes it; absent: the "
          "nameplates",
          rule().above(0));
    field(v, "blocks", design_.blocks, "Blocks that carry, besides the reserve; acts with block_redundant alone",
          rule().at_least(1).at_most(100));
    field(v, "generators", design_.generators, "Whether generators stand behind the utility");
    field(v, "battery", design_.battery, "Batteries of each UPS");
    field(v, "generator", design_.generator, "How generators start and what they burn");
    field(v, "grid_storage", grid_storage_,
          "A store between transformers and switchgear, which shapes what the grid sees; each side of 2n, and each "
          "block, "
          "has its part; absent: none");
    visit_common(v);
  }
  NetworkSpec network(const PowerLoads& loads) const override {
    ChainDesign design = design_;
    Watts nameplates{0};
    for (const PowerLoads::Racks& racks : loads.racks) nameplates += racks.nameplate;
    const double share = sized_for_ && nameplates.value > 0.0 ? *sized_for_ / nameplates : 1.0;
    for (const PowerLoads::Racks& racks : loads.racks)
      design.racks.push_back({racks.name, racks.nameplate * share, racks.idle});
    design.mechanical = loads.mechanical;
    design.house = loads.house;
    if (grid_storage_) design.grid_storage = grid_storage_->store;
    return standard_chain(design);
  }
  std::vector<NetworkFault> faults(const std::vector<std::string>&) const override {
    std::vector<NetworkFault> all;
    for (const StorageFault& fault : storage_faults(design_.battery)) {
      all.push_back({"/battery/" + fault.key, fault.message});
    }
    if (design_.battery.shaping && design_.ups == "none") {
      all.push_back({"/battery/shaping", "has no UPS whose battery could do that (ups is none)"});
    }
    if (grid_storage_) {
      for (const StorageFault& fault : storage_faults(grid_storage_->store)) {
        all.push_back({"/grid_storage/" + fault.key, fault.message});
      }
    }
    return all;
  }

  std::optional<StorageSpec> grid_storage() const override {
    if (grid_storage_ && grid_storage_->store.shaping) return grid_storage_->store;
    return std::nullopt;
  }
  bool shapes_inside() const override { return design_.battery.shaping.has_value(); }

 private:
  ChainDesign design_;
  std::optional<Watts> sized_for_;
  std::optional<GridStorage> grid_storage_;
};

}  // namespace

std::unique_ptr<PowerOption> make_standard_chain() { return std::make_unique<StandardChain>(); }

}  // namespace tokenworks::power
