// Checks of every return code of CUDA and cuBLAS: the text says where, what and why.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace tokenworks::gpu_calibration {

/// A call of CUDA or cuBLAS has failed.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The file from the repository's root on: where the repository lies is nobody's concern.
inline std::string call_place(const std::string& file, int line, const char* call) {
  const std::size_t root = file.rfind("gpu_calibration/");
  return (root == std::string::npos ? file : file.substr(root)) + ":" + std::to_string(line) + ": " + call + ": ";
}

inline void check_call(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) throw DeviceError(call_place(file, line, call) + cudaGetErrorString(status));
}

inline void check_call(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw DeviceError(call_place(file, line, call) + cublasLtGetStatusString(status));
}

/// Throws DeviceError with the call's place when it has failed.
#define TOKENWORKS_CUDA(call) ::tokenworks::gpu_calibration::check_call((call), #call, __FILE__, __LINE__)

/// The same for a kernel that was just launched.
#define TOKENWORKS_LAUNCHED() TOKENWORKS_CUDA(cudaGetLastError())

}  // namespace tokenworks::gpu_calibration
