// One row of inferencex_points.csv: a closed loop of `concurrency` users against one deployment.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/llm/parallelism.hpp"
#include "sim/scenario/fault.hpp"

namespace tokenworks::validation {

struct InferencexRow {
  std::size_t line = 0;
  bool gap_analysis = false;  ///< a benchmark of NVIDIA's with fixed lengths, not an InferenceX run
  std::string date;           ///< "2026-03-25"; empty when not printed
  std::string engine, version;
  std::string model;      ///< as printed
  std::string system;     ///< "h200_sxm"
  std::string precision;  ///< "bf16" where the file prints nothing (it fits the weight bandwidth)
  bool disaggregated = false;
  double isl = 0, osl = 0;  ///< nominal tokens
  std::optional<double> concurrency;
  double tp = 1, attention_dp = 1, moe_tp = 1, moe_ep = 1;  ///< as printed; 0 and nothing read as 1
  double ttft_s = 0, tpot_s = 0;
  bool ttft_counts = true;  ///< false: a rule found the TTFT not to be the engine's

  llm::Parallelism parallelism{};  ///< what the labels mean (see true_parallelism)

  bool is_deepseek_r1() const;
};

/// Every row of the file, disaggregated ones too.
std::vector<InferencexRow> read_inferencex_rows(const std::filesystem::path& path, scenario::FaultList& faults);

/// What the printed degrees mean. Rows of InferenceX with experts both split and spread carry their degrees multiplied
/// once too often: 64 x 8 means 8; rows with attention copies carry tp = copies and experts over tp x copies GPUs.
llm::Parallelism true_parallelism(const InferencexRow& row);

}  // namespace tokenworks::validation
