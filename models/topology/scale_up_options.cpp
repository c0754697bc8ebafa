#include "models/topology/scale_up_option.hpp"

namespace tokenworks::topology {

std::unique_ptr<ScaleUpOption> make_nvl72();
std::unique_ptr<ScaleUpOption> make_hgx8();
std::unique_ptr<ScaleUpOption> make_pcie_server();

Options<ScaleUpOption> scale_up_options() {
  static constexpr Option<ScaleUpOption> kOptions[] = {
      {"nvl72", "GPUs of a whole rack behind NVLink switches, a host for every few of them", make_nvl72},
      {"hgx8", "GPUs of a server behind NVSwitch chips, pairs of them behind PCIe switches", make_hgx8},
      {"pcie_server", "GPUs joined by PCIe alone, with or without peer-to-peer transfers", make_pcie_server},
  };
  return kOptions;
}

}  // namespace tokenworks::topology
