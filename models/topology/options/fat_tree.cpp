// Question   which switches and cables join servers all of whose network cards go to one leaf
// Equation   servers on a leaf = its ports down / cards; uplinks = bandwidth from below / oversubscription; above the
//            leaves clos.hpp
// Source     C. Leiserson, Fat-trees, IEEE Trans. Computers 34 (1985); folded Clos of equal switches: M. Al-Fares et
//            al., A scalable, commodity data center network architecture, SIGCOMM 2008
// Valid for  one to three tiers; oversubscription at the leaf alone
// Checked by tests/models/topology/bandwidth_test.cpp, tests/models/topology/topology_options_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "models/topology/clos.hpp"

namespace tokenworks::topology {
namespace {

struct Plan {
  Cabling cabling;
  std::int64_t nodes_per_leaf = 0, leaves = 0, service_down = 0;
  ClosPlan clos;
};

class FatTree final : public TopologyOption {
 public:
  void visit(FieldVisitor& v) override {
    cabling_.visit(v);
    field(v, "oversubscription", oversubscription_, "Bandwidth into a leaf from below over that upwards",
          rule().at_least(1));
    field(v, "nodes_per_leaf", nodes_per_leaf_, "Servers on a leaf; 0: as many as fit",
          rule().at_least(0).at_most(100'000));
  }
  PartIds part_ids() const override { return cabling_.part_ids(); }

  std::vector<TopologyFault> faults(const Endpoints& endpoints, const Parts& parts) const override {
    std::vector<TopologyFault> faults;
    plan(endpoints, parts, faults);
    return faults;
  }

  Graph build(const Endpoints& endpoints, const Parts& parts) const override {
    std::vector<TopologyFault> faults;
    const Plan plan = this->plan(endpoints, parts, faults);
    require_none(faults);
    GraphBuilder builder(plan.cabling);
    builder.add_endpoints(endpoints);
    std::vector<ClosUnit> units(static_cast<std::size_t>(plan.leaves));
    for (std::size_t leaf = 0; leaf < units.size(); ++leaf) {
      units[leaf].leaves.emplace_back();
      const std::size_t first = leaf * static_cast<std::size_t>(plan.nodes_per_leaf);
      const std::size_t last =
          std::min(first + static_cast<std::size_t>(plan.nodes_per_leaf), static_cast<std::size_t>(endpoints.nodes));
      for (std::size_t node = first; node < last; ++node) {
        units[leaf].leaves[0].push_back(
            {builder.endpoints()[node], plan.cabling.nic_link_bandwidth, endpoints.nics_per_node});
      }
    }
    for (ClosUnit& unit : service_units(builder, endpoints, plan.cabling, 1, plan.service_down, 1)) {
      units.push_back(std::move(unit));
    }
    ClosMerge merge;
    add_clos(builder, plan.clos, units, /*merge_leaves=*/false, merge);
    return builder.take();
  }

 private:
  Plan plan(const Endpoints& endpoints, const Parts& parts, std::vector<TopologyFault>& faults) const {
    Plan plan;
    if (!(oversubscription_ >= 1.0)) {
      faults.push_back({"oversubscription", fmt::format("{:g} is less than 1", oversubscription_)});
    }
    const std::optional<Cabling> cabling = cabling_.resolve(endpoints, 1, parts, faults);
    if (!cabling || !faults.empty()) return plan;
    plan.cabling = *cabling;
    const std::int64_t down =
        most_down_ports(cabling->ports, cabling->nic_link_bandwidth, cabling->port_bandwidth, oversubscription_);
    const std::int64_t most_nodes = down / endpoints.nics_per_node;
    if (most_nodes < std::max<std::int64_t>(1, nodes_per_leaf_)) {
      const std::int64_t nodes = std::max<std::int64_t>(1, nodes_per_leaf_);
      faults.push_back(
          {nodes_per_leaf_ > 0 ? "nodes_per_leaf" : "switch",
           fmt::format("{} servers of {} network cards need {} ports on a leaf, and a leaf of {} ports has {} beside "
                       "its uplinks at an oversubscription of {:g}",
                       nodes, endpoints.nics_per_node, nodes * endpoints.nics_per_node, cabling->ports, down,
                       oversubscription_)});
      return plan;
    }
    plan.nodes_per_leaf = std::min(nodes_per_leaf_ > 0 ? nodes_per_leaf_ : most_nodes, endpoints.nodes);
    plan.leaves = (endpoints.nodes + plan.nodes_per_leaf - 1) / plan.nodes_per_leaf;
    ClosNeed need;
    need.ports = cabling->ports;
    need.uplinks = uplinks_for(plan.nodes_per_leaf * endpoints.nics_per_node, cabling->nic_link_bandwidth,
                               cabling->port_bandwidth, oversubscription_);
    plan.service_down = std::min(cabling->ports - need.uplinks, need.uplinks);
    need.leaves_per_unit = 1;
    need.units = plan.leaves + service_leaves(endpoints, *cabling, 1, plan.service_down);
    need.leaves = need.units;
    plan.clos = plan_clos(need, faults);
    return plan;
  }

  CablingSpec cabling_;
  double oversubscription_ = 1.0;
  std::int64_t nodes_per_leaf_ = 0;
};

}  // namespace

std::unique_ptr<TopologyOption> make_fat_tree() { return std::make_unique<FatTree>(); }

}  // namespace tokenworks::topology
