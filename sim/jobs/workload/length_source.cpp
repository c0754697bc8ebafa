#include "sim/jobs/workload/length_source.hpp"

#include <fmt/format.h>

namespace tokenworks::jobs {

LengthSource::LengthSource(const workload::LengthDistribution& input, const workload::LengthDistribution& output,
                           const workload::FindLengthTable& find_table, std::uint64_t seed,
                           std::string_view workload_name)
    : input_(input.sampler(find_table)),
      output_(output.sampler(find_table)),
      input_random_(random_stream(seed, fmt::format("workload/{}/input", workload_name))),
      output_random_(random_stream(seed, fmt::format("workload/{}/output", workload_name))) {}

}  // namespace tokenworks::jobs
