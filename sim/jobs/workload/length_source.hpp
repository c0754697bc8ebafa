// Lengths of the requests of one workload, drawn pair by pair.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "models/workload/length_distribution.hpp"

namespace tokenworks::jobs {

/// Input and output lengths from two streams of random numbers, "workload/<name>/input" and "workload/<name>/output".
class LengthSource {
 public:
  struct Lengths {
    std::int32_t input_tokens = 0;   ///< >= 1
    std::int32_t output_tokens = 0;  ///< >= 1
  };

  LengthSource(const workload::LengthDistribution& input, const workload::LengthDistribution& output,
               const workload::FindLengthTable& find_table, std::uint64_t seed, std::string_view workload_name);

  Lengths draw() { return {input_->draw(input_random_), output_->draw(output_random_)}; }

 private:
  std::unique_ptr<workload::LengthSampler> input_, output_;
  RandomEngine input_random_, output_random_;
};

}  // namespace tokenworks::jobs
