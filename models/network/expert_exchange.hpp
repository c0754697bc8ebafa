// Question   how long do tokens take to experts in other scale-up domains and back (dispatch and combine together)
// Equation   low latency  t = a0 + a1 log2(m) + tokens * max(x, i): a token's values go to each of its experts
//            normal       t = a0 + a1 log2(m) + tokens * sqrt(x^2 + i^2): to each domain met once, from there to GPUs
//            m domains; x, i: seconds a token over the NIC and over the links inside, from the bytes that leave a GPU.
//            With a measured curve of the kind (DeepEP): the curve at the tokens that take as long on the wires there,
//            tokens * wire / wire', plus the difference of both starts
// Source     forms: deepseek-ai/DeepEP README (fp8 values with a scale each 128 out, bf16 back; a token meets at most 4
//            domains, tests/test_internode.py) (evidence V). Constants fitted (C) to DeepEP under SGLang 0.5.6 on H100
//            with ConnectX-7, 256 experts (ai-dynamo/aiconfigurator commit 095f58a): low latency to 2 and 4 nodes,
//            normal mode, the fastest number of multiprocessors, to 1 and 4; the other rows are judged
// Valid for  2 to 8 domains of 8 GPUs, 50 GB/s a GPU; the start holds that fabric's hops. Normal mode on 8 nodes was
//            measured 1.9 times slower than the form: its bytes a token do not explain that
// Checked by `tokenworks validate --only expert_exchange`; laws: tests/models/network/expert_exchange_test.cpp
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "models/compute/kernel_spec.hpp"
#include "models/network/fabric_collective.hpp"

namespace tokenworks::network {

enum class ExchangeMode { low_latency, normal };

/// Who sends what to whom.
struct ExchangeShape {
  std::int64_t gpus = 1, domain_gpus = 1;
  double hidden = 0.0, active = 1.0;  ///< values of a token; experts that it visits
  BytesPerSecond link{0}, nic{0};     ///< rated, of a GPU, one direction

  std::int64_t domains() const { return (gpus + domain_gpus - 1) / domain_gpus; }
};

/// Parts of the closed form.
struct ExchangeForm {
  double start_s = 0.0;
  double token_fabric_s = 0.0;      ///< a token on the NIC
  double token_s = 0.0;             ///< a token on NIC and links
  double token_fabric_bytes = 0.0;  ///< that a GPU sends over its NIC for one of its tokens
  CollectiveTime time(double tokens) const;
};
ExchangeForm exchange_form(ExchangeMode mode, const ExchangeShape& shape);

/// Exchanges of one shape over several domains.
class ExpertExchange {
 public:
  /// `entries`: kernel entries of the GPU, best first; the first with DeepEP curves over several nodes gives those
  /// nearest in domains, then in values and experts of a token.
  ExpertExchange(const ExchangeShape& shape, const std::vector<const compute::KernelSpec*>& entries);

  /// `tokens` of each GPU, in one mode.
  CollectiveTime time(ExchangeMode mode, double tokens) const;
  /// In the faster mode; buffers of the low-latency mode hold 256 tokens of a GPU.
  CollectiveTime time(double tokens) const;

 private:
  struct Mode {
    ExchangeForm form, measured;
    std::vector<double> tokens, seconds;  ///< empty: no curve
  };
  Mode low_latency_, normal_;
};

}  // namespace tokenworks::network
