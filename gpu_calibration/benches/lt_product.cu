#include "gpu_calibration/benches/lt_product.cuh"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <algorithm>

#include "gpu_calibration/kernels/check_case.hpp"

// Block-scaled fp4 came with cuBLAS 12.8.
#if defined(CUBLAS_VERSION) && CUBLAS_VERSION >= 120800
#define TOKENWORKS_HAS_NVFP4 1
#else
#define TOKENWORKS_HAS_NVFP4 0
#endif

namespace tokenworks::gpu_calibration {
namespace {

// NVIDIA's cuBLAS documentation, section on the workspace: 32 MiB for Hopper and later.
constexpr std::size_t kWorkspaceBytes = std::size_t{64} << 20;

struct Types {
  cudaDataType_t operand, result;
};

Types types_of(const std::string& format) {
  if (format == "bf16") return {CUDA_R_16BF, CUDA_R_16BF};
  if (format == "fp16") return {CUDA_R_16F, CUDA_R_16F};
  if (format == "fp8") return {CUDA_R_8F_E4M3, CUDA_R_16BF};
#if TOKENWORKS_HAS_NVFP4
  if (format == "nvfp4") return {CUDA_R_4F_E2M1, CUDA_R_16BF};
#endif
  throw std::invalid_argument("cuBLASLt has no products of " + format + " here");
}

template <class Value>
void set(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute, const Value& value) {
  TOKENWORKS_CUDA(cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof value));
}

cublasLtMatrixLayout_t layout(cudaDataType_t type, std::int64_t rows, std::int64_t columns, std::int64_t batches) {
  cublasLtMatrixLayout_t result = nullptr;
  TOKENWORKS_CUDA(cublasLtMatrixLayoutCreate(&result, type, static_cast<std::uint64_t>(rows),
                                             static_cast<std::uint64_t>(columns), rows));
  if (batches > 1) {
    const auto count = static_cast<std::int32_t>(batches);
    const std::int64_t stride = rows * columns;
    TOKENWORKS_CUDA(cublasLtMatrixLayoutSetAttribute(result, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    TOKENWORKS_CUDA(
        cublasLtMatrixLayoutSetAttribute(result, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
  }
  return result;
}

std::size_t block_scale_count(std::int64_t rows, std::int64_t inner) {
  const std::int64_t blocks = (inner + 15) / 16;
  return static_cast<std::size_t>((rows + 127) / 128 * 128 * ((blocks + 3) / 4 * 4));
}

/// What the bits of an operand mean, number by number.
std::vector<float> meaning_of(const std::vector<std::uint8_t>& bits, const std::string& format) {
  std::vector<float> numbers;
  if (format == "nvfp4") {  // e2m1, the first number in the low half of a byte
    constexpr float kMagnitudes[8] = {0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f};
    for (const std::uint8_t byte : bits) {
      for (const int half : {byte & 15, byte >> 4})
        numbers.push_back(kMagnitudes[half & 7] * (half & 8 ? -1.0f : 1.0f));
    }
    return numbers;
  }
  const auto widen = [&]<class Element>(Element) {
    const auto* elements = reinterpret_cast<const Element*>(bits.data());
    for (std::size_t i = 0; i < bits.size() / sizeof(Element); ++i) numbers.push_back(static_cast<float>(elements[i]));
  };
  if (format == "bf16") widen(__nv_bfloat16());
  if (format == "fp16") widen(__half());
  if (format == "fp8") widen(__nv_fp8_e4m3());
  return numbers;
}

}  // namespace

std::vector<std::string> product_formats(const DeviceFacts& device) {
  std::vector<std::string> formats = {"bf16"};
  if (device.compute_capability >= 89) formats.emplace_back("fp8");
  if (TOKENWORKS_HAS_NVFP4 && device.compute_capability >= 100) formats.emplace_back("nvfp4");
  formats.emplace_back("fp16");
  return formats;
}

LtLibrary::LtLibrary() : workspace_(kWorkspaceBytes), tensor_scale_(uploaded(std::vector<float>{1.0f})) {
  TOKENWORKS_CUDA(cublasLtCreate(&handle_));
}

LtLibrary::~LtLibrary() {
  if (handle_ != nullptr) cublasLtDestroy(handle_);
}

const void* LtLibrary::block_scales(std::size_t count) {
  if (block_scales_.bytes() < count) {
    block_scales_ = DeviceMemory(count);
    TOKENWORKS_CUDA(cudaMemset(block_scales_.as<void>(), 0x38, count));  // 1.0 as e4m3
    TOKENWORKS_CUDA(cudaDeviceSynchronize());
  }
  return block_scales_.as<void>();
}

LtProduct::LtProduct(LtLibrary& library, const std::string& format, const ProductShape& shape)
    : library_(library), shape_(shape), bits_(bits_of(format)) {
  // cuBLAS counts columns first: the weights are inner x columns and transposed, the input is inner x rows.
  const Types types = types_of(format);
  TOKENWORKS_CUDA(cublasLtMatmulDescCreate(&description_, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  set(description_, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(description_, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  if (format == "fp8") {
    set(description_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, library.tensor_scale());
    set(description_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, library.tensor_scale());
    set(description_, CUBLASLT_MATMUL_DESC_FAST_ACCUM, static_cast<std::int8_t>(1));
  }
#if TOKENWORKS_HAS_NVFP4
  if (format == "nvfp4") {
    const void* scales = library.block_scales(
        std::max(block_scale_count(shape.columns, shape.inner), block_scale_count(shape.rows, shape.inner)));
    set(description_, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3);
    set(description_, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3);
    set(description_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scales);
    set(description_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scales);
  }
#endif
  weights_ = layout(types.operand, shape.inner, shape.columns, shape.batches);
  input_ = layout(types.operand, shape.inner, shape.rows, shape.batches);
  output_ = layout(types.result, shape.columns, shape.rows, shape.batches);
  cublasLtMatmulPreference_t preference = nullptr;
  TOKENWORKS_CUDA(cublasLtMatmulPreferenceCreate(&preference));
  const std::size_t workspace = library.workspace_bytes();
  cublasStatus_t status = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                               &workspace, sizeof workspace);
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = cublasLtMatmulAlgoGetHeuristic(library.handle(), description_, weights_, input_, output_, output_,
                                            preference, kMostCandidates, results_, &found_);
  }
  cublasLtMatmulPreferenceDestroy(preference);
  if (status != CUBLAS_STATUS_NOT_SUPPORTED) TOKENWORKS_CUDA(status);
  const auto* usable = std::remove_if(results_, results_ + (status == CUBLAS_STATUS_SUCCESS ? found_ : 0),
                                      [](const auto& result) { return result.state != CUBLAS_STATUS_SUCCESS; });
  found_ = static_cast<int>(usable - results_);
}

LtProduct::~LtProduct() {
  if (weights_ != nullptr) cublasLtMatrixLayoutDestroy(weights_);
  if (input_ != nullptr) cublasLtMatrixLayoutDestroy(input_);
  if (output_ != nullptr) cublasLtMatrixLayoutDestroy(output_);
  if (description_ != nullptr) cublasLtMatmulDescDestroy(description_);
}

void LtProduct::run(cudaStream_t stream, const void* weights, const void* input, void* output) const {
  const float one = 1.0f, zero = 0.0f;
  TOKENWORKS_CUDA(cublasLtMatmul(library_.handle(), description_, &one, weights, weights_, input, input_, &zero, output,
                                 output_, output, output_, &results_[chosen_].algo, library_.workspace(),
                                 library_.workspace_bytes(), stream));
}

std::size_t LtProduct::weight_bytes() const {
  return static_cast<std::size_t>(shape_.batches * shape_.columns * shape_.inner * bits_ / 8);
}
std::size_t LtProduct::input_bytes() const {
  return static_cast<std::size_t>(shape_.batches * shape_.rows * shape_.inner * bits_ / 8);
}
std::size_t LtProduct::output_bytes() const {
  return static_cast<std::size_t>(2 * shape_.batches * shape_.rows * shape_.columns);
}

void choose_fastest(LtProduct& product, Stopwatch& stopwatch, const Rotation& weights, const void* input,
                    void* output) {
  const Work work = [&](cudaStream_t stream, int round) {
    product.run(stream, weights.slice<void>(round), input, output);
  };
  product.choose(0);
  double best_s = stopwatch.rough_s(work, 1);
  const int runs = best_s < 200e-6 ? 8 : 2;
  const int candidates = best_s < 10e-3 ? product.candidates() : std::min(2, product.candidates());
  best_s = stopwatch.rough_s(work, runs);
  int best = 0;
  for (int candidate = 1; candidate < candidates; ++candidate) {
    product.choose(candidate);
    const double seconds = stopwatch.rough_s(work, runs);
    if (seconds < 0.98 * best_s) {
      best_s = seconds;
      best = candidate;
    }
  }
  product.choose(best);
}

void check_product(LtLibrary& library, const std::string& format, cudaStream_t stream) {
  const ProductShape shape{48, 128, 256};
  LtProduct product(library, format, shape);
  if (product.candidates() == 0) throw WrongAnswer("cuBLASLt offers no product of " + format);
  const DeviceMemory weights(product.weight_bytes()), input(product.input_bytes()), output(product.output_bytes());
  fill_random(weights.as<void>(), weights.bytes(), format, 1);
  fill_random(input.as<void>(), input.bytes(), format, 2);
  product.run(stream, weights.as<void>(), input.as<void>(), output.as<void>());
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
  const auto expected = product_answer(meaning_of(downloaded(input.as<std::uint8_t>(), input.bytes()), format),
                                       meaning_of(downloaded(weights.as<std::uint8_t>(), weights.bytes()), format),
                                       static_cast<int>(shape.columns), static_cast<int>(shape.inner));
  const auto actual =
      meaning_of(downloaded(output.as<std::uint8_t>(), output.bytes()), format == "fp16" ? "fp16" : "bf16");
  require_small_error("the cuBLASLt product of " + format, largest_error(actual, expected), kAllowedError);
}

}  // namespace tokenworks::gpu_calibration
