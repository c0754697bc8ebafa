#include "models/compute/number_format.hpp"

#include <iterator>
#include <stdexcept>
#include <string>

namespace tokenworks::compute {

NumberFormat number_format_from_name(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNumberFormatNames); ++i) {
    if (kNumberFormatNames[i] == name) return static_cast<NumberFormat>(i);
  }
  throw std::invalid_argument("number format '" + std::string(name) +
                              "' is none of bf16, fp8, fp8_block, nvfp4, mxfp4_bf16, mxfp4_fp8, int4_bf16");
}

std::string_view name_of(NumberFormat format) { return kNumberFormatNames[static_cast<std::size_t>(format)]; }

double bytes_per_weight(NumberFormat format) {
  switch (format) {
    case NumberFormat::bf16:
      return 2.0;
    case NumberFormat::fp8:
      return 1.0;
    case NumberFormat::fp8_block:
      return 1.0 + 4.0 / (128.0 * 128.0);
    case NumberFormat::nvfp4:
      return 0.5 + 1.0 / 16.0;
    case NumberFormat::mxfp4_bf16:
    case NumberFormat::mxfp4_fp8:
      return 0.5 + 1.0 / 32.0;
    case NumberFormat::int4_bf16:
      return 0.5 + 2.0 / 32.0;
  }
  return 2.0;
}

double bytes_per_activation(NumberFormat format) {
  switch (arithmetic_of(format)) {
    case Arithmetic::bf16:
      return 2.0;
    case Arithmetic::fp8:
      return 1.0;
    case Arithmetic::fp4:
      return bytes_per_weight(format);
  }
  return 2.0;
}

Arithmetic arithmetic_of(NumberFormat format) {
  switch (format) {
    case NumberFormat::bf16:
    case NumberFormat::mxfp4_bf16:
    case NumberFormat::int4_bf16:
      return Arithmetic::bf16;
    case NumberFormat::fp8:
    case NumberFormat::fp8_block:
    case NumberFormat::mxfp4_fp8:
      return Arithmetic::fp8;
    case NumberFormat::nvfp4:
      return Arithmetic::fp4;
  }
  return Arithmetic::bf16;
}

}  // namespace tokenworks::compute
