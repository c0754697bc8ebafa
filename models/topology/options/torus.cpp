// Question   which routers and cables make a torus of any number of dimensions
// Equation   router (x1, ..., xd) joins its two neighbours in every dimension, indices modulo the dimension's size; a
//            dimension of two has one neighbour, a dimension of one none. The last dimension runs fastest
// Source     W. Dally, B. Towles, Principles and Practices of Interconnection Networks, 2004, chapter 5
// Valid for  shortest paths, all equal ones used alike
// Checked by tests/models/topology/bandwidth_test.cpp, tests/models/topology/topology_options_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "models/topology/routers.hpp"

namespace tokenworks::topology {
namespace {

constexpr std::int64_t kMostRouters = 1'000'000;

struct Plan {
  Cabling cabling;
  RouterLoad load;
};

class Torus final : public TopologyOption {
 public:
  void visit(FieldVisitor& v) override {
    cabling_.visit(v);
    field(v, "dimensions", dimensions_, "Routers along each dimension; the last runs fastest",
          rule().required().at_least(1));
    field(v, "nodes_per_router", nodes_per_router_, "Servers on a router", rule().at_least(1).at_most(100'000));
    field(v, "cables_per_link", cables_, "Cables between two neighbours", rule().at_least(1).at_most(100'000));
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
    const std::vector<std::uint32_t> routers = add_routers(builder, plan.load, endpoints, plan.cabling);
    std::int64_t stride = 1;
    for (auto size = dimensions_.rbegin(); size != dimensions_.rend(); ++size) {
      for (std::int64_t router = 0; router < plan.load.routers; ++router) {
        const std::int64_t x = router / stride % *size;
        if (*size == 1 || (*size == 2 && x == 1)) continue;
        const std::int64_t next = x + 1 < *size ? router + stride : router - x * stride;
        builder.join(routers[static_cast<std::size_t>(router)], routers[static_cast<std::size_t>(next)], cables_);
      }
      stride *= *size;
    }
    return builder.take();
  }

 private:
  Plan plan(const Endpoints& endpoints, const Parts& parts, std::vector<TopologyFault>& faults) const {
    Plan plan;
    std::int64_t routers = 1, fabric_ports = 0;
    if (dimensions_.empty()) faults.push_back({"dimensions", "a torus needs at least one dimension"});
    for (std::size_t i = 0; i < dimensions_.size(); ++i) {
      const std::int64_t size = dimensions_[i];
      if (size < 1) faults.push_back({fmt::format("dimensions/{}", i), fmt::format("{} is less than 1", size)});
      routers = std::min(routers, kMostRouters + 1) * std::clamp<std::int64_t>(size, 1, kMostRouters + 1);
      fabric_ports += cables_ * std::clamp<std::int64_t>(size - 1, 0, 2);
    }
    if (routers > kMostRouters) {
      faults.push_back(
          {"dimensions", fmt::format("more than {} routers are more than a graph here can hold", kMostRouters)});
    }
    if (nodes_per_router_ < 1)
      faults.push_back({"nodes_per_router", fmt::format("{} is less than 1", nodes_per_router_)});
    if (cables_ < 1) faults.push_back({"cables_per_link", fmt::format("{} is less than 1", cables_)});
    const std::optional<Cabling> cabling = cabling_.resolve(endpoints, 1, parts, faults);
    if (!cabling || !faults.empty()) return plan;
    plan.cabling = *cabling;
    plan.load = {routers, nodes_per_router_};
    if (routers * nodes_per_router_ < endpoints.nodes) {
      faults.push_back(
          {"dimensions", fmt::format("{} routers with {} servers hold {} servers, and there are {}", routers,
                                     nodes_per_router_, routers * nodes_per_router_, endpoints.nodes)});
    }
    check_router_ports(plan.load, endpoints, *cabling, fabric_ports, "dimensions", faults);
    return plan;
  }

  CablingSpec cabling_;
  std::vector<std::int64_t> dimensions_;
  std::int64_t nodes_per_router_ = 1;
  std::int64_t cables_ = 1;
};

}  // namespace

std::unique_ptr<TopologyOption> make_torus() { return std::make_unique<Torus>(); }

}  // namespace tokenworks::topology
