// How the GPUs of one rack or server hang together inside: a family, one file an option, listed in
// scale_up_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/topology/graph.hpp"
#include "models/topology/topology_option.hpp"

namespace tokenworks::topology {

/// What stands in one scale-up domain. Bandwidths are those of one direction.
struct ScaleUpDomain {
  std::int64_t gpus = 8;
  std::int64_t nics = 8;
  BytesPerSecond scale_up_bandwidth{0};  ///< of one GPU over all its NVLinks; not used by pcie_server
  BytesPerSecond pcie_bandwidth{0};      ///< of one GPU or network card towards its host
};

class ScaleUpOption {
 public:
  virtual ~ScaleUpOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual std::vector<TopologyFault> faults(const ScaleUpDomain& domain) const = 0;
  /// Endpoints: the GPUs, then the network cards. GPU i sits near card i * nics / gpus. Throws std::invalid_argument
  /// when there are faults.
  virtual Graph build(const ScaleUpDomain& domain) const = 0;
};

/// `nvl72`, `hgx8`, `pcie_server`.
Options<ScaleUpOption> scale_up_options();

}  // namespace tokenworks::topology
