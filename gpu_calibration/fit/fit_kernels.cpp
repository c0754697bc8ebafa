#include "gpu_calibration/fit/fit_kernels.hpp"

#include <fmt/format.h>

#include "gpu_calibration/fit/operator_fits.hpp"

namespace tokenworks::gpu_calibration {

compute::KernelSpec fit_kernels(std::span<const KernelMeasurements> measurements, const std::string& title,
                                const compute::GpuRatings& ratings, FitReport& report) {
  compute::KernelSpec spec;
  const KernelMeasurements& first = measurements.front();
  spec.title = title;
  spec.gpu = first.device.gpu;
  spec.library = first.software.name;
  spec.version = first.software.version;
  spec.how = first.origin;
  spec.ratings = ratings;
  // The fits by operator; where several raw results have a table, the first one counts.
  const auto fit = [&](std::string_view operation, const auto& use) {
    for (const KernelMeasurements& raw : measurements) {
      if (const Table* table = raw.find(operation)) return use(*table);
    }
  };
  fit("matrix_product", [&](const Table& t) { spec.matrix_products = fit_matrix_products(t, ratings, report); });
  fit("prompt_attention", [&](const Table& t) { spec.prompt_attention = fit_prompt_attention(t, report); });
  fit("decode_attention", [&](const Table& t) { spec.decode_attention = fit_decode_attention(t, report); });
  spec.quality = report.quality;
  for (const KernelMeasurements& raw : measurements) {
    SourceNote note;
    note.evidence = "C";
    note.source = fmt::format("Fitted to rows of {} {} on {}: {}", raw.software.name, raw.software.version,
                              raw.device.name, raw.source);
    spec.sources.push_back(std::move(note));
  }
  return spec;
}

}  // namespace tokenworks::gpu_calibration
