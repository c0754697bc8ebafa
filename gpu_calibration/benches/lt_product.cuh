// A matrix product by cuBLASLt as a linear layer calls it: rows of inputs times the transpose of a weight matrix.
#pragma once

#include <optional>
#include <string>

#include "gpu_calibration/benches/workbench.cuh"

namespace tokenworks::gpu_calibration {

struct ProductShape {
  std::int64_t rows = 0, columns = 0, inner = 0;
  std::int64_t batches = 1;
};

/// Formats that this GPU and this CUDA multiply, of bf16, fp16, fp8 (e4m3, one scale a tensor, fast accumulation) and
/// nvfp4 (one e4m3 scale a 16 numbers).
std::vector<std::string> product_formats(const DeviceFacts& device);

/// The library's handle, its workspace, and scales of one.
class LtLibrary {
 public:
  LtLibrary();
  ~LtLibrary();
  LtLibrary(const LtLibrary&) = delete;
  LtLibrary& operator=(const LtLibrary&) = delete;

  cublasLtHandle_t handle() const { return handle_; }
  void* workspace() const { return workspace_.as<void>(); }
  std::size_t workspace_bytes() const { return workspace_.bytes(); }
  const void* tensor_scale() const { return tensor_scale_.as<void>(); }
  /// At least `count` block scales, each 1.0.
  const void* block_scales(std::size_t count);

 private:
  cublasLtHandle_t handle_ = nullptr;
  DeviceMemory workspace_, tensor_scale_, block_scales_;
};

class LtProduct {
 public:
  LtProduct(LtLibrary& library, const std::string& format, const ProductShape& shape);
  ~LtProduct();
  LtProduct(const LtProduct&) = delete;
  LtProduct& operator=(const LtProduct&) = delete;

  /// How many algorithms the heuristic proposes, at most 4; the best first by its own estimate.
  int candidates() const { return found_; }
  void choose(int candidate) { chosen_ = candidate; }

  /// output [batch][row][column] from input [batch][row][inner] and weights [batch][column][inner].
  void run(cudaStream_t stream, const void* weights, const void* input, void* output) const;

  std::size_t weight_bytes() const;
  std::size_t input_bytes() const;
  std::size_t output_bytes() const;

 private:
  static constexpr int kMostCandidates = 4;
  LtLibrary& library_;
  ProductShape shape_;
  int bits_;
  cublasLtMatmulDesc_t description_ = nullptr;
  cublasLtMatrixLayout_t weights_ = nullptr, input_ = nullptr, output_ = nullptr;
  cublasLtMatmulHeuristicResult_t results_[kMostCandidates] = {};
  int found_ = 0, chosen_ = 0;
};

/// Lets `product` use the fastest of its candidates on these operands; the first unless another is 2 % faster.
void choose_fastest(LtProduct& product, Stopwatch& stopwatch, const Rotation& weights, const void* input, void* output);

/// Compares a small product in this format with the definition. Throws WrongAnswer.
void check_product(LtLibrary& library, const std::string& format, cudaStream_t stream);

}  // namespace tokenworks::gpu_calibration
