// Question   what stands between the grid and the racks where somebody has drawn it
// Equation   the network as given
// Source     the scenario
// Valid for  what network_faults() finds sound, with a rack sink for each rack group
// Checked by tests/models/power/network_test.cpp, tests/scenario/facility_setup_test.cpp
#include <algorithm>

#include <fmt/format.h>

#include "models/power/power_option.hpp"

namespace tokenworks::power {
namespace {

class Custom final : public PowerOption {
 public:
  void visit(FieldVisitor& v) override {
    spec_.visit(v);
    visit_common(v);
  }
  /// What the racks draw at rest is known better than the tree says.
  NetworkSpec network(const PowerLoads& loads) const override {
    NetworkSpec spec = spec_;
    for (NodeSpec& node : spec.nodes) {
      for (const PowerLoads::Racks& racks : loads.racks) {
        if (node.kind == "rack" && node.name == racks.name && node.idle.value <= 0.0) node.idle = racks.idle;
      }
    }
    return spec;
  }
  std::vector<NetworkFault> faults(const std::vector<std::string>& racks) const override {
    std::vector<NetworkFault> all = network_faults(spec_);
    for (const std::string& name : racks) {
      const bool is_there = std::any_of(spec_.nodes.begin(), spec_.nodes.end(),
                                        [&](const NodeSpec& node) { return node.kind == "rack" && node.name == name; });
      if (!is_there) all.push_back({"/nodes", fmt::format("no node of kind rack for the rack group \"{}\"", name)});
    }
    std::size_t mechanical = 0, house = 0;
    for (std::size_t i = 0; i < spec_.nodes.size(); ++i) {
      const NodeSpec& node = spec_.nodes[i];
      mechanical += node.kind == "mechanical" ? 1 : 0;
      house += node.kind == "house" ? 1 : 0;
      if (node.kind == "rack" && std::find(racks.begin(), racks.end(), node.name) == racks.end()) {
        all.push_back(
            {fmt::format("/nodes/{}/name", i), fmt::format("\"{}\" is the name of no rack group", node.name)});
      }
    }
    if (mechanical == 0) all.push_back({"/nodes", "no node of kind mechanical: the cooling has no power"});
    if (house > 1) all.push_back({"/nodes", "several nodes of kind house; allowed: at most one"});
    return all;
  }

  bool shapes_inside() const override {
    return std::any_of(spec_.nodes.begin(), spec_.nodes.end(),
                       [](const NodeSpec& node) { return node.storage && node.storage->shaping; });
  }

 private:
  NetworkSpec spec_;
};

}  // namespace

std::unique_ptr<PowerOption> make_custom_network() { return std::make_unique<Custom>(); }

}  // namespace tokenworks::power
