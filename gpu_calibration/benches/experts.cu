// Question: how long does the block of routed experts take: sorting, both products, the activation between, the sum?
//
// All of it is ours and in one graph ("tokenworks_grouped"). Weights are bf16, random, and rotate from expert to
// expert, so that few tokens do not find theirs in the L2 cache.
#include <algorithm>
#include <numeric>

#include "gpu_calibration/benches/workbench.cuh"
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/kernels/expert_block.cuh"
#include "gpu_calibration/plan/matrix_plan.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using Bf16 = __nv_bfloat16;

/// A block of experts with all its buffers, on one GPU.
class ExpertBlock {
 public:
  /// `c.experts` are those of this GPU; an expert from there on is elsewhere.
  ExpertBlock(const ExpertCase& c, const std::vector<int>& expert_of_pair, const std::vector<float>& router_weight)
      : case_(c),
        pairs_(c.tokens * c.active),
        here_(static_cast<int>(std::count_if(expert_of_pair.begin(), expert_of_pair.end(),
                                             [&](int expert) { return expert < c.experts; }))),
        tile_rows_(choose_tile_rows(expert_of_pair)),
        most_tiles_(here_ / tile_rows_ + std::min(here_, c.experts)),
        experts_(uploaded(expert_of_pair)),
        router_weight_(uploaded(router_weight)),
        indices_(sizeof(int) * static_cast<std::size_t>(2 * pairs_ + c.experts + 1 + 2 * most_tiles_ + 3)),
        both_(2 * size(here_ + 1, 2 * c.intermediate)),
        activated_(2 * size(here_ + 1, c.intermediate)),
        rows_(2 * size(here_ + 1, c.hidden)) {}

  void run(cudaStream_t stream, int first_expert, const Bf16* tokens, const Bf16* first, const Bf16* second,
           Bf16* output) const {
    const SortedRows sorted = sorted_rows();
    sort_by_expert<<<1, 1024, 0, stream>>>(experts_.as<int>(), pairs_, case_.active, case_.experts, tile_rows_, sorted);
    TOKENWORKS_LAUNCHED();
    if (most_tiles_ > 0) {
      multiply(stream, tokens, sorted.token_of_row, first, both_.as<Bf16>(), sorted,
               {2 * case_.intermediate, case_.hidden, case_.experts, first_expert});
      const unsigned blocks = std::min(4096u, whole_blocks(std::int64_t{here_} * case_.intermediate, 256));
      activate_rows<<<blocks, 256, 0, stream>>>(both_.as<Bf16>(), activated_.as<Bf16>(),
                                                sorted.first_row + case_.experts, case_.intermediate);
      TOKENWORKS_LAUNCHED();
      multiply(stream, activated_.as<Bf16>(), nullptr, second, rows_.as<Bf16>(), sorted,
               {case_.hidden, case_.intermediate, case_.experts, first_expert});
    }
    sum_experts<<<static_cast<unsigned>(case_.tokens), 256, 0, stream>>>(
        rows_.as<Bf16>(), sorted.row_of_pair, router_weight_.as<float>(), output, case_.active, case_.hidden);
    TOKENWORKS_LAUNCHED();
  }

