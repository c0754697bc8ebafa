// A GPU of the catalog: rated figures, where its kernel times stand, and board power by what the GPU does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/compute/board_power.hpp"
#include "models/compute/kernel_spec.hpp"
#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/thermal/throttle.hpp"

namespace tokenworks::compute {

struct GpuSpec {
  std::string title;
  Bytes memory{0};  ///< as the driver reports it
  GpuRatings ratings;
  double elementwise_bandwidth_share = 0.8;
  Seconds elementwise_kernel{3e-6};  ///< fixed part
  /// Catalog ids of kernel entries, best first: what the first does not hold is looked for in the next. Entries of
  /// another GPU are scaled by rated figures.
  std::vector<std::string> kernels;
  BoardPower power;
  thermal::GpuTemperatureLimits temperature_limits;
  std::string how = "measured_published";  ///< measured_here, measured_published, scaled, rated
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::compute
