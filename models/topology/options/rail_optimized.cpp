// Question   which switches and cables join servers whose network card r of every server in a scalable unit goes to
//            leaf r of that unit (rail r)
// Equation   a unit holds as many servers as a leaf has ports down; leaves = units x cards; above them clos.hpp. Each
//            plane is such a fabric of its own, with one port of every card
// Source     NVIDIA DGX SuperPOD reference architectures (see clos.hpp); dual planes: B300 with Spectrum-4 Ethernet
// Valid for  full or oversubscribed leaves; storage and the front end stand on leaves of their own, as one more unit
// Checked by tests/models/topology/super_pod_test.cpp, tests/models/topology/bandwidth_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "models/topology/clos.hpp"

namespace tokenworks::topology {
namespace {

struct Plan {
  Cabling cabling;
  std::int64_t nodes_per_unit = 0, units = 0, service_down = 0;
  ClosPlan clos;
};

class RailOptimized final : public TopologyOption {
 public:
  void visit(FieldVisitor& v) override {
    cabling_.visit(v);
    field(v, "nodes_per_scalable_unit", nodes_per_unit_,
          "Servers that share their leaves; 0: as many as a leaf has ports down", rule().at_least(0).at_most(100'000));
    field(v, "planes", planes_, "Separate fabrics; each network card has a port of equal share in every one",
          rule().at_least(1).at_most(8));
    field(v, "oversubscription", oversubscription_, "Bandwidth into a leaf from below over that upwards",
          rule().at_least(1));
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
    ClosMerge merge;
    for (std::int64_t plane = 0; plane < planes_; ++plane) {
      std::vector<ClosUnit> units = node_units(builder, endpoints, plan);
      for (ClosUnit& unit :
           service_units(builder, endpoints, plan.cabling, planes_, plan.service_down, endpoints.nics_per_node)) {
        units.push_back(std::move(unit));
      }
      add_clos(builder, plan.clos, units, /*merge_leaves=*/true, merge);
    }
    return builder.take();
  }

 private:
  static std::vector<ClosUnit> node_units(const GraphBuilder& builder, const Endpoints& endpoints, const Plan& plan) {
    std::vector<ClosUnit> units(static_cast<std::size_t>(plan.units));
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      const std::size_t first = unit * static_cast<std::size_t>(plan.nodes_per_unit);
      const std::size_t last =
          std::min(first + static_cast<std::size_t>(plan.nodes_per_unit), static_cast<std::size_t>(endpoints.nodes));
      std::vector<LeafPort> leaf;
      for (std::size_t node = first; node < last; ++node) {
        leaf.push_back({builder.endpoints()[node], plan.cabling.nic_link_bandwidth, 1});
      }
      units[unit].leaves.assign(static_cast<std::size_t>(endpoints.nics_per_node), leaf);
    }
    return units;
  }

  Plan plan(const Endpoints& endpoints, const Parts& parts, std::vector<TopologyFault>& faults) const {
    Plan plan;
    if (!(oversubscription_ >= 1.0)) {
      faults.push_back({"oversubscription", fmt::format("{:g} is less than 1", oversubscription_)});
    }
    const std::optional<Cabling> cabling = cabling_.resolve(endpoints, planes_, parts, faults);
    if (!cabling || !faults.empty()) return plan;
    plan.cabling = *cabling;
    const std::int64_t down =
        most_down_ports(cabling->ports, cabling->nic_link_bandwidth, cabling->port_bandwidth, oversubscription_);
    if (nodes_per_unit_ > down) {
      faults.push_back({"nodes_per_scalable_unit",
                        fmt::format("{} servers need {} ports on a leaf, and a leaf of {} ports has {} beside its "
                                    "uplinks at an oversubscription of {:g}",
                                    nodes_per_unit_, nodes_per_unit_, cabling->ports, down, oversubscription_)});
      return plan;
    }
    plan.nodes_per_unit = std::min(nodes_per_unit_ > 0 ? nodes_per_unit_ : down, endpoints.nodes);
    plan.units = (endpoints.nodes + plan.nodes_per_unit - 1) / plan.nodes_per_unit;
    plan.service_down = most_down_ports(cabling->ports, cabling->port_bandwidth, cabling->port_bandwidth, 1.0);
    plan.clos = plan_clos(need(endpoints, plan), faults);
    return plan;
  }

  /// Leaves of storage and the front end have no more uplinks than those of servers.
  ClosNeed need(const Endpoints& endpoints, Plan& plan) const {
    ClosNeed need;
    need.ports = plan.cabling.ports;
    need.leaves_per_unit = endpoints.nics_per_node;
    need.uplinks = uplinks_for(plan.nodes_per_unit, plan.cabling.nic_link_bandwidth, plan.cabling.port_bandwidth,
                               oversubscription_);
    plan.service_down = std::min(plan.service_down, std::max<std::int64_t>(1, need.uplinks));
    const std::int64_t services = service_leaves(endpoints, plan.cabling, planes_, plan.service_down);
    need.units = plan.units + (services + need.leaves_per_unit - 1) / need.leaves_per_unit;
    need.leaves = plan.units * need.leaves_per_unit + services;
    return need;
  }

  CablingSpec cabling_;
  std::int64_t nodes_per_unit_ = 0;
  std::int64_t planes_ = 1;
  double oversubscription_ = 1.0;
};

}  // namespace

std::unique_ptr<TopologyOption> make_rail_optimized() { return std::make_unique<RailOptimized>(); }

}  // namespace tokenworks::topology
