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

inline void check_call(cudaError_t status, const char* call, const char* file, int line) {
  if (status == cudaSuccess) return;
  throw DeviceError(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " + cudaGetErrorString(status));
}

inline void check_call(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
                    cublasLtGetStatusString(status));
}

/// Throws DeviceError with the call's place when it has failed.
#define TOKENWORKS_CUDA(call) ::tokenworks::gpu_calibration::check_call((call), #call, __FILE__, __LINE__)

/// The same for a kernel that was just launched.
#define TOKENWORKS_LAUNCHED() TOKENWORKS_CUDA(cudaGetLastError())

}  // namespace tokenworks::gpu_calibration
