#include "models/compute/kernel_time.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tokenworks::compute {
namespace {

/// Where a value lies on an axis: node `below`, and how far it is towards the next one.
struct Place {
  std::size_t below = 0;
  double share = 0.0;
};

std::size_t cell_of(const std::vector<double>& axis, double at) {
  if (axis.size() < 2) return 0;
  const auto above = std::upper_bound(axis.begin(), axis.end(), at) - axis.begin();
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - 1, 0)), 0, axis.size() - 2);
}

/// Linear; below the first node constant, beyond the last one by the last cell's slope.
Place linear_place(const std::vector<double>& axis, double at) {
  if (axis.size() < 2) return {};
  const std::size_t i = cell_of(axis, at);
  return {i, std::max(0.0, (at - axis[i]) / (axis[i + 1] - axis[i]))};
}

/// Straight in logs; constant outside the axis.
Place log_place(const std::vector<double>& axis, double at) {
  if (axis.size() < 2 || at <= axis.front()) return {};
  const std::size_t i = cell_of(axis, at);
  if (at >= axis.back()) return {i, 1.0};
  return {i, std::log(at / axis[i]) / std::log(axis[i + 1] / axis[i])};
}

double mix(double a, double b, double share) { return share == 0.0 ? a : a + share * (b - a); }
double mix_logs(double a, double b, double share) { return share == 0.0 ? a : a * std::pow(b / a, share); }

/// Linear in two axes of a table whose plane starts at `offset`; second axis fastest.
double bilinear(const std::vector<double>& times, std::size_t offset, const Place& first, const Place& second,
                std::size_t second_size) {
  const auto row = [&](std::size_t i) {
    const std::size_t at = offset + i * second_size + second.below;
    return second.share == 0.0 ? times[at] : mix(times[at], times[at + 1], second.share);
  };
  const double below = row(first.below);
  return first.share == 0.0 ? below : mix(below, row(first.below + 1), first.share);
}

}  // namespace

double rated_flop_per_s(const GpuRatings& ratings, Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::bf16:
      return ratings.bf16_flop_per_s;
    case Arithmetic::fp8:
      return ratings.fp8_flop_per_s > 0 ? ratings.fp8_flop_per_s : ratings.bf16_flop_per_s;
    case Arithmetic::fp4:
      break;
  }
  if (ratings.fp4_flop_per_s > 0) return ratings.fp4_flop_per_s;
  return rated_flop_per_s(ratings, Arithmetic::fp8);
}

double physical_time_s(const PhysicalForm& form, const GpuRatings& ratings, NumberFormat format, double bytes,
                       double operations) {
  const double memory = bytes / (ratings.memory_bandwidth.value * form.bandwidth_share);
  const double arithmetic = operations / (rated_flop_per_s(ratings, arithmetic_of(format)) * form.compute_share);
  const double longer = std::max(memory, arithmetic);
  const double ratio = longer > 0.0 ? std::min(memory, arithmetic) / longer : 0.0;
  return form.fixed.value + longer * std::pow(1.0 + std::pow(ratio, form.blend), 1.0 / form.blend);
}

double bytes_of(const MatrixProduct& product, NumberFormat format) {
  return product.columns * product.inner * bytes_per_weight(format) +
         product.rows * (product.inner * bytes_per_activation(format) + product.columns * 2.0);
}

double operations_of(const MatrixProduct& product) { return 2.0 * product.rows * product.columns * product.inner; }

double physical_matrix_product_s(const MatrixProductTable& table, const GpuRatings& ratings,
                                 const MatrixProduct& product) {
  const NumberFormat format = number_format_from_name(table.format);
  return physical_time_s(table.physical, ratings, format, bytes_of(product, format), operations_of(product));
}

