// A block of GPU threads on one host thread, for tests: every GPU thread is a fiber, and an instruction of a whole warp
// or block waits for its fibers. Slow and exact about who sees what; says nothing about speed.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// The header of the CUDA runtime leaves these empty for a host compiler; a static of a block that runs alone is shared.
#undef __shared__
#define __shared__ static
#undef __launch_bounds__
#define __launch_bounds__(...)

using std::max;
using std::min;

namespace tokenworks::gpu_calibration::emulation {

constexpr int kWarp = 32;

/// What the lanes of a warp hand in for one common instruction.
struct Warp {
  int arrived = 0;
  int generation = 0;
  const void* inputs[kWarp] = {};
  void* outputs[kWarp] = {};
};

class Block {
 public:
  Block(dim3 grid, dim3 at, int threads, std::size_t shared_bytes)
      : grid_(grid),
        at_(at),
        threads_(threads),
        shared_(shared_bytes / 16 + 1),
        warps_((threads + kWarp - 1) / kWarp) {}

  /// Runs `kernel` in all threads until all have returned. Throws std::logic_error when they wait for each other for
  /// ever.
  void run(const std::function<void()>& kernel);

  unsigned thread() const { return current_; }
  int threads() const { return threads_; }
  dim3 grid() const { return grid_; }
  dim3 at() const { return at_; }
  void* shared() { return shared_.data(); }

  /// Asynchronous copies of this thread: they happen when they are waited for and not before.
  void copy_later(void* to, const void* from, bool valid) {
    fibers_[current_].copies.back().push_back({to, from, valid});
  }
  void commit_copies() { fibers_[current_].copies.emplace_back(); }
  void finish_copies(std::size_t pending) {
    auto& groups = fibers_[current_].copies;  // the last one is not committed yet
    while (groups.size() > pending + 1) {
      for (const Copy& copy : groups.front()) {
        copy.valid ? std::memcpy(copy.to, copy.from, 16) : std::memset(copy.to, 0, 16);
      }
      groups.pop_front();
    }
  }

  void wait_for_block() {
    const int generation = generation_;
    if (++arrived_ == threads_) {
      arrived_ = 0;
      ++generation_;
    }
    while (generation_ == generation) yield();
    ++progress_;
  }

  /// Calls `together(warp)` once when every lane of this thread's warp has come.
  template <class Together>
  void with_warp(const void* input, void* output, const Together& together) {
    Warp& warp = warps_[current_ / kWarp];
    const int lane = static_cast<int>(current_ % kWarp);
    warp.inputs[lane] = input;
    warp.outputs[lane] = output;
    const int generation = warp.generation;
    if (++warp.arrived == kWarp) {
      together(warp);
      warp.arrived = 0;
      ++warp.generation;
    }
    while (warp.generation == generation) yield();
    ++progress_;
  }

 private:
  struct Copy {
    void* to;
    const void* from;
    bool valid;
  };
  struct Fiber {
    ucontext_t context;
    std::deque<std::vector<Copy>> copies = std::deque<std::vector<Copy>>(1);
    std::unique_ptr<char[]> stack;
    bool done = false;
  };
  static void enter();
  void yield() { swapcontext(&fibers_[current_].context, &scheduler_); }

  dim3 grid_, at_;
  int threads_;
  std::vector<uint4> shared_;
  std::vector<Warp> warps_;
  std::vector<Fiber> fibers_;
  ucontext_t scheduler_{};
  const std::function<void()>* kernel_ = nullptr;
  unsigned current_ = 0;
  int arrived_ = 0, generation_ = 0;
  long progress_ = 0;
};

/// The block whose threads run now.
inline Block*& running_block() {
  static Block* block = nullptr;
  return block;
}

inline void Block::enter() {
  Block& block = *running_block();
  (*block.kernel_)();
  block.fibers_[block.current_].done = true;
  ++block.progress_;
  swapcontext(&block.fibers_[block.current_].context, &block.scheduler_);
}

inline void Block::run(const std::function<void()>& kernel) {
  constexpr std::size_t kStackBytes = 128 * 1024;
  kernel_ = &kernel;
  running_block() = this;
  fibers_.resize(static_cast<std::size_t>(threads_));
  for (Fiber& fiber : fibers_) {
    fiber.stack.reset(new char[kStackBytes]);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, &Block::enter, 0);
  }
  // Who runs ahead of a missing barrier differs from block to block.
  long idle_rounds = 0;
  const bool is_reversed = (at_.x + at_.y + at_.z) % 2 == 1;
  for (bool any = true; any;) {
    any = false;
    const long before = progress_;
    for (std::size_t i = 0; i < fibers_.size(); ++i) {
      current_ = static_cast<unsigned>(is_reversed ? fibers_.size() - 1 - i : i);
      if (fibers_[current_].done) continue;
      any = true;
      swapcontext(&scheduler_, &fibers_[current_].context);
    }
    // Two rounds pass between the last arrival and the departure of those who came first.
    idle_rounds = progress_ == before ? idle_rounds + 1 : 0;
    if (any && idle_rounds > 2) throw std::logic_error("threads of an emulated block wait for each other for ever");
  }
  running_block() = nullptr;
}

/// Runs every block of a grid, one after the other.
template <class Kernel, class... Arguments>
void launch(Kernel kernel, dim3 grid, int threads, std::size_t shared_bytes, Arguments... arguments) {
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        Block(grid, dim3(x, y, z), threads, shared_bytes).run([&] { kernel(arguments...); });
      }
    }
  }
}

inline dim3 thread_index() { return dim3(running_block()->thread(), 0, 0); }
inline dim3 block_size() { return dim3(static_cast<unsigned>(running_block()->threads()), 1, 1); }

