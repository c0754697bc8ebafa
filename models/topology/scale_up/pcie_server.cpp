// Question   how the GPUs of a server without NVLink are joined
// Equation   GPUs behind PCIe switches or root complexes; with peer-to-peer data turn at the lowest common switch,
//            without it they are staged in the host's memory
// Source     voipmonitor/rtx6kpro commit 29f3863, 2026: latencies and bandwidths on 8 RTX PRO 6000
// Valid for  staged transfers whose memory bandwidth is no limit. Without peer-to-peer a PCIe switch's uplink is
//            divided evenly between its GPUs, also while some are silent: pessimistic for single transfers
// Checked by tests/models/topology/scale_up_test.cpp
#include "models/topology/scale_up/pcie_tree.hpp"

namespace tokenworks::topology {
namespace {

class PcieServer final : public ScaleUpOption {
 public:
  PcieServer() { pcie_.gpus_per_switch = 0; }

  void visit(FieldVisitor& v) override {
    field(v, "peer_to_peer", peer_to_peer_, "GPUs write into each other's memory over PCIe");
    pcie_.visit(v);
  }

  std::vector<TopologyFault> faults(const ScaleUpDomain& domain) const override {
    std::vector<TopologyFault> faults;
    check_domain(domain, /*nvlink=*/false, faults);
    pcie_.check(domain, faults);
    return faults;
  }

  Graph build(const ScaleUpDomain& domain) const override {
    require_none(faults(domain));
    DomainBuilder builder(domain);
    pcie_.add_to(builder, domain, peer_to_peer_, /*beside_nvlink=*/false);
    return builder.take();
  }

 private:
  bool peer_to_peer_ = true;
  PcieTree pcie_;
};

}  // namespace

std::unique_ptr<ScaleUpOption> make_pcie_server() { return std::make_unique<PcieServer>(); }

}  // namespace tokenworks::topology