double matrix_product_s(const MatrixProductTable& table, const GpuRatings& ratings, const MatrixProduct& product) {
  const MatrixProduct inside{product.rows, std::clamp(product.columns, table.columns.front(), table.columns.back()),
                             std::clamp(product.inner, table.inner.front(), table.inner.back())};
  const Place columns = log_place(table.columns, inside.columns);
  const Place inner = log_place(table.inner, inside.inner);
  const std::size_t cell = cell_of(table.rows, product.rows);
  const std::size_t row_stride = table.columns.size() * table.inner.size();

  /// Time of `product.rows` rows at one node of columns and inner.
  const auto at_node = [&](std::size_t c, std::size_t k) {
    const auto physical = [&](double rows) {
      return physical_matrix_product_s(table, ratings, {rows, table.columns[c], table.inner[k]});
    };
    const std::size_t node = c * table.inner.size() + k;
    if (table.rows.size() < 2 || product.rows >= table.rows.back()) {
      return table.time_s[(table.rows.size() - 1) * row_stride + node] * physical(product.rows) /
             physical(table.rows.back());
    }
    const double low = table.time_s[cell * row_stride + node];
    if (product.rows <= table.rows[cell]) return low;
    const double start = physical(table.rows[cell]);
    const double share = (physical(product.rows) - start) / (physical(table.rows[cell + 1]) - start);
    return mix(low, table.time_s[(cell + 1) * row_stride + node], share);
  };
  const auto at_columns = [&](std::size_t c) {
    const double below = at_node(c, inner.below);
    return inner.share == 0.0 ? below : mix_logs(below, at_node(c, inner.below + 1), inner.share);
  };
  double seconds = at_columns(columns.below);
  if (columns.share != 0.0) seconds = mix_logs(seconds, at_columns(columns.below + 1), columns.share);
  if (product.columns > inside.columns || product.inner > inside.inner) {
    const MatrixProduct beyond{product.rows, std::max(product.columns, inside.columns),
                               std::max(product.inner, inside.inner)};
    seconds += physical_matrix_product_s(table, ratings, beyond) - physical_matrix_product_s(table, ratings, inside);
  }
  return seconds;
}

MatrixProductTable on_gpu(const MatrixProductTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                          NumberFormat format) {
  MatrixProductTable scaled = table;
  scaled.format = name_of(format);
  const std::size_t columns = table.columns.size(), inner = table.inner.size();
  std::size_t node = 0;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t k = 0; k < inner; ++k, ++node) {
        const MatrixProduct product{table.rows[r], table.columns[c], table.inner[k]};
        double& seconds = scaled.time_s[node];
        seconds *=
            physical_matrix_product_s(scaled, ratings, product) / physical_matrix_product_s(table, measured, product);
        // The ratio may fall where the measured times stand still: what less work took is the least.
        if (r > 0) seconds = std::max(seconds, scaled.time_s[node - columns * inner]);
        if (c > 0) seconds = std::max(seconds, scaled.time_s[node - inner]);
        if (k > 0) seconds = std::max(seconds, scaled.time_s[node - 1]);
      }
    }
  }
  return scaled;
}

double prompt_attention_s(const PromptAttentionTable& table, double heads, double tokens) {
  // Straight in logs along tokens, by the last slope beyond; linear along heads.
  const Place first = linear_place(table.heads, heads);
  const std::size_t size = table.tokens.size();
  const auto row = [&](std::size_t i) {
    const std::vector<double>::const_iterator begin = table.time_s.begin() + static_cast<std::ptrdiff_t>(i * size);
    const double at = std::max(tokens, table.tokens.front());
    if (size < 2) return *begin;
    const std::size_t j = cell_of(table.tokens, at);
    const double share = std::log(at / table.tokens[j]) / std::log(table.tokens[j + 1] / table.tokens[j]);
    return mix_logs(begin[static_cast<std::ptrdiff_t>(j)], begin[static_cast<std::ptrdiff_t>(j + 1)], share);
  };
  const double below = row(first.below);
  return first.share == 0.0 ? below : mix(below, row(first.below + 1), first.share);
}

double smallest_s(const PromptAttentionTable& table) {
  return *std::min_element(table.time_s.begin(), table.time_s.end());
}

double smallest_s(const DecodeAttentionTable& table) {
  return *std::min_element(table.time_s.begin(), table.time_s.end());
}

double decode_attention_s(const DecodeAttentionTable& table, double heads_per_kv_head, double kv_heads,
                          double context) {
  const Place ratio = log_place(table.heads_per_kv_head, heads_per_kv_head);
  const Place streams = linear_place(table.kv_heads, kv_heads);
  const Place cached = linear_place(table.context, context);
  const std::size_t plane = table.kv_heads.size() * table.context.size();
  const auto of_ratio = [&](std::size_t r) {
    return bilinear(table.time_s, r * plane, streams, cached, table.context.size());
  };
  const double below = of_ratio(ratio.below);
  return ratio.share == 0.0 ? below : mix(below, of_ratio(ratio.below + 1), ratio.share);
}

