#include "sim/scenario/fabric_spec.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace tokenworks::scenario {
namespace {

constexpr std::string_view kRoutings[] = {"adaptive", "ecmp"};
constexpr std::string_view kDetails[] = {"analytic", "flows"};
constexpr std::string_view kAttachments[] = {"own_network", "fabric"};
constexpr double kAdaptiveReroute = 3e-3;
constexpr double kEcmpReroute = 1.0;

constexpr std::size_t kKinds = 5;

template <std::size_t Index>
std::unique_ptr<FabricOption> make() {
  return std::make_unique<FabricOption>(topology::topology_options()[Index].make());
}

template <std::size_t... Index>
std::array<Option<FabricOption>, kKinds> all_kinds(std::index_sequence<Index...>) {
  const Options<topology::TopologyOption> topologies = topology::topology_options();
  if (topologies.size() != kKinds) throw std::logic_error("every topology is a kind of fabric");
  return {Option<FabricOption>{topologies[Index].kind, topologies[Index].help, make<Index>}...};
}

}  // namespace

Options<FabricOption> fabric_options() {
  static const std::array<Option<FabricOption>, kKinds> kinds = all_kinds(std::make_index_sequence<kKinds>());
  return kinds;
}

resources::FabricBehaviour FabricOption::behaviour() const {
  const bool adaptive = routing_ == "adaptive";
  const double reroute = reroute_ ? reroute_->value : adaptive ? kAdaptiveReroute : kEcmpReroute;
  return {.adaptive = adaptive,
          .contention = contention_,
          .step_flows = detail_ == "flows",
          .storage_on_fabric = carries_storage(),
          .reroute = to_picoseconds(reroute),
          .timeout = to_picoseconds(timeout_.value)};
}

void FabricOption::visit(FieldVisitor& v) {
  topology_->visit(v);
  field(v, "routing", routing_,
        "How traffic spreads over equal paths: evenly (adaptive), or each network card's part of a transfer on one "
        "path chosen by hash (ecmp)",
        rule().one_of(kRoutings));
  field(v, "detail", detail_,
        "How collectives between scale-up domains meet other traffic: in closed form with a factor (analytic), or step "
        "by step as flows (slower)",
        rule().one_of(kDetails));
  field(v, "contention", contention_, "Transfers share links; otherwise each moves as if it were alone");
  field(v, "storage_attachment", storage_attachment_,
        "Storage has a network of its own to the nodes' storage cards, or hangs on the fabric and its network cards",
        rule().one_of(kAttachments));
  scaled_field(v, "front_end_gbit_per_s", front_end_, 1e9 / 8,
               "Cables to a front end on the fabric: ports and parts are counted for it; requests themselves are too "
               "small to count",
               rule().above(0));
  field(v, "in_network_reduction", in_network_reduction_, "The switches add what passes through them (SHARP)");
  field(v, "reroute_s", reroute_,
        "From a failure until traffic takes another way; when absent, 0.003 with adaptive routing (10 to 20 s of a "
        "subnet manager, 5,000 times faster: Mellanox on SHIELD, enterpriseai.news 2017-06-15) and 1 with ecmp "
        "(convergence of a routing protocol, an estimate)",
        rule().at_least(0).at_most(1e6));
  field(
      v, "timeout_s", timeout_, "A transfer or collective that finds no path fails after so long",
      rule().at_least(0.01).at_most(1e6).default_from(
          'R', "NCCL environment variables: NCCL_IB_TIMEOUT 20 is 4.096 us * 2^20 = 4.3 s, NCCL_IB_RETRY_CNT 7 tries"));
}

}  // namespace tokenworks::scenario
