#include "tools/validation/names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tokenworks::validation {
namespace {

struct ModelName {
  std::string_view name, id;
};

/// Checkpoints that differ in training only share an entry: same shapes, same times.
constexpr std::array kModels = {
    ModelName{"meta-llama/Llama-3.1-70B", "llama_3_1_70b"},
    ModelName{"meta-llama/Llama-3.1-70B-Instruct", "llama_3_1_70b"},
    ModelName{"meta-llama/Llama-3.3-70B-Instruct", "llama_3_1_70b"},
    ModelName{"Llama-3.3-70B-Instruct", "llama_3_1_70b"},
    ModelName{"Llama 3.3 70B", "llama_3_1_70b"},
    ModelName{"Llama-3.3 70B", "llama_3_1_70b"},
    ModelName{"Llama v3.3 70B", "llama_3_1_70b"},
    ModelName{"Llama 3.1 70B", "llama_3_1_70b"},
    ModelName{"meta-llama/Llama-3.1-8B", "llama_3_1_8b"},
    ModelName{"meta-llama/Llama-3.1-8B-Instruct", "llama_3_1_8b"},
    ModelName{"nvidia/Llama-3.1-8B-Instruct-FP8", "llama_3_1_8b"},
    ModelName{"Llama 3.1 8B", "llama_3_1_8b"},
    ModelName{"Llama v3.1 8B", "llama_3_1_8b"},
    ModelName{"llama3.1-8b", "llama_3_1_8b"},
    ModelName{"meta-llama/Llama-3.1-405B-Instruct", "llama_3_1_405b"},
    ModelName{"meta-llama/Llama-3.1-405B-Instruct-FP8", "llama_3_1_405b"},
    ModelName{"Llama 3.1 405B", "llama_3_1_405b"},
    ModelName{"Llama v3.1 405B", "llama_3_1_405b"},
    ModelName{"llama3.1-405b", "llama_3_1_405b"},
    ModelName{"llama2-70b", "llama_2_70b"},
    ModelName{"bloom-176b", "bloom_176b"},
    ModelName{"gptj", "gpt_j_6b"},
    ModelName{"google/gemma-3-12b-it", "gemma_3_12b"},
    ModelName{"google/gemma-3-27b-it", "gemma_3_27b"},
    ModelName{"nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nemotron_nano_9b_v2"},
    ModelName{"nvidia/NVIDIA-Nemotron-Nano-12B-v2", "nemotron_nano_12b_v2"},
    ModelName{"mixtral-8x7b", "mixtral_8x7b"},
    ModelName{"openai/gpt-oss-120b", "gpt_oss_120b"},
    ModelName{"gpt-oss-120b", "gpt_oss_120b"},
    ModelName{"GPT-OSS 120B", "gpt_oss_120b"},
    ModelName{"openai/gpt-oss-20b", "gpt_oss_20b"},
    ModelName{"gpt-oss-20b", "gpt_oss_20b"},
    ModelName{"GPT-OSS 20B", "gpt_oss_20b"},
    ModelName{"deepseek-ai/DeepSeek-R1", "deepseek_r1"},
    ModelName{"deepseek-ai/DeepSeek-R1-0528", "deepseek_r1"},
    ModelName{"DeepSeek-R1-0528", "deepseek_r1"},
    ModelName{"DeepSeek-R1", "deepseek_r1"},
    ModelName{"DeepSeek R1", "deepseek_r1"},
    ModelName{"DeepSeek R1 0528", "deepseek_r1"},
    ModelName{"deepseek-r1", "deepseek_r1"},
    ModelName{"nvidia/DeepSeek-R1-NVFP4", "deepseek_r1"},
    ModelName{"nvidia/DeepSeek-V3.1-NVFP4", "deepseek_v3"},
    ModelName{"deepseek-ai/DeepSeek-V3.1", "deepseek_v3"},
    ModelName{"deepseek-ai/DeepSeek-V3.2", "deepseek_v3_2"},
    ModelName{"moonshotai/Kimi-K2.5", "kimi_k2_5"},
    ModelName{"MiniMaxAI/MiniMax-M2.5", "minimax_m2_5"},
    ModelName{"zhipuai/GLM-5", "glm_5"},
    ModelName{"zai-org/GLM-5-FP8", "glm_5"},
    ModelName{"Qwen/Qwen3.5-397B-A17B", "qwen3_5_397b_a17b"},
    ModelName{"Qwen/Qwen3-235B-A22B", "qwen3_235b_a22b"},
    ModelName{"Qwen/Qwen3-235B-A22B-FP8", "qwen3_235b_a22b"},
    ModelName{"Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3_235b_a22b"},
    ModelName{"Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3_235b_a22b"},
    ModelName{"Qwen/Qwen3-235B-A22B-Thinking-2507", "qwen3_235b_a22b"},
    ModelName{"Qwen/Qwen3-235B-A22B-Thinking-2507-FP8", "qwen3_235b_a22b"},
    ModelName{"Qwen3 235B A22B", "qwen3_235b_a22b"},
    ModelName{"Qwen3-235B-A22B", "qwen3_235b_a22b"},
    ModelName{"Qwen3 30B A3B", "qwen3_30b_a3b"},
    ModelName{"Qwen3-30B-A3B", "qwen3_30b_a3b"},
    ModelName{"Qwen/Qwen3-30B-A3B", "qwen3_30b_a3b"},
    ModelName{"Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3_30b_a3b"},
    ModelName{"Qwen/Qwen3-30B-A3B-Thinking-2507", "qwen3_30b_a3b"},
    ModelName{"Qwen/Qwen3-32B", "qwen3_32b"},
    ModelName{"nvidia/Qwen3-32B-NVFP4", "qwen3_32b"},
    ModelName{"Qwen/Qwen3-8B", "qwen3_8b"},
    ModelName{"Qwen/Qwen3-14B", "qwen3_14b"},
    ModelName{"Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3_coder_480b_a35b"},
    ModelName{"Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen3_coder_480b_a35b"},
    ModelName{"Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3_30b_a3b"},
    ModelName{"Qwen2.5-72B-Instruct", "qwen2_5_72b"},
    ModelName{"Llama 4 Scout", "llama_4_scout"},
    ModelName{"Llama 4 Maverick", "llama_4_maverick"},
};

struct GpuName {
  std::string_view name, gpu, rack_kind;
  std::int64_t gpus_per_rack;
};

/// Names are compared without regard to case, blanks, dashes and underscores.
constexpr std::array kGpus = {
    GpuName{"h100_sxm", "h100_sxm", "dgx_h100", 8},
    GpuName{"h100", "h100_sxm", "dgx_h100", 8},
    GpuName{"h100-80gb", "h100_sxm", "dgx_h100", 8},
    GpuName{"h100 80gb", "h100_sxm", "dgx_h100", 8},
    GpuName{"h200_sxm", "h200_sxm", "dgx_h200", 8},
    GpuName{"h200", "h200_sxm", "dgx_h200", 8},
    GpuName{"h200 141gb", "h200_sxm", "dgx_h200", 8},
    GpuName{"b200_sxm", "b200_sxm", "dgx_b200", 8},
    GpuName{"b200", "b200_sxm", "dgx_b200", 8},
    GpuName{"b200 180gb", "b200_sxm", "dgx_b200", 8},
    GpuName{"b300_sxm", "b300_sxm", "dgx_b300", 8},
    GpuName{"b300", "b300_sxm", "dgx_b300", 8},
    GpuName{"gb200", "gb200", "gb200_nvl72", 72},
    GpuName{"gb200 192gb", "gb200", "gb200_nvl72", 72},
    GpuName{"gb300", "gb300", "gb300_nvl72", 72},
    GpuName{"mi300x", "mi300x", "mi300x_8x", 8},
    GpuName{"mi355x", "mi355x", "mi355x_8x", 8},
    GpuName{"a100", "a100", "dgx_a100", 8},
    GpuName{"a100-80gb", "a100", "dgx_a100", 8},
    GpuName{"l40s", "l40s", "pcie_server_8x_l40s", 8},
    GpuName{"rtx pro 6000", "rtx_pro_6000", "pcie_server_8x_rtx_pro_6000", 8},
    GpuName{"rtx6000pro", "rtx_pro_6000", "pcie_server_8x_rtx_pro_6000", 8},
    GpuName{"rtxpro6000", "rtx_pro_6000", "pcie_server_8x_rtx_pro_6000", 8},
    GpuName{"rtx4090", "rtx_4090", "pcie_server_8x_rtx_4090", 8},
};

std::string comparable(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c != ' ' && c != '-' && c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::optional<std::string> model_id(std::string_view name) {
  const std::string wanted = comparable(name);
  for (const ModelName& model : kModels) {
    if (comparable(model.name) == wanted) return std::string(model.id);
  }
  return std::nullopt;
}

std::string weight_precision(std::string_view model_id, std::string_view printed) {
  const std::string name = comparable(printed);
  if (model_id.starts_with("gpt_oss") || name == "mxfp4" || name == "nvfp4" || name == "int4") return "fp4";
  if (name == "bfloat16" || name == "float16" || name == "fp16" || name.empty()) return "bf16";
  return name;
}

std::optional<Host> host_of(std::string_view gpu) {
  const std::string wanted = comparable(gpu);
  for (const GpuName& known : kGpus) {
    if (comparable(known.name) == wanted)
      return Host{std::string(known.gpu), std::string(known.rack_kind), known.gpus_per_rack};
  }
  return std::nullopt;
}

std::string chassis_of(std::string_view system, const std::string& usual) {
  // Lenovo's SR780a V3 is cooled by water, its SR680a V3 by air (MLPerf Inference v5.1 and Training v5.0 systems).
  return system.find("SR780a") != system.npos ? "b200_8x_liquid" : usual;
}

}  // namespace tokenworks::validation
