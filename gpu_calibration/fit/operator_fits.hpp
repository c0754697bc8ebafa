// The fits, one an operator class. Each judges itself on shapes and sizes that it did not see, then fits all rows.
#pragma once

#include <vector>

#include "gpu_calibration/fit/fit_report.hpp"
#include "gpu_calibration/raw/kernel_measurements.hpp"
#include "models/compute/kernel_spec.hpp"

namespace tokenworks::gpu_calibration {

std::vector<compute::MatrixProductTable> fit_matrix_products(const Table& rows, const compute::GpuRatings& ratings,
                                                             FitReport& report);
std::vector<compute::PromptAttentionTable> fit_prompt_attention(const Table& rows, FitReport& report);
std::vector<compute::DecodeAttentionTable> fit_decode_attention(const Table& rows, FitReport& report);
std::vector<compute::ExpertTable> fit_experts(const Table& rows, const compute::GpuRatings& ratings, FitReport& report);
std::vector<compute::LatentPromptTable> fit_latent_prompt(const Table& rows, bool sparse, FitReport& report);
std::vector<compute::LatentDecodeTable> fit_latent_decode(const Table& rows, bool sparse, FitReport& report);
std::vector<compute::LinearAttentionTable> fit_linear_attention(const Table& rows, FitReport& report);
std::vector<compute::CollectiveCurve> fit_collectives(const Table& rows, FitReport& report);
std::vector<compute::ExchangeCurve> fit_exchanges(const Table& rows, FitReport& report);

}  // namespace tokenworks::gpu_calibration
