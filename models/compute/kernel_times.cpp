#include "models/compute/kernel_times.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tokenworks::compute {
namespace {

template <class Table>
struct Found {
  const KernelSpec* entry = nullptr;
  const Table* table = nullptr;
  explicit operator bool() const { return table != nullptr; }
};

/// The first table of the first entry that `fits`.
template <class Table, class Fits>
Found<Table> first_table(const std::vector<const KernelSpec*>& entries, std::vector<Table> KernelSpec::*list,
                         const Fits& fits) {
  for (const KernelSpec* entry : entries) {
    for (const Table& table : entry->*list) {
      if (fits(table)) return {entry, &table};
    }
  }
  return {};
}

/// The table with the least `badness` of all entries; an infinite one is unfit.
template <class Table, class Badness>
Found<Table> best_table(const std::vector<const KernelSpec*>& entries, std::vector<Table> KernelSpec::*list,
                        const Badness& badness) {
  Found<Table> best;
  double least = std::numeric_limits<double>::infinity();
  for (const KernelSpec* entry : entries) {
    for (const Table& table : entry->*list) {
      const double bad = badness(table);
      if (bad >= least) continue;
      least = bad;
      best = {entry, &table};
    }
  }
  return best;
}

std::string_view cache_format(bool fp8) { return fp8 ? "fp8" : "bf16"; }

/// Formats without a table of their own act through another: weights are widened, or the nearest kernel stands in.
NumberFormat stand_in(NumberFormat format) {
  switch (format) {
    case NumberFormat::fp8_block:
      return NumberFormat::fp8;
    case NumberFormat::nvfp4:
      return NumberFormat::fp8;
    case NumberFormat::mxfp4_fp8:
      return NumberFormat::fp8;
    default:
      return NumberFormat::bf16;
  }
}

double log_distance(double a, double b) { return std::abs(std::log(a / b)); }

}  // namespace

KernelTimes::KernelTimes(const GpuSpec& gpu, std::vector<const KernelSpec*> entries, ValidityNotes& notes)
    : gpu_(gpu), entries_(std::move(entries)), notes_(notes) {}

const MatrixProductTable& KernelTimes::matrix_products(NumberFormat format) const {
  if (const auto made = matrix_products_.find(format); made != matrix_products_.end()) return made->second;
  NumberFormat acting = format;
  Found<MatrixProductTable> found;
  while (true) {
    found = first_table(entries_, &KernelSpec::matrix_products,
                        [&](const MatrixProductTable& table) { return table.format == name_of(acting); });
    if (found || acting == NumberFormat::bf16) break;
    acting = stand_in(acting);
  }
  if (!found) throw std::invalid_argument("GPU '" + gpu_.title + "': no kernel entry has matrix products in bf16");
  return matrix_products_.emplace(format, on_gpu(*found.table, found.entry->ratings, gpu_.ratings, format))
      .first->second;
}

double KernelTimes::matrix_product_s(NumberFormat format, const MatrixProduct& product) const {
  const MatrixProductTable& table = matrix_products(format);
  notes_.check("kernel_time: rows of a matrix product", product.rows, 1.0, table.rows.back());
  notes_.check("kernel_time: columns of a matrix product", product.columns, table.columns.front(),
               table.columns.back());
  notes_.check("kernel_time: inner width of a matrix product", product.inner, table.inner.front(), table.inner.back());
  return compute::matrix_product_s(table, gpu_.ratings, product);
}

double KernelTimes::smallest_matrix_product_s(NumberFormat format) const {
  NumberFormat acting = format;
  while (true) {
    const auto found = first_table(entries_, &KernelSpec::matrix_products,
                                   [&](const MatrixProductTable& table) { return table.format == name_of(acting); });
    if (found) return *std::min_element(found.table->time_s.begin(), found.table->time_s.end());
    if (acting == NumberFormat::bf16) return 0.0;
    acting = stand_in(acting);
  }
}

// ---- Grouped attention --------------------------------------------------------------------------------------------

