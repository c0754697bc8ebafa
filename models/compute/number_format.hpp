// The number formats that matrices are kept and multiplied in, as kernel tables name them.
#pragma once

#include <string_view>

namespace tokenworks::compute {

enum class NumberFormat {
  bf16,
  fp8,         ///< one scale a tensor or channel
  fp8_block,   ///< one fp32 scale a 128 x 128 block of weights
  nvfp4,       ///< one fp8 scale for 16 values, weights and activations
  mxfp4_bf16,  ///< weights with one 8-bit exponent for 32 values, multiplied in bf16
  mxfp4_fp8,   ///< the same, multiplied with fp8 activations
  int4_bf16,   ///< weights with one bf16 scale for 32 values, multiplied in bf16
};
inline constexpr std::string_view kNumberFormatNames[] = {"bf16",       "fp8",       "fp8_block", "nvfp4",
                                                          "mxfp4_bf16", "mxfp4_fp8", "int4_bf16"};

/// Throws std::invalid_argument when `name` is none of kNumberFormatNames.
NumberFormat number_format_from_name(std::string_view name);
std::string_view name_of(NumberFormat format);

/// Bytes that a weight takes with its share of scales. Source: DeepSeek-AI, DeepSeek-V3 technical report, 2024 (fp8
/// blocks); OCP Microscaling Formats specification 1.0, 2023 (mxfp4); NVIDIA, Introducing NVFP4, 2025.
double bytes_per_weight(NumberFormat format);
/// Bytes of an activation as it enters a product.
double bytes_per_activation(NumberFormat format);

/// Whose units multiply.
enum class Arithmetic { bf16, fp8, fp4 };
Arithmetic arithmetic_of(NumberFormat format);

}  // namespace tokenworks::compute
