// Question: how long do the products of real layers take, by format and rows? Weights are cold, as in a model whose
// layers follow each other; inputs and results are warm.
#include "gpu_calibration/benches/lt_product.cuh"
#include "gpu_calibration/plan/matrix_plan.hpp"

namespace tokenworks::gpu_calibration {
namespace {

void measure_point(Workbench& bench, LtLibrary& library, const std::string& format, const MatrixPoint& point) {
  LtProduct product(library, format, {point.rows, point.columns, point.inner});
  const Rotation weights(bench.operands, product.weight_bytes());
  if (!weights.fits() || product.input_bytes() > bench.inputs.bytes() ||
      product.output_bytes() > bench.results.bytes()) {
    return;
  }
  if (product.candidates() == 0) return bench.session.note("cuBLASLt offers no algorithm for some shapes in " + format);
  const void* input = bench.inputs.as<void>();
  void* output = bench.results.as<void>();
  choose_fastest(product, bench.stopwatch, weights, input, output);
  const Timing timing = bench.stopwatch.measure(
      [&](cudaStream_t stream, int round) { product.run(stream, weights.slice<void>(round), input, output); });
  bench.session.record("matrix_product", {"cublaslt", format}, {point.rows, point.columns, point.inner}, timing);
}

}  // namespace

void measure_matrix_products(Workbench& bench) {
  LtLibrary library;
  std::vector<std::string> formats;
  for (const std::string& format : product_formats(bench.device)) {
    try {
      attempt(bench, "the check of " + format, [&] {
        check_product(library, format, bench.stopwatch.stream());
        formats.push_back(format);
      });
    } catch (const WrongAnswer& wrong) {
      bench.session.note(std::string("not measured: ") + wrong.what());
    }
  }
  const auto passes = matrix_passes();
  for (std::size_t pass = 0; pass < bench.session.passes(passes.size()); ++pass) {
    for (const std::string& format : formats) {
      // fp16 runs on the same units at the rate of bf16: the first pass is enough to show it.
      if (format == "fp16" && pass > 0) continue;
      fill_random(bench.operands.as<void>(), bench.operands.bytes(), format, 1);
      fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), format, 2);
      for (const MatrixPoint& point : passes[pass]) {
        if (!bench.session.time_left()) return;
        attempt(bench, "products of " + format, [&] { measure_point(bench, library, format, point); });
      }
      bench.session.note_throttling("products of " + format);
    }
  }
}

void measure_batched_products(Workbench& bench) {
  LtLibrary library;
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
  fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), "bf16", 2);
  const auto measure_batch = [&](const BatchedPoint& point) {
    LtProduct product(library, "bf16", {point.rows, point.columns, point.inner, point.batches});
    const Rotation weights(bench.operands, product.weight_bytes());
    if (product.candidates() == 0 || !weights.fits() || product.input_bytes() > bench.inputs.bytes() ||
        product.output_bytes() > bench.results.bytes()) {
      return;
    }
    void* output = bench.results.as<void>();
    choose_fastest(product, bench.stopwatch, weights, bench.inputs.as<void>(), output);
    const Timing timing = bench.stopwatch.measure([&](cudaStream_t stream, int round) {
      product.run(stream, weights.slice<void>(round), bench.inputs.as<void>(), output);
    });
    bench.session.record("batched_product", {"cublaslt", "bf16"},
                         {point.batches, point.rows, point.columns, point.inner}, timing);
  };
  for (const BatchedPoint& point : batched_points()) {
    if (!bench.session.time_left()) return;
    attempt(bench, "batched products", [&] { measure_batch(point); });
  }
}

}  // namespace tokenworks::gpu_calibration
