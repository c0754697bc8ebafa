// A GPU of the catalog: rated figures, where its kernel times stand, and board power by what the GPU does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/compute/kernel_spec.hpp"
#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::compute {

/// Board power while one class of operator runs, in watts.
struct BoardPower {
  Watts idle{0};     ///< no context
  Watts waiting{0};  ///< a model is loaded, nothing runs
  Watts memory_bound{0};
  Watts compute_bound{0};
  Watts attention{0};  ///< decode attention
  Watts communication{0};
  Watts limit{0};  ///< board power limit
  void visit(FieldVisitor& v);
};

struct GpuSpec {
  std::string title;
  Bytes memory{0};  ///< as the driver reports it
  GpuRatings ratings;
  double elementwise_bandwidth_share = 0.8;
  Seconds elementwise_kernel{3e-6};     ///< fixed part
  /// Catalog ids of kernel entries, best first: what the first does not hold is looked for in the next. Entries of
  /// another GPU are scaled by rated figures.
  std::vector<std::string> kernels;
  BoardPower power;
  std::string how = "measured_published";  ///< measured_here, measured_published, scaled, rated
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::compute
