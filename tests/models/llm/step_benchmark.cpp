// Nanoseconds of one iteration time on a warm table, and of one that is asked for the first time:
//   cmake --build build/dev --target step_benchmark && build/dev/bin/step_benchmark
#include <benchmark/benchmark.h>

#include <boost/random/uniform_int_distribution.hpp>

#include "models/core/random.hpp"
#include "models/llm/step_model.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/kernel_entries.hpp"

namespace {

using namespace tokenworks;

struct Built {
  Built(const char* gpu_id, const char* model_id, llm::Precision precision, llm::Parallelism parallelism)
      : gpu(tests::catalog_entry<compute::GpuSpec>("gpus", gpu_id)),
        model(tests::catalog_entry<llm::LlmSpec>("models", model_id)),
        step({.gpu = gpu,
              .kernels = tests::kernel_entries(gpu),
              .model = model,
              .precision = precision,
              .kv_format = llm::usual_kv_format(precision),
              .parallelism = parallelism,
              .variant = {.kernel_library = "tensorrt_llm", .collective_libraries = {"tensorrt_llm", "nccl"}},
              .host = {1e-4, 6e-6}},
             notes) {}
  ValidityNotes notes;
  compute::GpuSpec gpu;
  llm::LlmSpec model;
  llm::StepModel step;
};

/// A mixed step: a batch of decoding sequences and a chunk of a prompt.
std::int64_t iteration_ps(llm::StepModel& step, std::int64_t sequences, std::int64_t context, std::int64_t prompt) {
  const llm::DecodeAttention& attention = step.decode_attention(sequences, sequences * context);
  return step.tokens(sequences + prompt).duration_ps + step.head(sequences + 1).duration_ps +
         step.host(sequences + 1).duration_ps + attention.fixed.duration_ps +
         attention.ps_per_full_token * sequences * context + step.prompt_launch().duration_ps +
         step.prompt_attention(0, prompt).duration_ps;
}

void warm_iteration(benchmark::State& state, Built built) {
  RandomEngine random = random_stream(1, "benchmark");
  boost::random::uniform_int_distribution<std::int64_t> sequences(1, 256), context(100, 8000), prompt(1, 4096);
  struct Size {
    std::int64_t sequences, context, prompt;
  };
  std::vector<Size> sizes;
  for (int i = 0; i < 1024; ++i) sizes.push_back({sequences(random), context(random), prompt(random)});
  for (const Size& size : sizes) iteration_ps(built.step, size.sequences, size.context, size.prompt);
  std::size_t next = 0;
  for (auto unused : state) {
    (void)unused;
    const Size& size = sizes[next++ % sizes.size()];
    benchmark::DoNotOptimize(iteration_ps(built.step, size.sequences, size.context, size.prompt));
  }
}

void first_iteration(benchmark::State& state, const char* gpu, const char* model, llm::Precision precision,
                     llm::Parallelism parallelism) {
  std::int64_t next = 0;
  auto built = std::make_unique<Built>(gpu, model, precision, parallelism);
  for (auto unused : state) {
    (void)unused;
    if (++next > 250) {  // beyond 256 tokens sizes share a grid
      state.PauseTiming();
      built = std::make_unique<Built>(gpu, model, precision, parallelism);
      next = 1;
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(built->step.tokens(next).duration_ps);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using llm::Precision;
  const auto warm = [](const char* name, auto... what) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { warm_iteration(state, Built(what...)); });
  };
  const auto first = [](const char* name, auto... what) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { first_iteration(state, what...); });
  };
  warm("warm/llama_3_1_70b_4_h100", "h100_sxm5", "llama_3_1_70b", Precision::fp8, llm::Parallelism{.tensor = 4});
  warm("warm/gpt_oss_120b_h200", "h200_sxm5", "gpt_oss_120b", Precision::fp4, llm::Parallelism{});
  warm("warm/deepseek_r1_8_b200", "b200_sxm", "deepseek_r1", Precision::fp8, llm::Parallelism{.tensor = 8});
  first("first/llama_3_1_70b_4_h100", "h100_sxm5", "llama_3_1_70b", Precision::fp8, llm::Parallelism{.tensor = 4});
  first("first/deepseek_r1_8_b200", "b200_sxm", "deepseek_r1", Precision::fp8, llm::Parallelism{.tensor = 8});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
