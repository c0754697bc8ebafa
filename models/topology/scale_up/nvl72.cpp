// Question   how the GPUs and network cards of an NVLink rack are joined
// Equation   every GPU has one link to each switch chip, an equal share of its bandwidth; GPUs and network cards of one
//            tray hang on its host. Hosts of different trays meet outside only
// Source     NVIDIA GB200 NVL72: 18 trays of 4 GPUs, 9 switch trays of 2 chips (GB200 user guide); two Grace
//            processors of a tray are taken as one host
// Valid for  one NVLink tier
// Checked by tests/models/topology/scale_up_test.cpp
#include "models/topology/scale_up/domain_builder.hpp"

namespace tokenworks::topology {
namespace {

class Nvl72 final : public ScaleUpOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "switches", switches_, "NVLink switch chips, each linked to every GPU",
          rule().at_least(1).default_from('R', "GB200 NVL72: nine trays of two chips"));
    field(v, "gpus_per_host", gpus_per_host_, "GPUs on one host (compute tray)",
          rule().at_least(1).default_from('V', "NVIDIA GB200 NVL72: 18 trays of 4 GPUs"));
  }

  std::vector<TopologyFault> faults(const ScaleUpDomain& domain) const override {
    std::vector<TopologyFault> faults;
    check_domain(domain, /*nvlink=*/true, faults);
    check_count("switches", switches_, 1, faults);
    check_count("gpus_per_host", gpus_per_host_, 1, faults);
    return faults;
  }

  Graph build(const ScaleUpDomain& domain) const override {
    require_none(faults(domain));
    DomainBuilder builder(domain);
    builder.add_nvswitches(switches_);
    const auto hosts = builder.add(VertexKind::root_complex, (domain.gpus + gpus_per_host_ - 1) / gpus_per_host_);
    const auto join_host = [&](std::uint32_t device, std::int64_t gpu) {
      builder.link(device, hosts[static_cast<std::size_t>(gpu / gpus_per_host_)], domain.pcie_bandwidth,
                   kRootComplexLatency / 2.0, Medium::pcie);
    };
    for (std::int64_t i = 0; i < domain.gpus; ++i) join_host(builder.add_host_port(i), i);
    for (std::int64_t i = 0; i < domain.nics; ++i) join_host(builder.nic(i), builder.gpu_beside_nic(i));
    return builder.take();
  }

 private:
  std::int64_t switches_ = 18;
  std::int64_t gpus_per_host_ = 4;
};

}  // namespace

std::unique_ptr<ScaleUpOption> make_nvl72() { return std::make_unique<Nvl72>(); }

}  // namespace tokenworks::topology
