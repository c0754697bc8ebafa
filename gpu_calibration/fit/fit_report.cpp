#include "gpu_calibration/fit/fit_report.hpp"

#include <utility>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"

namespace tokenworks::gpu_calibration {

compute::FitQuality JudgedFit::line(std::string operation, std::string group, std::size_t rows, std::size_t excluded,
                                    std::size_t constants) const {
  const ErrorSummary shapes = summarise_errors(unseen), sizes = summarise_errors(tail);
  compute::FitQuality quality;
  quality.operator_name = std::move(operation);
  quality.group = std::move(group);
  quality.rows = static_cast<std::int64_t>(rows);
  quality.unseen_rows = static_cast<std::int64_t>(shapes.rows);
  quality.excluded_rows = static_cast<std::int64_t>(excluded);
  quality.constants = static_cast<std::int64_t>(constants);
  quality.median_error = four_digits(shapes.median);
  quality.p90_error = four_digits(shapes.p90);
  quality.tail_median_error = four_digits(sizes.median);
  quality.tail_p90_error = four_digits(sizes.p90);
  return quality;
}

}  // namespace tokenworks::gpu_calibration
