#include "tools/validation/cases/case_files.hpp"

#include <array>

namespace tokenworks::validation {

CaseSet read_collective_networks(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_collectives(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_expert_exchange(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_facility_sites(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_facility_states(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_inferencex_points(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_inferencex_published(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_low_concurrency_latency(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_mlenergy_llm(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_mlperf_inference(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_power_caps(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_power_runs(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_power_traces(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_splitwise_perf_model(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_trtllm_perf_overview(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_vllm_request_logs(const std::filesystem::path& path, scenario::FaultList& faults);

std::span<const CaseFile> case_files() {
  static constexpr std::array kFiles = {
      CaseFile{"inferencex", "inferencex_points.csv", "TTFT, TPOT and throughput of closed loops, one pool",
               read_inferencex_points},
      CaseFile{"inferencex_published", "inferencex_published.csv", "throughput printed in posts",
               read_inferencex_published},
      CaseFile{"trtllm", "trtllm_perf_overview.csv", "maximum throughput of TensorRT-LLM", read_trtllm_perf_overview},
      CaseFile{"mlperf", "mlperf_inference_llm.csv", "MLPerf throughput and wall power", read_mlperf_inference},
      CaseFile{"mlenergy", "mlenergy_llm.csv", "GPU power, time between tokens, throughput by batch",
               read_mlenergy_llm},
      CaseFile{"vllm_logs", "vllm_request_logs", "single requests of replayed logs", read_vllm_request_logs},
      CaseFile{"splitwise", "splitwise_perf_model.csv", "prompt and token times of fixed batches",
               read_splitwise_perf_model},
      CaseFile{"low_concurrency", "low_concurrency_latency.csv", "one user at a time", read_low_concurrency_latency},
      CaseFile{"collectives", "aic_kernels/collectives_intranode.csv.gz", "closed forms of collectives inside a node",
               read_collectives},
      CaseFile{"collective_networks", "vidur_profiling", "collectives and sends in and between nodes",
               read_collective_networks},
      CaseFile{"expert_exchange", "aic_kernels", "tokens to experts on other nodes and back", read_expert_exchange},
      CaseFile{"power_caps", "mlperf_inference_llm.csv", "MLPerf on H200 under caps on GPU power and without",
               read_power_caps},
      CaseFile{"server_idle", "power_traces/index.csv", "wall power of idle servers", read_power_traces},
      CaseFile{"power_traces", "power_traces/index.csv", "wall power of whole runs: average and 95 % of seconds",
               read_power_runs},
      CaseFile{"facility", "", "PUE and WUE of published sites", read_facility_sites},
      CaseFile{"facility_states", "", "hours by mode, PUE and water beside those of another model",
               read_facility_states},
  };
  return kFiles;
}

std::span<const UnusedFile> unused_files() {
  static constexpr std::array kFiles = {
      UnusedFile{"training_iteration_times.csv", "training is not simulated yet"},
      UnusedFile{"nemo_training_throughput.csv", "training is not simulated yet"},
      UnusedFile{"mlperf_training_llm.csv", "training is not simulated yet"},
      UnusedFile{"inferencex_power.csv", "averages include idle gaps of unknown length"},
      UnusedFile{"inferencex_decode_position.csv", "the GPU is not stated"},
      UnusedFile{"agentx_h200_glm52.csv", "how its GPUs are split over pools is not stated"},
  };
  return kFiles;
}

}  // namespace tokenworks::validation
