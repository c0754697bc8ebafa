// What measurements print, read off a run of ours.
#pragma once

#include <string>
#include <vector>

#include "tools/validation/measured_case.hpp"

namespace tokenworks::validation {

double mean_ttft_s(const CaseRun& run);
double mean_tpot_s(const CaseRun& run);
double median_ttft_s(const CaseRun& run);
double median_tpot_s(const CaseRun& run);
double median_itl_s(const CaseRun& run);
double mean_request_s(const CaseRun& run);
/// Tokens generated inside the window, per second and GPU of the service.
double window_output_throughput_per_gpu(const CaseRun& run);
/// All tokens generated, over the time to the last one, per GPU of the service.
double output_throughput_per_gpu(const CaseRun& run);
/// The same with the tokens of the prompts.
double total_throughput_per_gpu(const CaseRun& run);
/// Of a GPU board of the service, mean of the run.
double mean_gpu_power_w(const CaseRun& run);
/// Of everything inside the racks at their input, mean of the run.
double mean_it_power_w(const CaseRun& run);
/// The same over the intervals of the series that lie in the window of the service: their mean, and the value below
/// which a share of them lies.
double window_it_power_w(const CaseRun& run);
double window_it_power_w(const CaseRun& run, double share);

/// Of a year: facility over IT energy; litres a kWh of IT; cooling and cooling of electrical rooms, of the facility's
/// energy; hours of the main loop in modes named so, of all.
double year_pue(const CaseRun& run);
double year_wue_l_per_kwh(const CaseRun& run);
double year_cooling_share(const CaseRun& run);
double year_mode_share(const CaseRun& run, const std::vector<std::string>& modes);

}  // namespace tokenworks::validation