 private:
  static std::size_t size(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

  /// Rows of a tile by the mean of the experts that have any: padding costs less than half then.
  int choose_tile_rows(const std::vector<int>& expert_of_pair) const {
    std::vector<int> used = expert_of_pair;
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    const auto experts_here = std::count_if(used.begin(), used.end(), [&](int e) { return e < case_.experts; });
    const auto mean = experts_here == 0 ? 0 : here_ / experts_here;
    return mean <= 16 ? 16 : mean <= 64 ? 64 : 128;
  }

  SortedRows sorted_rows() const {
    int* at = indices_.as<int>();
    const auto take = [&](int count) { return std::exchange(at, at + count); };
    SortedRows sorted;
    sorted.token_of_row = take(pairs_);
    sorted.row_of_pair = take(pairs_);
    sorted.first_row = take(case_.experts + 1);
    sorted.tile_expert = take(most_tiles_ + 1);
    sorted.tile_first_row = take(most_tiles_ + 1);
    sorted.tiles = take(1);
    return sorted;
  }

  void multiply(cudaStream_t stream, const Bf16* input, const int* token_of_row, const Bf16* weights, Bf16* output,
                const SortedRows& sorted, const GroupedSizes& sizes) const {
    const dim3 grid(static_cast<unsigned>(most_tiles_), whole_blocks(sizes.columns, GroupedTile::kColumns));
    const auto launch = [&]<int kRowTiles>() {
      grouped_product<kRowTiles><<<grid, GroupedTile::kThreads, GroupedTile::shared_bytes<kRowTiles>(), stream>>>(
          input, token_of_row, weights, output, sorted, sizes);
    };
    if (tile_rows_ == 16) launch.template operator()<1>();
    if (tile_rows_ == 64) launch.template operator()<4>();
    if (tile_rows_ == 128) launch.template operator()<8>();
    TOKENWORKS_LAUNCHED();
  }

  ExpertCase case_;
  int pairs_, here_, tile_rows_, most_tiles_;
  DeviceMemory experts_, router_weight_, indices_, both_, activated_, rows_;
};

/// `tokens` decides the tile: few, some, many rows an expert.
void check_experts(Workbench& bench, int tokens) {
  const ExpertCase c{tokens, 200, 136, 6, 2};
  std::vector<int> expert_of_pair;
  for (int token = 0; token < tokens; ++token) {
    expert_of_pair.push_back(token % 5 == 0 ? 4 : 1);
    expert_of_pair.push_back(token % 3 == 0 ? 0 : 7);  // 7 is on another GPU
  }
  const auto count = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  const auto input = random_elements<Bf16>(count(tokens, c.hidden), 1);
  const auto first = random_elements<Bf16>(count(c.experts, 2 * c.intermediate * c.hidden), 2);
  const auto second = random_elements<Bf16>(count(c.experts, c.hidden * c.intermediate), 3);
  const auto weight = widened_elements(random_elements<Bf16>(count(tokens, c.active), 4));
  const ExpertBlock block(c, expert_of_pair, weight);
  const DeviceMemory on_device[] = {uploaded(input), uploaded(first), uploaded(second)};
  const DeviceMemory output(input.size() * sizeof(Bf16));
  block.run(bench.stopwatch.stream(), 5, on_device[0].as<Bf16>(), on_device[1].as<Bf16>(), on_device[2].as<Bf16>(),
            output.as<Bf16>());
  TOKENWORKS_CUDA(cudaStreamSynchronize(bench.stopwatch.stream()));
  const auto expected = expert_answer(c, 5, widened_elements(input), widened_elements(first), widened_elements(second),
                                      expert_of_pair, weight);
  require_small_error("the expert block of " + std::to_string(tokens) + " tokens",
                      largest_error(widened_elements(downloaded(output.as<Bf16>(), input.size())), expected),
                      2 * kAllowedError);
}

void measure_point(Workbench& bench, const ExpertPoint& point) {
  const ExpertCase c{static_cast<int>(point.tokens), static_cast<int>(point.hidden),
                     static_cast<int>(point.intermediate / point.tensor),
                     static_cast<int>(point.experts / point.expert), static_cast<int>(point.active)};
  const std::size_t first_bytes = std::size_t{4} * c.experts * c.intermediate * c.hidden;
  const std::size_t token_bytes = std::size_t{2} * c.tokens * c.hidden;
  if (first_bytes + first_bytes / 2 > bench.operands.bytes() || token_bytes > bench.inputs.bytes() ||
      token_bytes > bench.results.bytes())
    return;
  const std::vector<int> expert_of_pair = routed_experts(point, 11);
  const std::vector<float> router_weight(expert_of_pair.size(), 1.0f / static_cast<float>(c.active));
  const ExpertBlock block(c, expert_of_pair, router_weight);
  const auto* first = bench.operands.as<Bf16>();
  const auto* second = reinterpret_cast<const Bf16*>(bench.operands.bytes_at(first_bytes));
  auto* output = bench.results.as<Bf16>();
  const int step = std::max(1, std::min<int>(c.experts, c.tokens * c.active));
  const Timing timing = bench.stopwatch.measure([&](cudaStream_t stream, int round) {
    block.run(stream, round * step % c.experts, bench.inputs.as<Bf16>(), first, second, output);
  });
  bench.session.record(
      "expert_block", {"tokenworks_grouped", "bf16", point.distribution},
      {point.tokens, point.hidden, point.intermediate, point.experts, point.active, point.tensor, point.expert},
      timing);
}

}  // namespace

void measure_experts(Workbench& bench) {
  if (!allow_shared_memory(grouped_product<1>, GroupedTile::shared_bytes<1>(), bench.device) ||
      !allow_shared_memory(grouped_product<4>, GroupedTile::shared_bytes<4>(), bench.device) ||
      !allow_shared_memory(grouped_product<8>, GroupedTile::shared_bytes<8>(), bench.device)) {
    return bench.session.note("experts not measured: too little shared memory");
  }
  for (const int tokens : {7, 100, 500}) check_experts(bench, tokens);
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
  fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), "bf16", 2);
  const auto passes = expert_passes();
  for (std::size_t pass = 0; pass < bench.session.passes(passes.size()); ++pass) {
    for (const ExpertPoint& point : passes[pass]) {
      if (!bench.session.time_left()) return;
      attempt(bench, "experts", [&] { measure_point(bench, point); });
    }
  }
}

}  // namespace tokenworks::gpu_calibration
