// Question   how long does one kernel of an LLM step run on one GPU, and how much energy does its board use meanwhile
// Equation   matrix product   t = t_min + max(bytes / (B s_w), 2 n k (m + m_half) / (F s))
//            expert block     t = t_min + max(bytes / (B s_w), 2 w (visits + met experts m_half) / (F s)), w: values of
//            one expert
//            elementwise      t = t_min + bytes / (B s_b)
//            energy           t * board power at the use that bytes and operations make of memory and arithmetic
// Source     form: ai-dynamo/aiconfigurator (roofline with a fixed part), fitted to its kernel tables, commit 095f58a;
//            rates: the GPU's catalog entry
// Valid for  dense transformer shapes, n and k >= 512; n, k >= 1024 and m <= 16,384: median error 4 to 7 % (bf16), 9 to
// 16 % (fp8, nvfp4) Checked by tests/models/compute/kernel_time_test.cpp (published sweep over m)
#pragma once

#include "models/compute/gpu.hpp"

namespace tokenworks::compute {

/// What one GPU spends in a kernel.
struct KernelCost {
  double seconds = 0.0;
  double joules = 0.0;

  KernelCost& operator+=(const KernelCost& other) {
    seconds += other.seconds;
    joules += other.joules;
    return *this;
  }
  friend KernelCost operator+(KernelCost a, const KernelCost& b) { return a += b; }
  friend KernelCost operator*(double factor, const KernelCost& cost) {
    return {factor * cost.seconds, factor * cost.joules};
  }
};

/// Product of a (rows x inner) activation with an (inner x columns) weight matrix.
struct MatrixProduct {
  double rows = 0.0, columns = 0.0, inner = 0.0;
  double bytes_per_weight = 2.0;
  double bytes_per_activation = 2.0;  ///< of the input; the output is bf16
};

KernelCost matrix_product(const GpuSpec& gpu, const ComputeRate& rate, const MatrixProduct& product);

/// Products of the routed experts of one layer on one GPU.
struct ExpertBlock {
  double visits = 0.0;       ///< token visits to experts
  double experts_met = 0.0;  ///< experts that any token visits: their weights are read
  double values_per_expert = 0.0;
  double bytes_per_weight = 2.0;
};

KernelCost expert_block(const GpuSpec& gpu, const ComputeRate& rate, const ExpertBlock& block);

/// A kernel that streams `bytes` and computes next to nothing.
KernelCost elementwise_kernel(const GpuSpec& gpu, double bytes);

}  // namespace tokenworks::compute
