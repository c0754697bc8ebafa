#include "models/network/domain_form.hpp"

#include <algorithm>
#include <limits>

namespace tokenworks::network {
namespace {

double count(std::int64_t gpus) { return static_cast<double>(gpus); }

double ring_s(const DomainForm& form, double steps, double bytes) {
  double fastest = std::numeric_limits<double>::infinity();
  for (const Protocol& protocol : {kLL, kLL128, kSimple}) {
    const double latency =
        form.constants.start_scale * protocol.ring_base_s + steps * form.constants.step_scale * protocol.ring_link_s;
    fastest = std::min(fastest, latency + steps / count(form.gpus) * bytes / form.rate(protocol, 1));
  }
  return fastest;
}

double tree_s(const DomainForm& form, double bytes) {
  double fastest = std::numeric_limits<double>::infinity();
  const double steps = 2.0 * (count(form.gpus) - 1.0);
  for (const Protocol& protocol : {kLL, kLL128, kSimple}) {
    const double latency =
        form.constants.start_scale * protocol.tree_base_s + steps * form.constants.step_scale * protocol.tree_link_s;
    fastest = std::min(fastest, latency + 2.0 * bytes / form.rate(protocol, 1));
  }
  return fastest;
}

/// `passes`: how often the buffer goes through the link.
double nvls_s(const DomainForm& form, double passes, double bytes) {
  if (!form.has_nvls()) return std::numeric_limits<double>::infinity();
  return form.constants.nvls_scale * kNvlsLinkLatency + passes * bytes / form.nvls_rate();
}

double spread_s(const DomainForm& form, double bytes) {
  if (form.gpus == 1 || bytes <= 0.0) return 0.0;
  return std::min(ring_s(form, count(form.gpus) - 1.0, bytes), nvls_s(form, 1.0, bytes));
}

}  // namespace

double DomainForm::rate(const Protocol& protocol, std::int64_t domains) const {
  const double pair = gpus == 2 && domains == 1 ? constants.pair_share : 1.0;
  const double simple = constants.simple_share * link.value * pair;
  const double ll128 = constants.ll128_share * link.value * pair;
  if (protocol.wire_bytes == kSimple.wire_bytes) return simple;
  if (protocol.wire_bytes == kLL128.wire_bytes) return ll128;
  // Inside one domain LL's limit binds; links slower than those it was found on bind before it, at half their rate.
  const double limit = constants.ll_scale * constants.ll_bytes_per_s[domains == 1 ? 0 : domains == 2 ? 1 : 2];
  return std::min(limit, 0.5 * link.value);
}

double DomainForm::all_reduce_s(double bytes) const {
  if (gpus == 1 || bytes <= 0.0) return 0.0;
  return std::min({ring_s(*this, 2.0 * (count(gpus) - 1.0), bytes), tree_s(*this, bytes),
                   nvls_s(*this, 1.0 + 1.0 / count(gpus), bytes)});
}

double DomainForm::all_gather_s(double bytes) const { return spread_s(*this, bytes); }

double DomainForm::reduce_scatter_s(double bytes) const { return spread_s(*this, bytes); }

double DomainForm::all_to_all_s(double bytes) const {
  if (gpus == 1 || bytes <= 0.0) return 0.0;
  const double sent = bytes * (count(gpus) - 1.0) / count(gpus);
  const auto kind = [&](int many) {
    return constants.exchange_start_s[many] + sent / (constants.exchange_share[many] * link.value);
  };
  return std::min(kind(0), kind(1));
}

}  // namespace tokenworks::network
