// Question: how long do norm, rotation, activation, sampling, embedding and quantisation take?
//
// Inputs are warm, as the kernel before has just written them; the embedding table is cold. `width` is that of the
// result (of the logits for sampling).
#include "gpu_calibration/benches/workbench.cuh"
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/kernels/small_kernels.cuh"

namespace tokenworks::gpu_calibration {
namespace {

using Bf16 = __nv_bfloat16;

void check_norm(Workbench& bench) {
  constexpr int kRows = 5, kWidth = 4096;
  const auto input = random_elements<Bf16>(kRows * kWidth, 1), residual = random_elements<Bf16>(kRows * kWidth, 2);
  const auto weight = random_elements<Bf16>(kWidth, 3);
  const DeviceMemory on_device[] = {uploaded(input), uploaded(residual), uploaded(weight)};
  const DeviceMemory output(input.size() * sizeof(Bf16));
  add_rms_norm<<<kRows, 512, 0, bench.stopwatch.stream()>>>(on_device[0].as<Bf16>(), on_device[1].as<Bf16>(),
                                                            on_device[2].as<Bf16>(), output.as<Bf16>(), kWidth);
  TOKENWORKS_LAUNCHED();
  TOKENWORKS_CUDA(cudaStreamSynchronize(bench.stopwatch.stream()));
  std::vector<float> expected;
  for (int row = 0; row < kRows; ++row) {
    double squares = 0;
    const auto sum = [&](int i) {
      return static_cast<double>(static_cast<float>(input[row * kWidth + i])) +
             static_cast<float>(residual[row * kWidth + i]);
    };
    for (int i = 0; i < kWidth; ++i) squares += sum(i) * sum(i);
    for (int i = 0; i < kWidth; ++i) {
      expected.push_back(
          static_cast<float>(sum(i) / std::sqrt(squares / kWidth + 1e-5) * static_cast<float>(weight[i])));
    }
  }
  require_small_error("the norm",
                      largest_error(widened_elements(downloaded(output.as<Bf16>(), input.size())), expected),
                      kAllowedError);
}

/// Buffers of one shape in the memory of results, one after the other.
class Layout {
 public:
  explicit Layout(const DeviceMemory& memory) : memory_(memory) {}
  template <class Element>
  Element* take(std::int64_t count) {
    const std::size_t at = used_;
    used_ += (static_cast<std::size_t>(count) * sizeof(Element) + 255) / 256 * 256;
    return used_ <= memory_.bytes() ? reinterpret_cast<Element*>(memory_.bytes_at(at)) : nullptr;
  }