namespace {
double latent_s(const std::vector<double>& heads_axis, const std::vector<double>& sequences_axis,
                const std::vector<double>& last_axis, const std::vector<double>& times, double heads, double sequences,
                double last) {
  const Place head = linear_place(heads_axis, heads);
  const Place sequence = linear_place(sequences_axis, sequences);
  const Place at = linear_place(last_axis, last);
  const std::size_t plane = sequences_axis.size() * last_axis.size();
  const auto of_heads = [&](std::size_t h) { return bilinear(times, h * plane, sequence, at, last_axis.size()); };
  const double below = of_heads(head.below);
  return head.share == 0.0 ? below : mix(below, of_heads(head.below + 1), head.share);
}
}  // namespace

double latent_prompt_s(const LatentPromptTable& table, double heads, double sequences, double tokens) {
  return latent_s(table.heads, table.sequences, table.tokens, table.time_s, heads, sequences, tokens);
}

double latent_decode_s(const LatentDecodeTable& table, double heads, double sequences, double context) {
  return latent_s(table.heads, table.sequences, table.context, table.time_s, heads, sequences, context);
}

double expert_bytes(const ExpertShape& shape, NumberFormat format, double tokens) {
  const double here = static_cast<double>(shape.experts) / static_cast<double>(shape.expert);
  const double visit_share = static_cast<double>(shape.active) / static_cast<double>(shape.experts);
  const double values = 3.0 * static_cast<double>(shape.hidden) * static_cast<double>(shape.intermediate) /
                        static_cast<double>(shape.tensor);
  const double met = visit_share >= 1.0 ? here : -here * std::expm1(tokens * std::log1p(-visit_share));
  const double visits = tokens * visit_share * here;
  return met * values * bytes_per_weight(format) +
         visits * static_cast<double>(shape.hidden) * (bytes_per_activation(format) + 2.0);
}

double expert_operations(const ExpertShape& shape, double tokens) {
  const double visits = tokens * static_cast<double>(shape.active) / static_cast<double>(shape.expert);
  return 6.0 * visits * static_cast<double>(shape.hidden) * static_cast<double>(shape.intermediate) /
         static_cast<double>(shape.tensor);
}

ExpertLoad busiest_group(const ExpertShape& shape, double tokens) {
  const auto experts = static_cast<double>(shape.experts), active = static_cast<double>(shape.active);
  const auto groups = static_cast<double>(shape.expert);
  const double here = experts / groups;
  const double most = std::max(0.8 * tokens, 1.0001);  // of the popularity, the least is 1
  const double range = std::log(most);
  const double mean_popularity = (most - 1.0) / range;
  // Square of the popularity's relative spread; a group's is smaller by its size, drawn without replacement.
  const double spread = std::max(0.0, range / 2.0 * (most + 1.0) / (most - 1.0) - 1.0);
  const double group_spread = std::sqrt(spread / here * (experts - here) / std::max(experts - 1.0, 1.0));
  // Largest of `groups` draws, in standard deviations; 0.8 brings the normal law's to that of simulated draws.
  const double extreme = groups > 1.0 ? 0.8 * std::sqrt(2.0 * std::log(groups)) : 0.0;
  const double even = tokens * active / groups;
  ExpertLoad load;
  load.visits = std::min(even * (1.0 + group_spread * extreme), tokens * std::min(active, here));
  load.visits = std::max(load.visits, std::min(1.0, tokens * active));
  // An expert of popularity w gets s w visits and is met with probability 1 - exp(-s w); E1(x) = -Ei(-x).
  const double scale = load.visits / (here * mean_popularity);
  const double unmet = (std::expint(-scale * most) - std::expint(-scale)) / range;
  load.met = std::min({here * (1.0 - std::clamp(unmet, 0.0, 1.0)), here, load.visits});
  return load;
}