namespace {

Found<PromptAttentionTable> prompt_table(const std::vector<const KernelSpec*>& entries, const AttentionShape& shape,
                                         bool with_window) {
  return best_table(entries, &KernelSpec::prompt_attention, [&](const PromptAttentionTable& table) {
    if ((table.window_tokens > 0) != with_window) return std::numeric_limits<double>::infinity();
    if (with_window && table.window_tokens != shape.window_tokens) return std::numeric_limits<double>::infinity();
    double bad = log_distance(static_cast<double>(table.head_dim), static_cast<double>(shape.head_dim));
    if (table.kv_format != cache_format(shape.fp8_cache)) bad += 0.01;
    if (table.format != "bf16") bad += 0.001;
    return bad;
  });
}

Found<DecodeAttentionTable> decode_table(const std::vector<const KernelSpec*>& entries, const AttentionShape& shape,
                                         bool with_window) {
  return best_table(entries, &KernelSpec::decode_attention, [&](const DecodeAttentionTable& table) {
    if ((table.window_tokens > 0) != with_window) return std::numeric_limits<double>::infinity();
    if (with_window && table.window_tokens != shape.window_tokens) return std::numeric_limits<double>::infinity();
    double bad = log_distance(static_cast<double>(table.head_dim), static_cast<double>(shape.head_dim));
    if (table.kv_format != cache_format(shape.fp8_cache)) bad += 0.01;
    return bad;
  });
}

/// What exceeds the smallest time scales by `ratio`.
double above_smallest(double seconds, double smallest, double ratio) { return smallest + (seconds - smallest) * ratio; }

}  // namespace

bool KernelTimes::has_prompt_window(const AttentionShape& shape) const {
  return static_cast<bool>(prompt_table(entries_, shape, true));
}

double KernelTimes::prompt_attention_s(const AttentionShape& shape, double sequences, double tokens) const {
  auto found = shape.window_tokens > 0 ? prompt_table(entries_, shape, true) : Found<PromptAttentionTable>{};
  if (!found) found = prompt_table(entries_, shape, false);
  if (!found) throw std::invalid_argument("GPU '" + gpu_.title + "': no kernel entry has prompt attention");
  const PromptAttentionTable& table = *found.table;
  notes_.check("kernel_time: prompt attention [tokens]", tokens, 1.0, table.tokens.back());
  notes_.check("kernel_time: head size of attention", static_cast<double>(shape.head_dim),
               static_cast<double>(table.head_dim), static_cast<double>(table.head_dim));
  const double heads = static_cast<double>(shape.heads) * sequences;
  const double size = static_cast<double>(shape.head_dim) / static_cast<double>(table.head_dim);
  const double rate = found.entry->ratings.bf16_flop_per_s / gpu_.ratings.bf16_flop_per_s;
  return above_smallest(compute::prompt_attention_s(table, heads, tokens), smallest_s(table), size * rate);
}

double KernelTimes::smallest_prompt_attention_s(const AttentionShape& shape) const {
  auto found = shape.window_tokens > 0 ? prompt_table(entries_, shape, true) : Found<PromptAttentionTable>{};
  if (!found) found = prompt_table(entries_, shape, false);
  return found ? smallest_s(*found.table) : 0.0;
}

double KernelTimes::decode_attention_s(const AttentionShape& shape, double sequences, double context) const {
  auto found = shape.window_tokens > 0 ? decode_table(entries_, shape, true) : Found<DecodeAttentionTable>{};
  if (!found) found = decode_table(entries_, shape, false);
  if (!found) throw std::invalid_argument("GPU '" + gpu_.title + "': no kernel entry has decode attention");
  const DecodeAttentionTable& table = *found.table;
  const double kv_heads = static_cast<double>(shape.kv_heads) * sequences;
  const double heads_per_kv_head = static_cast<double>(shape.heads) / static_cast<double>(shape.kv_heads);
  notes_.check("kernel_time: decode attention, context [tokens]", context, 0.0, table.context.back());
  notes_.check("kernel_time: decode attention, KV heads of all sequences", kv_heads, 1.0, table.kv_heads.back());
  notes_.check("kernel_time: decode attention, query heads a KV head", heads_per_kv_head, 1.0,
               table.heads_per_kv_head.back());
  const double seconds = compute::decode_attention_s(table, heads_per_kv_head, kv_heads, context);
  const double bytes_ratio = (shape.fp8_cache ? 1.0 : 2.0) / (table.kv_format == "fp8" ? 1.0 : 2.0);
  const double size = static_cast<double>(shape.head_dim) / static_cast<double>(table.head_dim);
  const double rate = found.entry->ratings.memory_bandwidth / gpu_.ratings.memory_bandwidth;
  return above_smallest(seconds, smallest_s(table), size * rate * bytes_ratio);
}

std::vector<double> KernelTimes::context_nodes(const AttentionShape& shape) const {
  auto found = shape.window_tokens > 0 ? decode_table(entries_, shape, true) : Found<DecodeAttentionTable>{};
  if (!found) found = decode_table(entries_, shape, false);
  return found ? found.table->context : std::vector<double>{};
}

// ---- Latent attention ---------------------------------------------------------------------------------------------

