// Question   what does NCCL reckon a collective's start, its steps and its rates with, on a generation of NVIDIA GPUs
// Equation   latency = start_scale * base + steps * step_scale * hardware latency; rate = share * rated link
// Source     base and hardware latencies, limits of the LL protocol: NVIDIA/nccl, src/graph/tuning.cc (evidence V).
//            Scales and shares: fitted (evidence C) to NCCL 2.29.2 on H100 and B200 and NCCL 2.27.3 on A100, 2, 4 and 8
//            GPUs, 512 B to 512 MiB (ai-dynamo/aiconfigurator commit 095f58a); H200, B300, GB200, GB300 took no part
// Valid for  Ampere, Hopper, Blackwell; another GPU takes the generation that its number formats place it in
// Checked by `tokenworks validate --only collectives`
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "models/compute/kernel_spec.hpp"

namespace tokenworks::network {

/// How bytes are guarded on their way: a flag for each 4 B (LL), for each 120 B (LL128), or a wait for a chunk
/// (Simple).
struct Protocol {
  double wire_bytes;  ///< sent for each byte of data
  double ring_base_s, tree_base_s;
  double ring_link_s, tree_link_s;        ///< of a step over the link inside a domain
  double ring_network_s, tree_network_s;  ///< of a step over a NIC
};
inline constexpr Protocol kLL{2.0, 6.6e-6, 6.8e-6, 0.6e-6, 0.6e-6, 2.7e-6, 5.0e-6};
inline constexpr Protocol kLL128{128.0 / 120.0, 14.0e-6, 14.0e-6, 1.9e-6, 1.25e-6, 4.0e-6, 8.5e-6};
inline constexpr Protocol kSimple{1.0, 8.4e-6, 8.4e-6, 3.4e-6, 4.0e-6, 14.0e-6, 14.0e-6};

inline constexpr double kNvlsLinkLatency = 25e-6, kNvlsNetworkLatency = 18e-6, kNvlsTreeNetworkLatency = 20.9e-6;
inline constexpr double kCollNetLinkLatency = 3.7e-6, kCollNetNetworkLatency = 31e-6;
inline constexpr double kPatBase = 8e-6, kPatNetworkLatency = 14e-6;
/// A host's work to hand a message to a NIC: 1 us on Intel and Arm, 2 us on AMD.
inline constexpr double kPostOverhead = 1e-6;

struct GenerationConstants {
  std::string_view name;
  std::array<double, 3> ll_bytes_per_s;  ///< over one, two, more domains
  // Fitted:
  double start_scale, step_scale;
  double ll_scale, ll128_share, simple_share;
  double pair_share;              ///< two GPUs reach so much of the shares above
  double nvls_share, nvls_scale;  ///< of the rated link, of kNvlsLinkLatency; share 0: no multicast in the switches
  double exchange_start_s[2], exchange_share[2];  ///< all-to-all, for few bytes and for many
};
inline constexpr GenerationConstants kAmpere{
    "ampere", {87.7e9, 22.5e9, 19e9}, 1.52,          1.31, 0.777, 0.66, 0.361, 0.768, 0.0,
    0.0,      {12.8e-6, 33.9e-6},     {0.225, 0.622}};
inline constexpr GenerationConstants kHopper{
    "hopper", {141e9, 45e9, 35e9}, 0.808,          1.23, 0.963, 0.723, 0.568, 0.757, 0.67,
    2.98,     {6.49e-6, 13.0e-6},  {0.0133, 0.621}};
inline constexpr GenerationConstants kBlackwell{
    "blackwell", {282e9, 90e9, 70e9}, 1.24,           2.1, 0.856, 0.495, 0.74, 0.679, 0.355,
    1.68,        {10.1e-6, 16.9e-6},  {0.0197, 0.492}};

/// Hopper brought fp8 units, Blackwell fp4.
inline const GenerationConstants& generation_of(const compute::GpuRatings& gpu) {
  if (gpu.fp4_flop_per_s > 0.0) return kBlackwell;
  return gpu.fp8_flop_per_s > 0.0 ? kHopper : kAmpere;
}

}  // namespace tokenworks::network
