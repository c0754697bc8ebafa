// Device memory that frees itself, and what is put into it.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "gpu_calibration/harness/check.cuh"

namespace tokenworks::gpu_calibration {

class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::size_t bytes) : bytes_(bytes) { TOKENWORKS_CUDA(cudaMalloc(&data_, bytes)); }
  DeviceMemory(DeviceMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~DeviceMemory() { cudaFree(data_); }

  template <class Element>
  Element* as() const {
    return static_cast<Element*>(data_);
  }
  char* bytes_at(std::size_t offset) const { return static_cast<char*>(data_) + offset; }
  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

template <class Element>
DeviceMemory uploaded(const std::vector<Element>& elements) {
  DeviceMemory memory(elements.size() * sizeof(Element));
  TOKENWORKS_CUDA(cudaMemcpy(memory.as<void>(), elements.data(), memory.bytes(), cudaMemcpyHostToDevice));
  return memory;
}

template <class Element>
std::vector<Element> downloaded(const Element* from, std::size_t count) {
  std::vector<Element> elements(count);
  TOKENWORKS_CUDA(cudaMemcpy(elements.data(), from, count * sizeof(Element), cudaMemcpyDeviceToHost));
  return elements;
}

/// Number formats of the benches, with their bits: "bf16" 16, "fp16" 16, "fp8" (e4m3) 8, "nvfp4" 4, "fp32" 32.
int bits_of(std::string_view format);

/// Random numbers between -1 and 1 (nvfp4: all of its numbers) in all of `bytes`: the draw of a chip depends on its
/// data.
void fill_random(void* memory, std::size_t bytes, std::string_view format, std::uint32_t seed = 1);

/// Slices of one buffer for round after round, so that no slice is met again before a whole L2 has passed.
class Rotation {
 public:
  Rotation(const DeviceMemory& memory, std::size_t slice_bytes)
      : memory_(memory), stride_((slice_bytes + 255) / 256 * 256), slices_(memory.bytes() / stride_) {}
  bool fits() const { return slices_ > 0; }
  template <class Element>
  Element* slice(int round) const {
    return reinterpret_cast<Element*>(memory_.bytes_at(static_cast<std::size_t>(round) % slices_ * stride_));
  }

 private:
  const DeviceMemory& memory_;
  std::size_t stride_;
  std::size_t slices_;
};

}  // namespace tokenworks::gpu_calibration
