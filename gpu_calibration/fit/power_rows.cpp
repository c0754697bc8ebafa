#include "gpu_calibration/fit/power_rows.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "models/compute/kernel_time.hpp"
#include "models/compute/number_format.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::Arithmetic;
using compute::NumberFormat;
using compute::OperatorClass;

/// What one kernel does, and on which shape.
struct Work {
  OperatorClass operator_class{};
  Arithmetic arithmetic = Arithmetic::bf16;
  double bytes = 0.0, operations = 0.0;
  std::string shape;
};

/// A row of a table by the names of its columns.
class Row {
 public:
  Row(const Table& table, std::size_t row) : table_(table), row_(row) {}
  double number(std::string_view column) const { return table_.at(column).numbers[row_]; }
  std::int64_t whole(std::string_view column) const { return static_cast<std::int64_t>(number(column)); }
  const std::string& text(std::string_view column) const { return table_.at(column).text(row_); }
  std::optional<NumberFormat> format(std::string_view column) const {
    const auto& names = compute::kNumberFormatNames;
    const auto found = std::find(std::begin(names), std::end(names), text(column));
    if (found == std::end(names)) return std::nullopt;
    return static_cast<NumberFormat>(found - std::begin(names));
  }

 private:
  const Table& table_;
  std::size_t row_;
};

using Counter = std::optional<Work> (*)(const Row&);

std::optional<Work> matrix_product(const Row& row) {
  const auto format = row.format("format");
  if (!format) return std::nullopt;
  const compute::MatrixProduct product{row.number("rows"), row.number("columns"), row.number("inner")};
  return Work{OperatorClass::matrix_product, compute::arithmetic_of(*format), compute::bytes_of(product, *format),
              compute::operations_of(product), fmt::format("{}x{}", product.columns, product.inner)};
}

std::optional<Work> expert_block(const Row& row) {
  const auto format = row.format("format");
  if (!format) return std::nullopt;
  const compute::ExpertShape shape{row.whole("hidden"), row.whole("intermediate"), row.whole("experts"),
                                   row.whole("active"), row.whole("tensor"),       row.whole("expert")};
  const double tokens = row.number("tokens");
  return Work{OperatorClass::expert_block, compute::arithmetic_of(*format),
              compute::expert_bytes(shape, *format, tokens), compute::expert_operations(shape, tokens),
              fmt::format("{}x{}x{}", shape.hidden, shape.intermediate, shape.experts)};
}

double cache_bytes(const Row& row) { return row.text("kv_format") == "fp8" ? 1.0 : 2.0; }
Arithmetic attention_arithmetic(const Row& row) {
  return row.text("format") == "fp8" ? Arithmetic::fp8 : Arithmetic::bf16;
}

std::string head_shape(const Row& row) {
  return fmt::format("{}/{}/{}", row.number("heads"), row.number("kv_heads"), row.number("head_dim"));
}

std::optional<Work> prompt_attention(const Row& row) {
  const double fresh = row.number("tokens"), prefix = row.number("prefix"), window = row.number("window");
  const double sequences = row.number("sequences"), heads = row.number("heads"), width = row.number("head_dim");
  double pairs = fresh * (prefix + fresh / 2.0);
  if (window > 0.0 && window < prefix + fresh) {
    const double short_of_window = std::clamp(window - prefix, 0.0, fresh);  // new tokens that see less than a window
    pairs = short_of_window * (prefix + short_of_window / 2.0) + (fresh - short_of_window) * window;
  }
  const double queries_and_output = 2.0 * fresh * heads * 2.0;
  const double keys_and_values = 2.0 * (prefix + fresh) * row.number("kv_heads") * cache_bytes(row);
  return Work{OperatorClass::prompt_attention, attention_arithmetic(row),
              sequences * width * (queries_and_output + keys_and_values), 4.0 * sequences * heads * width * pairs,
              head_shape(row)};
}

std::optional<Work> decode_attention(const Row& row) {
  const double window = row.number("window"), cached = row.number("context") + 1.0;
  const double met = window > 0.0 ? std::min(window, cached) : cached;
  const double sequences = row.number("sequences"), heads = row.number("heads"), width = row.number("head_dim");
  return Work{OperatorClass::decode_attention, attention_arithmetic(row),
              sequences * width * (2.0 * met * row.number("kv_heads") * cache_bytes(row) + 4.0 * heads),
              4.0 * sequences * met * heads * width, head_shape(row)};
}