/// Element (row, column) of the 8x8 matrix whose rows the lanes 8 m .. 8 m + 7 point at.
inline std::uint16_t matrix_element(const Warp& warp, int matrix, int row, int column) {
  std::uint16_t element;
  std::memcpy(&element, static_cast<const char*>(warp.inputs[8 * matrix + row]) + 2 * column, 2);
  return element;
}

inline void load_matrices(std::uint32_t (&matrices)[4], const void* row, bool transposed) {
  running_block()->with_warp(row, matrices, [&](Warp& warp) {
    for (int lane = 0; lane < kWarp; ++lane) {
      for (int m = 0; m < 4; ++m) {
        const int r = lane / 4, c = 2 * (lane % 4);
        const std::uint32_t low = transposed ? matrix_element(warp, m, c, r) : matrix_element(warp, m, r, c);
        const std::uint32_t high = transposed ? matrix_element(warp, m, c + 1, r) : matrix_element(warp, m, r, c + 1);
        static_cast<std::uint32_t*>(warp.outputs[lane])[m] = low | high << 16;
      }
    }
  });
}

inline float widened_element(std::uint32_t pair, int which, __nv_bfloat16) {
  __nv_bfloat16_raw raw;
  raw.x = static_cast<unsigned short>(pair >> (16 * which));
  return __bfloat162float(__nv_bfloat16(raw));
}
inline float widened_element(std::uint32_t pair, int which, __half) {
  __half_raw raw;
  raw.x = static_cast<unsigned short>(pair >> (16 * which));
  return __half2float(__half(raw));
}

struct ProductInput {
  std::uint32_t a[4], b[2];
};

/// The fragments of mma.m16n8k16 as the PTX manual (section on matrix fragments) lays them out.
template <class Element>
void multiply_add(float (&sum)[4], const ProductInput& input) {
  running_block()->with_warp(&input, sum, [](Warp& warp) {
    float a[16][16], b[16][8];
    for (int lane = 0; lane < kWarp; ++lane) {
      const auto& from = *static_cast<const ProductInput*>(warp.inputs[lane]);
      const int group = lane / 4, pair = 2 * (lane % 4);
      for (int e = 0; e < 2; ++e) {
        a[group][pair + e] = widened_element(from.a[0], e, Element{});
        a[group + 8][pair + e] = widened_element(from.a[1], e, Element{});
        a[group][pair + 8 + e] = widened_element(from.a[2], e, Element{});
        a[group + 8][pair + 8 + e] = widened_element(from.a[3], e, Element{});
        b[pair + e][group] = widened_element(from.b[0], e, Element{});
        b[pair + 8 + e][group] = widened_element(from.b[1], e, Element{});
      }
    }
    for (int lane = 0; lane < kWarp; ++lane) {
      auto* to = static_cast<float*>(warp.outputs[lane]);
      for (int i = 0; i < 4; ++i) {
        const int row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
        for (int k = 0; k < 16; ++k) to[i] += a[row][k] * b[k][column];
      }
    }
  });
}

}  // namespace tokenworks::gpu_calibration::emulation

#define threadIdx (tokenworks::gpu_calibration::emulation::thread_index())
#define blockDim (tokenworks::gpu_calibration::emulation::block_size())
#define blockIdx (tokenworks::gpu_calibration::emulation::running_block()->at())
#define gridDim (tokenworks::gpu_calibration::emulation::running_block()->grid())

inline void __syncthreads() { tokenworks::gpu_calibration::emulation::running_block()->wait_for_block(); }

template <class Number>
Number atomicAdd(Number* address, Number value) {
  const Number old = *address;
  *address += value;
  return old;
}

inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(high) << 32 | low;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i)
    result |= static_cast<unsigned>(bytes >> (8 * (selector >> (4 * i) & 7)) & 0xff) << (8 * i);
  return result;
}

namespace tokenworks::gpu_calibration {

template <class Element>
Element* dynamic_shared() {
  return static_cast<Element*>(emulation::running_block()->shared());
}
inline void load_matrices(std::uint32_t (&matrices)[4], const void* row) {
  emulation::load_matrices(matrices, row, false);
}
inline void load_matrices_transposed(std::uint32_t (&matrices)[4], const void* row) {
  emulation::load_matrices(matrices, row, true);
}
template <class Element>
void multiply_add(float (&sum)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1, Element) {
  emulation::multiply_add<Element>(sum, {{a[0], a[1], a[2], a[3]}, {b0, b1}});
}
inline void copy_async(void* shared, const void* global, bool valid) {
  emulation::running_block()->copy_later(shared, global, valid);
}
inline void commit_copies() { emulation::running_block()->commit_copies(); }
template <int kPending>
void wait_for_copies() {
  emulation::running_block()->finish_copies(kPending);
}

inline float exchanged(float value, int mask) {
  float other = 0;
  emulation::running_block()->with_warp(&value, &other, [&](emulation::Warp& warp) {
    for (int lane = 0; lane < emulation::kWarp; ++lane) {
      *static_cast<float*>(warp.outputs[lane]) = *static_cast<const float*>(warp.inputs[lane ^ mask]);
    }
  });
  return other;
}
template <int kLanes>
float maximum_over_lanes(float value) {
  for (int mask = kLanes / 2; mask > 0; mask /= 2) value = std::fmax(value, exchanged(value, mask));
  return value;
}
template <int kLanes>
float sum_over_lanes(float value) {
  for (int mask = kLanes / 2; mask > 0; mask /= 2) value += exchanged(value, mask);
  return value;
}

}  // namespace tokenworks::gpu_calibration
