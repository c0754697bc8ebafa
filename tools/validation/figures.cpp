#include "tools/validation/figures.hpp"

#include <limits>

namespace tokenworks::validation {
namespace {

using metrics::LatencySummary;

double figure(const std::optional<LatencySummary>& summary, double LatencySummary::*member) {
  return summary ? (*summary).*member : std::numeric_limits<double>::quiet_NaN();
}

double gpus(const CaseRun& run) { return static_cast<double>(run.service().gpus); }

}  // namespace

double mean_ttft_s(const CaseRun& run) { return figure(run.service().ttft_s, &LatencySummary::mean); }
double mean_tpot_s(const CaseRun& run) { return figure(run.service().tpot_s, &LatencySummary::mean); }
double median_ttft_s(const CaseRun& run) { return figure(run.service().ttft_s, &LatencySummary::p50); }
double median_tpot_s(const CaseRun& run) { return figure(run.service().tpot_s, &LatencySummary::p50); }
double median_itl_s(const CaseRun& run) { return figure(run.service().itl_s, &LatencySummary::p50); }
double mean_request_s(const CaseRun& run) { return figure(run.service().e2e_s, &LatencySummary::mean); }

double window_output_throughput_per_gpu(const CaseRun& run) {
  return static_cast<double>(run.service().window_output_tokens) / run.service().window_s / gpus(run);
}

double output_throughput_per_gpu(const CaseRun& run) {
  return static_cast<double>(run.service().output_tokens) / run.result.simulated_s / gpus(run);
}

double total_throughput_per_gpu(const CaseRun& run) {
  const metrics::ServiceResult& service = run.service();
  return static_cast<double>(service.input_tokens + service.output_tokens) / run.result.simulated_s / gpus(run);
}

double mean_gpu_power_w(const CaseRun& run) { return run.service().gpu_energy_j / run.result.simulated_s / gpus(run); }

double mean_it_power_w(const CaseRun& run) { return run.result.power.it_energy_j / run.result.simulated_s; }

}  // namespace tokenworks::validation