// Latent attention of DeepSeek-V2 and later (DeepSeek-AI, DeepSeek-V2 technical report, 2024): a latent of 512 values
// and 64 rotated ones a token; prompts expand it to 192 wide keys and 128 wide values a head.
constexpr double kLatent = 512.0, kCached = 576.0, kKey = 192.0, kValue = 128.0;

std::optional<Work> latent_prompt_attention(const Row& row) {
  const double tokens = row.number("tokens"), heads = row.number("heads"), sequences = row.number("sequences");
  const double pairs = tokens * (row.number("prefix") + tokens / 2.0);
  return Work{OperatorClass::prompt_attention, attention_arithmetic(row),
              sequences * tokens * heads * 2.0 * (kKey + kValue) * 2.0,
              2.0 * sequences * pairs * heads * (kKey + kValue), fmt::format("latent {}", heads)};
}

std::optional<Work> latent_decode_attention(const Row& row) {
  const double cached = row.number("context") + 1.0, heads = row.number("heads"), sequences = row.number("sequences");
  const double values = kCached + kLatent;  // a query meets the whole entry, and sums its latent part
  return Work{OperatorClass::decode_attention, attention_arithmetic(row),
              sequences * (cached * kCached * cache_bytes(row) + heads * values * 2.0),
              2.0 * sequences * cached * heads * values, fmt::format("latent {}", heads)};
}

std::optional<Work> quantise(const Row& row) {
  const double values = row.number("rows") * row.number("inner");
  return Work{OperatorClass::elementwise, Arithmetic::bf16, 3.0 * values, 0.0,
              fmt::format("quantise {}", row.number("inner"))};
}

constexpr std::pair<std::string_view, Counter> kCounters[] = {
    {"matrix_product", matrix_product},
    {"expert_block", expert_block},
    {"prompt_attention", prompt_attention},
    {"decode_attention", decode_attention},
    {"latent_prompt_attention", latent_prompt_attention},
    {"latent_decode_attention", latent_decode_attention},
    {"quantise", quantise},
};

/// Published tables of vLLM kernels: bf16 and per-tensor fp8 weights were uninitialised memory, which shows at an inner
/// size of 65,536 (562 against 691 W on H200 at the same speed); prompt attention reads 300 to 470 W where kernels that
/// do the same work on random values read 690 W.
bool has_random_operands(const Table& table, const Row& row, bool published) {
  if (!published || !row.text("kernel").starts_with("vllm")) return true;
  if (table.operation == "prompt_attention") return false;
  const bool unscaled = table.operation == "matrix_product" && row.text("format") != "fp8_block";
  return !(unscaled && row.number("inner") >= 65536.0);
}

std::string_view set_name(OperatorClass operator_class) {
  constexpr std::string_view kNames[] = {"matrix_product",   "expert_block", "prompt_attention",
                                         "decode_attention", "elementwise",  "communication"};
  return kNames[static_cast<std::size_t>(operator_class)];
}

}  // namespace

PowerRows power_rows(const KernelMeasurements& measurements, const compute::GpuRatings& ratings) {
  PowerRows result;
  std::size_t unknown_formats = 0;
  for (const Table& table : measurements.tables) {
    const auto counter = std::find_if(std::begin(kCounters), std::end(kCounters),
                                      [&](const auto& entry) { return entry.first == table.operation; });
    const Column* watts = table.find("power_w");
    if (counter == std::end(kCounters) || watts == nullptr) continue;
    const Column* readings = table.find("power_readings");
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const Row row(table, i);
      const std::optional<Work> work = counter->second(row);
      if (!work) {
        ++unknown_formats;
        continue;
      }
      const double seconds = table.at("time_s").numbers[i];
      const double rate = compute::rated_flop_per_s(ratings, work->arithmetic);
      const compute::UnitUse use{work->bytes / (seconds * ratings.memory_bandwidth.value),
                                 rate > 0.0 ? work->operations / (seconds * rate) : 0.0, work->arithmetic};
      result.rows.push_back(
          {.parts = {{work->operator_class, 1.0, use}},
           .watts = watts->numbers[i],
           .seconds = seconds,
           .readings = readings == nullptr ? 0.0 : readings->numbers[i],
           .random_operands = has_random_operands(table, row, measurements.origin == "measured_published"),
           .set = std::string(set_name(work->operator_class)),
           .group = fmt::format("{} {}", table.operation, work->shape)});
    }
  }
  result.excluded.push_back({"a number format that is not in the list of number_format.hpp", unknown_formats});
  return result;
}

}  // namespace tokenworks::gpu_calibration