 private:
  const DeviceMemory& memory_;
  std::size_t used_ = 0;
};

Timing warm(Workbench& bench, const Work& work) {
  MeasureOptions options;
  options.cold = false;
  return bench.stopwatch.measure(work, options);
}

void record(Workbench& bench, const char* operation, std::int64_t rows, std::int64_t width, const Work& work) {
  bench.session.record("elementwise", {operation}, {rows, width}, warm(bench, work));
}

void measure_norm(Workbench& bench, int rows, int width) {
  Layout layout(bench.results);
  auto *input = layout.take<Bf16>(std::int64_t{rows} * width),
       *residual = layout.take<Bf16>(std::int64_t{rows} * width),
       *output = layout.take<Bf16>(std::int64_t{rows} * width), *weight = layout.take<Bf16>(width);
  if (weight == nullptr) return;
  // The residual grows from round to round and must stay finite: nothing is added.
  TOKENWORKS_CUDA(cudaMemset(input, 0, std::size_t{2} * rows * width));
  record(bench, "rms_norm", rows, width, [=](cudaStream_t stream, int) {
    add_rms_norm<<<rows, 512, 0, stream>>>(input, residual, weight, output, width);
    TOKENWORKS_LAUNCHED();
  });
}

void measure_rotation(Workbench& bench, int rows, int width) {
  Layout layout(bench.results);
  auto* angles = layout.take<float2>(std::int64_t{rows} * 64);
  auto* heads = layout.take<Bf16>(std::int64_t{rows} * width);
  if (heads == nullptr) return;
  TOKENWORKS_CUDA(cudaMemset(angles, 0, sizeof(float2) * 64 * static_cast<std::size_t>(rows)));
  record(bench, "rotate", rows, width, [=](cudaStream_t stream, int) {
    rotate_heads<<<rows, 256, 0, stream>>>(heads, angles, width, 128);
    TOKENWORKS_LAUNCHED();
  });
}

void measure_activation(Workbench& bench, int rows, int width) {
  Layout layout(bench.results);
  auto* input = layout.take<Bf16>(std::int64_t{rows} * 2 * width);
  auto* output = layout.take<Bf16>(std::int64_t{rows} * width);
  if (output == nullptr) return;
  const unsigned blocks = std::min<unsigned>(8u * static_cast<unsigned>(bench.device.multiprocessors),
                                             whole_blocks(std::int64_t{rows} * width / 8, 256));
  record(bench, "gated_activation", rows, width, [=](cudaStream_t stream, int) {
    gated_activation<<<blocks, 256, 0, stream>>>(input, output, rows, width);
    TOKENWORKS_LAUNCHED();
  });
}

void measure_embedding(Workbench& bench, int rows, int width) {
  constexpr int kVocabulary = 128256;  // Llama 3.1
  const Rotation tables(bench.operands, std::size_t{2} * kVocabulary * static_cast<std::size_t>(width));
  Layout layout(bench.results);
  auto* output = layout.take<Bf16>(std::int64_t{rows} * width);
  if (!tables.fits() || output == nullptr) return;
  std::vector<int> tokens(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int>(i * 48271 % kVocabulary);
  const DeviceMemory on_device = uploaded(tokens);
  record(bench, "embedding", rows, width, [&](cudaStream_t stream, int round) {
    gather_embeddings<<<rows, 256, 0, stream>>>(tables.slice<Bf16>(round), on_device.as<int>(), output, width);
    TOKENWORKS_LAUNCHED();
  });
}

void measure_sampling(Workbench& bench, int rows, int vocabulary) {
  Layout layout(bench.results);
  auto* logits = layout.take<float>(std::int64_t{rows} * vocabulary);
  auto* uniform = layout.take<float>(rows);
  auto* tokens = layout.take<int>(rows);
  if (tokens == nullptr) return;
  fill_random(logits, sizeof(float) * static_cast<std::size_t>(rows) * static_cast<std::size_t>(vocabulary), "fp32", 5);
  TOKENWORKS_CUDA(cudaMemset(uniform, 0, sizeof(float) * static_cast<std::size_t>(rows)));
  record(bench, "sample_top_p", rows, vocabulary, [=](cudaStream_t stream, int) {
    sample_top_p<<<rows, 1024, 0, stream>>>(logits, uniform, tokens, vocabulary, 0.9f);
    TOKENWORKS_LAUNCHED();
  });
  const std::vector<int> drawn = downloaded(tokens, static_cast<std::size_t>(rows));
  for (const int token : drawn) {
    if (token < 0 || token >= vocabulary) throw WrongAnswer("sampling draws token " + std::to_string(token));
  }
}

void measure_quantisation(Workbench& bench, int rows, int width) {
  Layout layout(bench.results);
  auto* input = layout.take<Bf16>(std::int64_t{rows} * width);
  auto* output = layout.take<__nv_fp8_e4m3>(std::int64_t{rows} * width);
  auto* scales = layout.take<float>(rows);
  if (scales == nullptr) return;
  const Timing timing = warm(bench, [=](cudaStream_t stream, int) {
    quantise_rows<<<rows, 256, 0, stream>>>(input, output, scales, width);
    TOKENWORKS_LAUNCHED();
  });
  bench.session.record("quantise", {"tokenworks", "fp8"}, {rows, width}, timing);
}

}  // namespace

void measure_small_kernels(Workbench& bench) {
  check_norm(bench);
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
  struct Series {
    void (*measure)(Workbench&, int rows, int width);
    std::vector<int> widths, rows;
  };
  const std::vector<int> rows = {1, 16, 128, 1024, 8192};
  const Series all[] = {
      {measure_norm, {4096, 7168, 8192, 16384}, rows},
      {measure_rotation, {1280, 5120, 9216}, rows},      // 8 + 2, 32 + 8 and 64 + 8 heads of 128
      {measure_activation, {3584, 14336, 28672}, rows},  // Llama 3.1: 8B over 4, 8B, 70B
      {measure_embedding, {4096, 8192}, rows},
      {measure_sampling, {128256, 151936}, {1, 16, 64, 256}},  // Llama 3.1, Qwen3
      {measure_quantisation, {4096, 8192, 16384}, rows},
  };
  for (const Series& series : all) {
    fill_random(bench.results.as<void>(), bench.results.bytes(), "bf16", 2);
    for (const int width : series.widths) {
      for (const int count : series.rows) {
        if (!bench.session.time_left()) return;
        attempt(bench, "small kernels", [&] { series.measure(bench, count, width); });
      }
    }
  }
}

}  // namespace tokenworks::gpu_calibration
