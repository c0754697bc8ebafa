#include "tools/validation/figures.hpp"

#include <algorithm>
#include <limits>

#include "tools/validation/error_statistics.hpp"

namespace tokenworks::validation {
namespace {

using metrics::LatencySummary;

double figure(const std::optional<LatencySummary>& summary, double LatencySummary::*member) {
  return summary ? (*summary).*member : std::numeric_limits<double>::quiet_NaN();
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<double> window_it_powers_w(const CaseRun& run) {
  const auto& columns = run.result.columns;
  const auto column = [&](const char* name) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    return static_cast<std::size_t>(found - columns.begin());
  };
  const std::size_t time = column("time_s"), power = column("it_power_w");
  const metrics::ServiceResult& service = run.service();
  std::vector<double> values;
  // The last interval may be cut short.
  for (std::size_t row = 0; row + 1 < run.result.rows.size(); ++row) {
    const std::vector<double>& at = run.result.rows[row];
    if (at.at(time) < service.window_from_s || at.at(time) >= service.window_from_s + service.window_s) continue;
    values.push_back(at.at(power));
  }
  return values;
}

struct YearSums {
  double it_w = 0, facility_w = 0, cooling_w = 0, water_l = 0;
};

YearSums sums(const CaseRun& run) {
  YearSums sums;
  for (const metrics::YearHour& hour : run.year.hours) {
    sums.it_w += hour.it_w;
    sums.facility_w += hour.facility_w();
    sums.cooling_w += hour.cooling_w();
    sums.water_l += hour.evaporation_l + hour.drift_l + hour.blow_down_l;
  }
  return sums;
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

double window_it_power_w(const CaseRun& run) {
  const std::vector<double> values = window_it_powers_w(run);
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? kNone : sum / static_cast<double>(values.size());
}

double window_it_power_w(const CaseRun& run, double share) {
  std::vector<double> values = window_it_powers_w(run);
  return values.empty() ? kNone : quantile(std::move(values), share);
}

double year_pue(const CaseRun& run) { return sums(run).facility_w / sums(run).it_w; }

double year_wue_l_per_kwh(const CaseRun& run) {
  const YearSums year = sums(run);  // sums of W over hours are Wh
  return year.water_l / (1e-3 * year.it_w);
}

double year_cooling_share(const CaseRun& run) { return sums(run).cooling_w / sums(run).facility_w; }

double year_mode_share(const CaseRun& run, const std::vector<std::string>& modes) {
  const std::vector<std::string>& names = run.year.modes.front();
  std::size_t hours = 0;
  for (const metrics::YearHour& hour : run.year.hours) {
    if (std::find(modes.begin(), modes.end(), names.at(hour.mode.front())) != modes.end()) ++hours;
  }
  return static_cast<double>(hours) / static_cast<double>(run.year.hours.size());
}

}  // namespace tokenworks::validation
