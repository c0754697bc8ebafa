// Question   how the GPUs and network cards of a server with NVSwitch chips are joined
// Equation   every GPU has an equal share of its bandwidth to each chip; GPUs and network cards sit behind PCIe
// switches
//            under two root complexes
// Source     NVIDIA HGX H100: 8 GPUs, 4 NVSwitch chips; HGX B200 has 2 (set "switches"). DGX H100 user guide: network
//            cards and GPUs share PCIe switches
// Valid for  one NVSwitch tier
// Checked by tests/models/topology/scale_up_test.cpp
#include "models/topology/scale_up/pcie_tree.hpp"

namespace tokenworks::topology {
namespace {

class Hgx8 final : public ScaleUpOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "switches", switches_, "NVSwitch chips, each linked to every GPU",
          rule().at_least(1).default_from('V', "NVIDIA HGX H100 and H200: 4 chips; B200: 2"));
    pcie_.visit(v);
  }

  std::vector<TopologyFault> faults(const ScaleUpDomain& domain) const override {
    std::vector<TopologyFault> faults;
    check_domain(domain, /*nvlink=*/true, faults);
    check_count("switches", switches_, 1, faults);
    pcie_.check(domain, faults);
    return faults;
  }

  Graph build(const ScaleUpDomain& domain) const override {
    require_none(faults(domain));
    DomainBuilder builder(domain);
    builder.add_nvswitches(switches_);
    pcie_.add_to(builder, domain, /*peer_to_peer=*/true, /*beside_nvlink=*/true);
    return builder.take();
  }

 private:
  std::int64_t switches_ = 4;
  PcieTree pcie_;
};

}  // namespace

std::unique_ptr<ScaleUpOption> make_hgx8() { return std::make_unique<Hgx8>(); }

}  // namespace tokenworks::topology
