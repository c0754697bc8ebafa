// Question   which routers and cables make a dragonfly of groups
// Equation   routers of a group are fully meshed; every pair of groups has floor(a h / (g - 1)) links, a routers in a
//            group, h global ports a router, g groups; port q of a group belongs to router q / h
// Source     J. Kim, W. Dally, S. Scott, D. Abts, Technology-driven, highly-scalable dragonfly topology, ISCA 2008
// Valid for  g - 1 <= a h; shortest paths only: detours over a third group (Valiant) are not among the routes, so that
//            traffic between two groups is held to their direct links
// Checked by tests/models/topology/bandwidth_test.cpp, tests/models/topology/topology_options_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "models/topology/routers.hpp"

namespace tokenworks::topology {
namespace {

constexpr std::int64_t kMost = 100'000;  // of anything that is counted: keeps products far from overflow

struct Plan {
  Cabling cabling;
  RouterLoad load;
  std::int64_t groups = 0;
  std::int64_t links_per_pair = 0;
};

class Dragonfly final : public TopologyOption {
 public:
  void visit(FieldVisitor& v) override {
    cabling_.visit(v);
    field(v, "groups", groups_, "Groups; 0: as many as the servers need", rule().at_least(0).at_most(kMost));
    field(v, "routers_per_group", routers_per_group_, "Routers of a group, each linked to every other",
          rule().at_least(1).at_most(kMost));
    field(v, "nodes_per_router", nodes_per_router_, "Servers on a router", rule().at_least(1).at_most(kMost));
    field(v, "global_links_per_router", global_links_, "Ports of a router towards other groups",
          rule().at_least(0).at_most(kMost));
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
    join_within_groups(builder, plan, routers);
    join_groups(builder, plan, routers);
    return builder.take();
  }

 private:
  void join_within_groups(GraphBuilder& builder, const Plan& plan, const std::vector<std::uint32_t>& routers) const {
    const auto size = static_cast<std::size_t>(routers_per_group_);
    for (std::size_t group = 0; group < static_cast<std::size_t>(plan.groups); ++group) {
      for (std::size_t a = 0; a < size; ++a) {
        for (std::size_t b = a + 1; b < size; ++b)
          builder.join(routers[group * size + a], routers[group * size + b], 1);
      }
    }
  }

  /// The links of a pair of groups lie far apart in both groups' ports, so that they end at different routers.
  void join_groups(GraphBuilder& builder, const Plan& plan, const std::vector<std::uint32_t>& routers) const {
    const auto router = [&](std::int64_t group, std::int64_t slot, std::int64_t link) {
      const std::int64_t port = link * (plan.groups - 1) + slot;
      return routers[static_cast<std::size_t>(group * routers_per_group_ + port / global_links_)];
    };
    for (std::int64_t a = 0; a < plan.groups; ++a) {
      for (std::int64_t b = a + 1; b < plan.groups; ++b) {
        for (std::int64_t link = 0; link < plan.links_per_pair; ++link) {
          builder.join(router(a, b - 1, link), router(b, a, link), 1);
        }
      }
    }
  }

  void check_counts(std::vector<TopologyFault>& faults) const {
    const auto require = [&](std::int64_t value, std::int64_t least, const char* key) {
      if (value < least || value > kMost) {
        faults.push_back({key, fmt::format("{} is not from {} to {}", value, least, kMost)});
      }
    };
    require(groups_, 0, "groups");
    require(routers_per_group_, 1, "routers_per_group");
    require(nodes_per_router_, 1, "nodes_per_router");
    require(global_links_, 0, "global_links_per_router");
  }

  Plan plan(const Endpoints& endpoints, const Parts& parts, std::vector<TopologyFault>& faults) const {
    Plan plan;
    check_counts(faults);
    const std::optional<Cabling> cabling = cabling_.resolve(endpoints, 1, parts, faults);
    if (!cabling || !faults.empty()) return plan;
    plan.cabling = *cabling;
    const std::int64_t nodes_per_group = routers_per_group_ * nodes_per_router_;
    const std::int64_t needed = (endpoints.nodes + nodes_per_group - 1) / nodes_per_group;
    plan.groups = groups_ > 0 ? groups_ : needed;
    plan.load = {plan.groups * routers_per_group_, nodes_per_router_};
    if (plan.groups < needed) {
      faults.push_back(
          {"groups",
           fmt::format("{} groups of {} routers with {} servers hold {} servers, and there are {}", plan.groups,
                       routers_per_group_, nodes_per_router_, plan.groups * nodes_per_group, endpoints.nodes)});
    }
    check_router_ports(plan.load, endpoints, *cabling, routers_per_group_ - 1 + global_links_, "routers_per_group",
                       faults);
    if (plan.groups == 1) return plan;
    plan.links_per_pair = routers_per_group_ * global_links_ / (plan.groups - 1);
    if (plan.links_per_pair < 1) {
      faults.push_back(
          {"global_links_per_router",
           fmt::format("{} routers with {} global ports have {} ports for {} other groups", routers_per_group_,
                       global_links_, routers_per_group_ * global_links_, plan.groups - 1)});
    }
    return plan;
  }

  CablingSpec cabling_;
  std::int64_t groups_ = 0;
  std::int64_t routers_per_group_ = 32;
  std::int64_t nodes_per_router_ = 2;
  std::int64_t global_links_ = 12;
};

}  // namespace

std::unique_ptr<TopologyOption> make_dragonfly() { return std::make_unique<Dragonfly>(); }

}  // namespace tokenworks::topology
