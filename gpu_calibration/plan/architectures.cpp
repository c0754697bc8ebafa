#include "gpu_calibration/plan/architectures.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr MeasuredArchitecture kArchitectures[] = {
    {"llama_3_1_8b", "meta-llama/Llama-3.1-8B config.json", 4096, 14336, 128256, 32, 8, 128, {}, {}},
    {"qwen3_32b", "Qwen/Qwen3-32B config.json", 5120, 25600, 151936, 64, 8, 128, {}, {}},
    {"llama_3_1_70b", "meta-llama/Llama-3.1-70B config.json", 8192, 28672, 128256, 64, 8, 128, {}, {}},
    {"gpt_oss_120b", "openai/gpt-oss-120b config.json", 2880, 0, 201088, 64, 8, 64, {}, {128, 4, 2880}},
    {"qwen3_235b_a22b", "Qwen/Qwen3-235B-A22B config.json", 4096, 0, 151936, 64, 4, 128, {}, {128, 8, 1536}},
    {"llama_3_1_405b", "meta-llama/Llama-3.1-405B config.json", 16384, 53248, 128256, 128, 8, 128, {}, {}},
    {"deepseek_r1",
     "deepseek-ai/DeepSeek-R1 config.json",
     7168,
     18432,
     129280,
     128,
     0,
     0,
     {1536, 512, 64, 128, 128},
     {256, 8, 2048}},
};

}  // namespace

std::span<const MeasuredArchitecture> measured_architectures() { return kArchitectures; }

}  // namespace tokenworks::gpu_calibration
