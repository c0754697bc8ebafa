// Question   how long does a collective inside one scale-up domain take on a GPU whose collectives nobody measured
// Equation   the fastest of  ring   base + s * step + (s / n) * bytes / b,  s = 2 (n - 1) for all-reduce, else n - 1
//                            tree   base + 2 (n - 1) * step + 2 * bytes / b                        (all-reduce)
//                            NVLS   latency + (1 + 1 / n) * bytes / b, n > 2; without 1 / n for gather and scatter
//            under the protocols LL, LL128 and Simple; all-to-all: start + [(n - 1) / n] * bytes / b, few or many bytes
// Source     constants and what they were fitted to: collective_constants.hpp
// Valid for  2 to 8 GPUs, all linked through switches; errors by group: models/README.md
// Checked by `tokenworks validate --only collectives`; laws: tests/models/network/domain_form_test.cpp
#pragma once

#include <cstdint>

#include "models/core/units.hpp"
#include "models/network/collective_constants.hpp"

namespace tokenworks::network {

/// GPUs of one domain. Bytes are those of the whole buffer; one GPU has nobody to talk to and needs no time.
struct DomainForm {
  GenerationConstants constants;
  std::int64_t gpus = 1;
  BytesPerSecond link{0};  ///< of a GPU, one direction

  double all_reduce_s(double bytes) const;
  double all_gather_s(double bytes) const;
  double reduce_scatter_s(double bytes) const;
  double all_to_all_s(double bytes) const;

  /// Bytes a second that a ring or tree moves inside, over so many domains.
  double rate(const Protocol& protocol, std::int64_t domains) const;
  bool has_nvls() const { return constants.nvls_share > 0.0 && gpus > 2; }
  double nvls_rate() const { return constants.nvls_share * link.value; }
};

}  // namespace tokenworks::network
