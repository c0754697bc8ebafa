// How long prompts and answers are: a family, one file an option, listed in length_options.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/random.hpp"

namespace tokenworks::workload {

/// A catalog entry: a distribution of token counts by its quantiles.
struct LengthTable {
  std::string title;
  std::vector<double> shares;  ///< 0 .. 1, rising
  std::vector<double> tokens;  ///< at those shares, not falling
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

/// The largest count of tokens that a request can have.
inline constexpr std::int64_t kMostTokens = std::numeric_limits<std::int32_t>::max();

/// Draws one length.
class LengthSampler {
 public:
  virtual ~LengthSampler() = default;
  virtual std::int32_t draw(RandomEngine& random) = 0;  ///< >= 1
};

/// Finds a catalog table by name; never null for a name that the reader has accepted.
using FindLengthTable = std::function<const LengthTable*(const std::string& name)>;

class LengthDistribution {
 public:
  virtual ~LengthDistribution() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument when the fields, each allowed by itself, do not fit together.
  virtual std::unique_ptr<LengthSampler> sampler(const FindLengthTable& find_table) const = 0;
};

/// `fixed`, `uniform_share`, `geometric`, `lognormal`, `table` {name from catalog "lengths"}.
Options<LengthDistribution> length_options();

}  // namespace tokenworks::workload