namespace {

template <class Table>
Found<Table> latent_table(const std::vector<const KernelSpec*>& entries, std::vector<Table> KernelSpec::*list,
                          const LatentShape& shape) {
  return best_table(entries, list, [&](const Table& table) {
    const double unfit = std::numeric_limits<double>::infinity();
    if (table.sparse != shape.sparse) return unfit;
    if (shape.matrix_format) {
      if (table.dims != shape.dims || table.matrix_format != name_of(*shape.matrix_format)) return unfit;
    } else if (!table.matrix_format.empty()) {
      return unfit;
    }
    return table.kv_format == cache_format(shape.fp8_cache) ? 0.0 : 0.01;
  });
}

template <class Table>
double smallest_time(const Table& table) {
  return *std::min_element(table.time_s.begin(), table.time_s.end());
}

}  // namespace

bool KernelTimes::has_latent(const LatentShape& shape) const {
  return latent_table(entries_, &KernelSpec::latent_decode, shape) &&
         latent_table(entries_, &KernelSpec::latent_prompt, shape);
}

double KernelTimes::latent_prompt_s(const LatentShape& shape, double sequences, double tokens) const {
  const auto found = latent_table(entries_, &KernelSpec::latent_prompt, shape);
  if (!found) throw std::invalid_argument("GPU '" + gpu_.title + "': no kernel entry has latent attention of prompts");
  notes_.check("kernel_time: latent attention of prompts [tokens]", tokens, 1.0, found.table->tokens.back());
  const double rate = found.entry->ratings.bf16_flop_per_s / gpu_.ratings.bf16_flop_per_s;
  return above_smallest(compute::latent_prompt_s(*found.table, static_cast<double>(shape.heads), sequences, tokens),
                        smallest_time(*found.table), rate);
}

double KernelTimes::latent_decode_s(const LatentShape& shape, double sequences, double context) const {
  const auto found = latent_table(entries_, &KernelSpec::latent_decode, shape);
  if (!found) throw std::invalid_argument("GPU '" + gpu_.title + "': no kernel entry has latent attention of decoding");
  notes_.check("kernel_time: latent attention, context [tokens]", context, 0.0, found.table->context.back());
  notes_.check("kernel_time: latent attention, sequences", sequences, 1.0, found.table->sequences.back());
  const double rate = found.entry->ratings.memory_bandwidth / gpu_.ratings.memory_bandwidth;
  return above_smallest(compute::latent_decode_s(*found.table, static_cast<double>(shape.heads), sequences, context),
                        smallest_time(*found.table), rate);
}

std::vector<double> KernelTimes::context_nodes(const LatentShape& shape) const {
  const auto found = latent_table(entries_, &KernelSpec::latent_decode, shape);
  return found ? found.table->context : std::vector<double>{};
}

// ---- Experts, states, small kernels -------------------------------------------------------------------------------

const KernelTimes::KnownExperts& KernelTimes::known_experts(NumberFormat format, const ExpertShape& shape) const {
  for (const KnownExperts& known : known_experts_) {
    if (known.format == format && known.shape == shape) return known;
  }
  KnownExperts found{format, shape, {}};
  for (const KernelSpec* entry : entries_) {
    for (const ExpertTable& table : entry->experts) {
      if (table.format != name_of(format)) continue;
      found.tables.emplace_back(&table, expert_times(table, entry->ratings, gpu_.ratings, shape));
    }
    if (!found.tables.empty()) break;
  }
  known_experts_.push_back(std::move(found));
  return known_experts_.back();
}

std::optional<double> KernelTimes::expert_s(NumberFormat format, const ExpertShape& shape, double tokens) const {
  std::optional<double> fastest;
  for (const auto& [table, times] : known_experts(format, shape).tables) {
    const double seconds = compute::expert_s(*table, gpu_.ratings, shape, times, tokens);
    if (!fastest || seconds < *fastest) fastest = seconds;
    notes_.check("kernel_time: tokens at the experts", tokens, 1.0, table->tokens.back());
  }
  return fastest;
}

std::optional<double> KernelTimes::linear_attention_s(std::string_view phase, double value_heads, double tokens) const {
  const auto found = first_table(entries_, &KernelSpec::linear_attention,
                                 [&](const LinearAttentionTable& table) { return table.phase == phase; });
  if (!found) return std::nullopt;
  const double rate = found.entry->ratings.memory_bandwidth / gpu_.ratings.memory_bandwidth;
  return above_smallest(compute::linear_attention_s(*found.table, value_heads, tokens), smallest_time(*found.table),
                        rate);
}

double KernelTimes::elementwise_s(double bytes) const {
  return gpu_.elementwise_kernel.value +
         bytes / (gpu_.ratings.memory_bandwidth.value * gpu_.elementwise_bandwidth_share);
}

}  // namespace tokenworks::compute
