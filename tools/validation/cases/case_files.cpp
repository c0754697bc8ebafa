#include "tools/validation/cases/case_files.hpp"

#include <array>

namespace tokenworks::validation {

CaseSet read_inferencex_points(const std::filesystem::path& path, scenario::FaultList& faults);

std::span<const CaseFile> case_files() {
  static constexpr std::array kFiles = {
      CaseFile{"inferencex", "inferencex_points.csv", "TTFT, TPOT and throughput of closed loops, aggregated serving",
               read_inferencex_points},
  };
  return kFiles;
}

std::span<const UnusedFile> unused_files() {
  static constexpr std::array kFiles = {
      UnusedFile{"training_iteration_times.csv", "training is not simulated yet"},
      UnusedFile{"nemo_training_throughput.csv", "training is not simulated yet"},
      UnusedFile{"mlperf_training_llm.csv", "training is not simulated yet"},
  };
  return kFiles;
}

}  // namespace tokenworks::validation
