// Small problems with known answers, by which our kernels are checked: on a GPU before they are timed, and by tests.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace tokenworks::gpu_calibration {

/// Numbers between -1 and 1 in the format; the same for the same seed.
template <class Element>
std::vector<Element> random_elements(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  std::vector<Element> elements(count);
  for (Element& element : elements) element = Element(uniform(random));
  return elements;
}

template <class Element>
std::vector<float> widened_elements(const std::vector<Element>& elements) {
  std::vector<float> wide;
  wide.reserve(elements.size());
  for (const Element& element : elements) wide.push_back(static_cast<float>(element));
  return wide;
}

/// A cache of pages in random order.
template <class Element>
struct PagedCache {
  std::vector<Element> cache;  ///< [page][token in page][row]
  std::vector<int> pages;      ///< [sequence][page of the sequence]
};

/// Pages of `page_tokens` from rows [sequence][token][row_elements].
template <class Element>
PagedCache<Element> paged(const std::vector<Element>& rows, int sequences, int tokens, int row_elements,
                          int page_tokens, std::uint64_t seed) {
  const int pages_each = (tokens + page_tokens - 1) / page_tokens;
  PagedCache<Element> result;
  result.pages.resize(static_cast<std::size_t>(sequences) * pages_each);
  std::iota(result.pages.begin(), result.pages.end(), 0);
  std::mt19937_64 random(seed);
  std::shuffle(result.pages.begin(), result.pages.end(), random);
  result.cache.resize(result.pages.size() * page_tokens * row_elements);
  for (int s = 0; s < sequences; ++s) {
    for (int t = 0; t < tokens; ++t) {
      const std::size_t page = static_cast<std::size_t>(result.pages[s * pages_each + t / page_tokens]);
      const auto from = rows.begin() + (static_cast<std::ptrdiff_t>(s) * tokens + t) * row_elements;
      std::copy(
          from, from + row_elements,
          result.cache.begin() + static_cast<std::ptrdiff_t>((page * page_tokens + t % page_tokens) * row_elements));
    }
  }
  return result;
}

struct AttentionCase {
  int sequences = 1, tokens = 1, prefix = 0, heads = 1, kv_heads = 1, query_dim = 64, value_dim = 64, window = 0;
  float scale = 1.0f;
};

/// Attention as its definition says, in double precision; query [sequence][token][head][dim], key and value
/// [sequence][prefix + token][kv head][dim].
inline std::vector<float> attention_answer(const AttentionCase& c, const std::vector<float>& query,
                                           const std::vector<float>& key, const std::vector<float>& value) {
  const int total = c.prefix + c.tokens;
  std::vector<float> answer(static_cast<std::size_t>(c.sequences) * c.tokens * c.heads * c.value_dim);
  std::vector<double> weight(static_cast<std::size_t>(total));
  for (int row = 0; row < c.sequences * c.tokens * c.heads; ++row) {
    const int head = row % c.heads, token = row / c.heads % c.tokens, sequence = row / c.heads / c.tokens;
    const int kv_head = head / (c.heads / c.kv_heads), last = c.prefix + token;
    const int first = c.window > 0 ? std::max(0, last - c.window + 1) : 0;
    double top = -1e300, sum = 0;
    const auto key_row = [&](int at) {
      return (static_cast<std::size_t>(sequence) * total + at) * c.kv_heads + kv_head;
    };
    for (int at = first; at <= last; ++at) {
      double score = 0;
      for (int d = 0; d < c.query_dim; ++d) {
        score += static_cast<double>(query[static_cast<std::size_t>(row) * c.query_dim + d]) *
                 key[key_row(at) * c.query_dim + d];
      }
      weight[at] = score * c.scale;
      top = std::max(top, weight[at]);
    }
    for (int at = first; at <= last; ++at) sum += weight[at] = std::exp(weight[at] - top);
    for (int d = 0; d < c.value_dim; ++d) {
      double mean = 0;
      for (int at = first; at <= last; ++at) mean += weight[at] / sum * value[key_row(at) * c.value_dim + d];
      answer[static_cast<std::size_t>(row) * c.value_dim + d] = static_cast<float>(mean);
    }
  }
  return answer;
}

/// Product of rows with weights [column][inner], in double precision.
inline std::vector<float> product_answer(const std::vector<float>& rows, const std::vector<float>& weights, int columns,
                                         int inner) {
  const int count = static_cast<int>(rows.size()) / inner;
  std::vector<float> answer(static_cast<std::size_t>(count) * columns);
  for (int row = 0; row < count; ++row) {
    for (int column = 0; column < columns; ++column) {
      double sum = 0;
      for (int k = 0; k < inner; ++k) {
        sum += static_cast<double>(rows[static_cast<std::size_t>(row) * inner + k]) *
               weights[static_cast<std::size_t>(column) * inner + k];
      }
      answer[static_cast<std::size_t>(row) * columns + column] = static_cast<float>(sum);
    }
  }
  return answer;
}

struct ExpertCase {
  int tokens = 1, hidden = 64, intermediate = 64, experts = 8, active = 2;
};

/// The expert block in double precision between its products; weights as in expert_block.cuh, `first_expert` the
/// rotation.
inline std::vector<float> expert_answer(const ExpertCase& c, int first_expert, const std::vector<float>& tokens,
                                        const std::vector<float>& first_weights,
                                        const std::vector<float>& second_weights,
                                        const std::vector<int>& expert_of_pair,
                                        const std::vector<float>& router_weight) {
  std::vector<float> answer(static_cast<std::size_t>(c.tokens) * c.hidden, 0.0f);
  const auto part = [](const std::vector<float>& all, std::size_t index, std::size_t size) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(index * size);
    return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(size));
  };
  for (int pair = 0; pair < c.tokens * c.active; ++pair) {
    if (expert_of_pair[pair] >= c.experts) continue;  // on another GPU
    const auto slot = static_cast<std::size_t>((expert_of_pair[pair] + first_expert) % c.experts);
    const auto token = static_cast<std::size_t>(pair / c.active), hidden = static_cast<std::size_t>(c.hidden);
    const auto wide = static_cast<std::size_t>(c.intermediate);
    const std::vector<float> both = product_answer(
        part(tokens, token, hidden), part(first_weights, slot, 2 * wide * hidden), 2 * c.intermediate, c.hidden);
    std::vector<float> activated(wide);
    for (std::size_t i = 0; i < wide; ++i) activated[i] = both[i] / (1.0f + std::exp(-both[i])) * both[wide + i];
    const std::vector<float> result =
        product_answer(activated, part(second_weights, slot, hidden * wide), c.hidden, c.intermediate);
    for (std::size_t i = 0; i < hidden; ++i) answer[token * hidden + i] += router_weight[pair] * result[i];
  }
  return answer;
}

/// The largest difference as a share of the largest expected magnitude; infinite when one is not a number.
inline double largest_error(const std::vector<float>& actual, const std::vector<float>& expected) {
  double error = 0, size = 1e-30;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(actual[i])) return INFINITY;
    error = std::max(error, std::fabs(static_cast<double>(actual[i]) - expected[i]));
    size = std::max(size, std::fabs(static_cast<double>(expected[i])));
  }
  return error / size;
}

/// What rounding to bf16 in between and at the end may cost: 2^-8 each, three times over.
inline constexpr double kAllowedError = 0.012;

}  // namespace tokenworks::gpu_calibration
