// Question   how long does a collective take whose GPUs lie in several scale-up domains
// Equation   the fastest of what the setup allows; m domains of g GPUs, n = m g, B bytes, N of a NIC a GPU, w bytes
// sent
//            for each byte of data, b of the links inside (collective_constants.hpp):
//            ring          base + 2 (n - 1) steps + max(2 (n - 1) / n * B / b, 2 (n - 1) / n * w B / (g N))
//            tree          base + 2 [(g - 1) + log2(m)] steps + max(2 B / b, 2 w B / (g N))
//            NVLS tree     latency + max((1 + 1 / g) B / b, 2 B / (g N))
//            reducing switches  latency + max(2 (g - 1) / g * B / b, B / (g N)), with NVLS (1 + 1 / g) B / b
//            hierarchical  reduce-scatter inside + ring or tree of B / g over each rail + all-gather inside
//            all-gather, reduce-scatter: ring of n - 1 steps, or rails of (m - 1) / m * B / g and the domain's own
//            all-to-all: max(inside, start + (n - g) / n * B / N)
//            Shared links: seconds + (f - 1) * (time that the bytes take on the NIC)
// Source     forms: NVIDIA/nccl, src/graph/tuning.cc. N: 0.92 of the rated bandwidth, 46 of the 50 GB/s of NDR
//            (NVIDIA/nccl-tests issue 290, evidence S). Inside: measured curves (collective_time.hpp)
// Valid for  domains filled evenly; every GPU has its own NIC, or its share of one, on its own rail. Links inside and
//            NICs work at the same time except in the hierarchical forms; that sharing stretches all of a pipelined
//            collective's time on the NIC is a bound from above where the links inside were slower
// Checked by tests/models/network/fabric_collective_test.cpp: laws, published bandwidths of A100 and H100 nodes
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/network/collective_time.hpp"
#include "models/network/domain_form.hpp"
#include "models/network/fabric_links.hpp"

namespace tokenworks::network {

struct CollectiveTime {
  double seconds = 0.0;               ///< with the links between domains for itself
  double fabric_seconds = 0.0;        ///< the part that stretches when they are shared
  double fabric_bytes_per_gpu = 0.0;  ///< what a GPU sends over its NIC, guards included

  /// `contention` >= 1: how many times slower the links between domains are than rated. The algorithm stays the one
  /// that is fastest without contention, as libraries choose it; so only `seconds` is sure to grow with the bytes.
  double stretched_s(double contention) const { return seconds + (contention - 1.0) * fabric_seconds; }
};
/// One after the other.
inline CollectiveTime operator+(const CollectiveTime& a, const CollectiveTime& b) {
  return {a.seconds + b.seconds, a.fabric_seconds + b.fabric_seconds, a.fabric_bytes_per_gpu + b.fabric_bytes_per_gpu};
}

/// GPUs in several domains, and what joins them.
struct FabricShape {
  std::int64_t gpus = 1, domain_gpus = 1;
  GenerationConstants constants;
  BytesPerSecond link{0}, nic{0};  ///< rated, of a GPU, one direction
  Seconds hop_latency{0};
  bool in_network_reduction = false;

  std::int64_t domains() const { return (gpus + domain_gpus - 1) / domain_gpus; }
};

/// All-reduce of `bytes` by each algorithm; one that the shape does not allow takes forever.
CollectiveTime ring_all_reduce(const FabricShape& shape, double bytes);
CollectiveTime tree_all_reduce(const FabricShape& shape, double bytes);
CollectiveTime nvls_tree_all_reduce(const FabricShape& shape, double bytes);
CollectiveTime switch_all_reduce(const FabricShape& shape, double bytes);
CollectiveTime hierarchical_all_reduce(const FabricShape& shape, const Collectives& inside, double bytes);
/// All-gather or reduce-scatter of `bytes` in all.
CollectiveTime ring_spread(const FabricShape& shape, double bytes);
/// One over the rails, GPUs of the same index; `inside_s`: the domain's own part.
CollectiveTime rail_spread(const FabricShape& shape, double inside_s, double bytes);
/// `inside_s`: what the domain's GPUs send each other.
CollectiveTime fabric_all_to_all(const FabricShape& shape, double inside_s, double bytes);

/// Collectives over a fixed number of GPUs that fill scale-up domains in order. Inside one domain they are those of
/// `Collectives`, to the last bit. A group that does not fill its last domain counts as spread over pieces of the
/// greatest size that divides both: the smallest piece has the fewest NICs.
class FabricCollectives {
 public:
  FabricCollectives(const compute::GpuRatings& gpu, const std::vector<const compute::KernelSpec*>& entries,
                    const std::vector<std::string>& libraries, std::int64_t gpus, const FabricLinks* links,
                    ValidityNotes& notes);

  CollectiveTime all_reduce(double bytes) const;
  CollectiveTime all_gather(double bytes) const;
  CollectiveTime reduce_scatter(double bytes) const;
  CollectiveTime all_to_all(double bytes) const;

  bool spans_domains() const { return shape_.domains() > 1; }
  const FabricShape& shape() const { return shape_; }
  const Collectives& inside() const { return inside_; }

 private:
  FabricShape shape_;
  Collectives inside_;
};

/// Of neighbouring groups of `gpus` each, the GPUs of a piece that lies in one domain: all where groups fill domains.
std::int64_t gpus_in_a_domain(std::int64_t gpus, std::int64_t domain_gpus);

/// One GPU sends `bytes` to another in the next domain.
CollectiveTime fabric_send(const FabricLinks& links, double bytes);

}  // namespace tokenworks::network