double physical_expert_s(const ExpertTable& table, const GpuRatings& ratings, const ExpertShape& shape, double tokens) {
  const NumberFormat format = number_format_from_name(table.format);
  const ExpertLoad load = busiest_group(shape, tokens);
  const auto hidden = static_cast<double>(shape.hidden);
  const double inner = static_cast<double>(shape.intermediate) / static_cast<double>(shape.tensor);
  const double values = 3.0 * hidden * inner;
  const double bytes =
      load.met * values * bytes_per_weight(format) + load.visits * hidden * (bytes_per_activation(format) + 2.0);
  const double operations = 2.0 * values * (load.visits + load.met * table.half_rate_rows);
  const double between =
      2.0 * (table.visit_passes * load.visits * (hidden + inner) + table.token_passes * tokens * hidden);
  return physical_time_s(table.physical, ratings, format, bytes, operations) + between / ratings.memory_bandwidth.value;
}

namespace {
ExpertShape shape_of(const ExpertCurve& curve) {
  return {curve.hidden, curve.intermediate, curve.experts, curve.active, curve.tensor, curve.expert};
}

/// Distance of two shapes in logs; a split that differs weighs like a width that differs.
double distance(const ExpertShape& a, const ExpertShape& b) {
  const auto log_ratio = [](std::int64_t x, std::int64_t y) {
    return std::abs(std::log(static_cast<double>(x) / static_cast<double>(y)));
  };
  return log_ratio(a.hidden, b.hidden) + log_ratio(a.intermediate, b.intermediate) + log_ratio(a.experts, b.experts) +
         log_ratio(a.active, b.active) + log_ratio(a.tensor, b.tensor) + log_ratio(a.expert, b.expert);
}
}  // namespace

ExpertTimes expert_times(const ExpertTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                         const ExpertShape& shape) {
  struct Near {
    const ExpertCurve* curve;
    double weight;
  };
  std::vector<Near> near;
  const auto same_shape = [&](const ExpertCurve& curve) {
    return curve.hidden == shape.hidden && curve.intermediate == shape.intermediate && curve.experts == shape.experts &&
           curve.active == shape.active;
  };
  const bool shape_is_known = std::any_of(table.curves.begin(), table.curves.end(), same_shape);
  double weights = 0.0;
  for (const ExpertCurve& curve : table.curves) {
    if (shape_is_known && !same_shape(curve)) continue;
    const double apart = distance(shape_of(curve), shape);
    if (apart == 0.0) {
      near = {{&curve, 1.0}};
      weights = 1.0;
      break;
    }
    near.push_back({&curve, 1.0 / (apart * apart * apart * apart)});
    weights += near.back().weight;
  }
  /// Time at one node of the axis, on the GPU that it is wanted for.
  const auto at_node = [&](std::size_t node) {
    const double at = table.tokens[node];
    double log_ratio = 0.0;  // a table without curves is its physical form
    for (const Near& other : near) {
      const double form = physical_expert_s(table, measured, shape_of(*other.curve), at);
      log_ratio += other.weight / weights * std::log(other.curve->time_s[node] / form);
    }
    return std::exp(log_ratio) * physical_expert_s(table, ratings, shape, at);
  };
  // A mean of curves may dip where each of them rises: what was reached before holds.
  std::vector<double> times(table.tokens.size());
  for (std::size_t node = 0; node < times.size(); ++node) {
    times[node] = std::max(at_node(node), node > 0 ? times[node - 1] : 0.0);
  }
  return {table.tokens, std::move(times)};
}

double expert_s(const ExpertTable& table, const GpuRatings& ratings, const ExpertShape& shape, const ExpertTimes& times,
                double tokens) {
  const double last = times.tokens.back();
  if (tokens <= last) return along_curve(times.tokens, times.seconds, tokens);
  return times.seconds.back() * physical_expert_s(table, ratings, shape, tokens) /
         physical_expert_s(table, ratings, shape, last);
}

double expert_s(const ExpertTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                const ExpertShape& shape, double tokens) {
  return expert_s(table, ratings, shape, expert_times(table, measured, ratings, shape), tokens);
}

double linear_attention_s(const LinearAttentionTable& table, double value_heads, double tokens) {
  return bilinear(table.time_s, 0, linear_place(table.value_heads, value_heads), linear_place(table.tokens, tokens),
                  table.tokens.size());
}

double along_curve(const std::vector<double>& x, const std::vector<double>& y, double at) {
  if (x.size() < 2 || at <= x.front()) return y.front();
  const std::size_t i = cell_of(x, at);
  if (at > x.back()) return y.back() + (at - x.back()) * (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
  return mix_logs(y[i], y[i + 1], std::log(at / x[i]) / std::log(x[i + 1] / x[i]));
}

}  // namespace tokenworks::compute
