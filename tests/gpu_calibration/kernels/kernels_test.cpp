// Our GPU kernels on emulated threads: right answers for shapes with ragged edges, without a GPU.
#define TOKENWORKS_EMULATED_DEVICE
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/kernels/decode_attention.cuh"
#include "gpu_calibration/kernels/expert_block.cuh"
#include "gpu_calibration/kernels/latent_decode.cuh"
#include "gpu_calibration/kernels/prompt_attention.cuh"
#include "gpu_calibration/kernels/small_kernels.cuh"
#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using Bf16 = __nv_bfloat16;
using emulation::launch;

unsigned blocks(int count, int each) { return static_cast<unsigned>((count + each - 1) / each); }

template <int kQueryDim, int kValueDim>
double prompt_error(AttentionCase c) {
  c.query_dim = kQueryDim;
  c.value_dim = kValueDim;
  c.scale /= std::sqrt(static_cast<float>(kQueryDim));
  const std::size_t keys = static_cast<std::size_t>(c.sequences) * (c.prefix + c.tokens) * c.kv_heads;
  const std::size_t queries = static_cast<std::size_t>(c.sequences) * c.tokens * c.heads;
  const auto query = random_elements<Bf16>(queries * kQueryDim, 1);
  const auto key = random_elements<Bf16>(keys * kQueryDim, 2);
  const auto value = random_elements<Bf16>(keys * kValueDim, 3);
  std::vector<Bf16> output(queries * kValueDim, Bf16(NAN));
  launch(
      prompt_attention<kQueryDim, kValueDim>,
      dim3(blocks(c.tokens, PromptTile::kQueries), static_cast<unsigned>(c.heads), static_cast<unsigned>(c.sequences)),
      PromptTile::kThreads, PromptTile::shared_bytes<kQueryDim, kValueDim>(), query.data(), key.data(), value.data(),
      output.data(), PromptSizes{c.tokens, c.prefix, c.heads, c.kv_heads, c.window, c.scale});
  return largest_error(widened_elements(output),
                       attention_answer(c, widened_elements(query), widened_elements(key), widened_elements(value)));
}

template <class Cached, int kDim>
double decode_error(AttentionCase c, int splits) {
  c.tokens = 1;
  c.query_dim = c.value_dim = kDim;
  c.scale /= std::sqrt(static_cast<float>(kDim));
  const int context = c.prefix + 1, row = c.kv_heads * kDim;
  const std::size_t heads = static_cast<std::size_t>(c.sequences) * c.heads;
  const auto query = random_elements<Bf16>(heads * kDim, 1);
  const auto key = random_elements<Cached>(static_cast<std::size_t>(c.sequences) * context * row, 2);
  const auto value = random_elements<Cached>(static_cast<std::size_t>(c.sequences) * context * row, 3);
  const auto keys = paged(key, c.sequences, context, row, kPageTokens, 4);
  const auto values = paged(value, c.sequences, context, row, kPageTokens, 4);
  std::vector<Bf16> output(heads * kDim, Bf16(NAN));
  std::vector<float> part_values(heads * splits * kDim, NAN);
  std::vector<SplitState> part_states(heads * splits, {NAN, NAN});
  const DecodeSizes sizes{
      context, c.heads, c.kv_heads, c.window, splits, static_cast<int>(blocks(context, kPageTokens)), c.scale};
  launch(decode_attention<Cached, kDim>,
         dim3(static_cast<unsigned>(splits), static_cast<unsigned>(c.kv_heads), static_cast<unsigned>(c.sequences)),
         DecodeTile::kThreads, DecodeTile::shared_bytes<Cached, kDim>(), query.data(), keys.cache.data(),
         values.cache.data(), keys.pages.data(), output.data(), part_values.data(), part_states.data(), sizes);
  if (splits > 1) {
    launch(combine_splits, dim3(static_cast<unsigned>(c.heads), static_cast<unsigned>(c.sequences), 1), kDim, 0,
           part_values.data(), part_states.data(), output.data(), splits);
  }
  return largest_error(widened_elements(output),
                       attention_answer(c, widened_elements(query), widened_elements(key), widened_elements(value)));
}

template <int kRowTiles, int kColumns>
double latent_error(AttentionCase c, int splits) {
  constexpr int kKey = LatentTile::kKeyDim, kValue = LatentTile::kValueDim;
  c.tokens = c.kv_heads = 1;
  c.query_dim = kKey;
  c.value_dim = kValue;
  c.scale /= std::sqrt(192.0f);
  const int context = c.prefix + 1;
  const std::size_t heads = static_cast<std::size_t>(c.sequences) * c.heads;
  const auto query = random_elements<Bf16>(heads * kKey, 1);
  const auto key = random_elements<Bf16>(static_cast<std::size_t>(c.sequences) * context * kKey, 2);
  const auto cache = paged(key, c.sequences, context, kKey, kPageTokens, 4);
  std::vector<Bf16> output(heads * kValue, Bf16(NAN));
  std::vector<float> part_values(heads * splits * kValue, NAN);
  std::vector<SplitState> part_states(heads * splits, {NAN, NAN});
  launch(latent_decode<kRowTiles, kColumns>,
         dim3(static_cast<unsigned>(splits), blocks(c.heads, 16 * kRowTiles), static_cast<unsigned>(c.sequences)),
         LatentTile::threads<kRowTiles, kColumns>(), LatentTile::shared_bytes<kRowTiles>(), query.data(),
         cache.cache.data(), cache.pages.data(), output.data(), part_values.data(), part_states.data(),
         LatentSizes576{context, c.heads, splits, static_cast<int>(blocks(context, kPageTokens)), c.scale});
  if (splits > 1) {
    launch(combine_splits, dim3(static_cast<unsigned>(c.heads), static_cast<unsigned>(c.sequences), 1), kValue, 0,
           part_values.data(), part_states.data(), output.data(), splits);
  }
  const auto wide = widened_elements(key);
  std::vector<float> value;
  for (std::size_t row = 0; row < wide.size() / kKey; ++row) {
    value.insert(value.end(), wide.begin() + static_cast<std::ptrdiff_t>(row * kKey),
                 wide.begin() + static_cast<std::ptrdiff_t>(row * kKey + kValue));
  }
  return largest_error(widened_elements(output), attention_answer(c, widened_elements(query), wide, value));
}

template <int kRowTiles>
double expert_error(const ExpertCase& c, int first_expert, const std::vector<int>& expert_of_pair) {
  const int pairs = c.tokens * c.active, tile_rows = 16 * kRowTiles;
  const auto at = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  const auto tokens = random_elements<Bf16>(at(c.tokens, c.hidden), 1);
  const auto first = random_elements<Bf16>(at(c.experts, 2 * c.intermediate * c.hidden), 2);
  const auto second = random_elements<Bf16>(at(c.experts, c.hidden * c.intermediate), 3);
  const auto weight = widened_elements(random_elements<Bf16>(at(c.tokens, c.active), 4));
  std::vector<int> token_of_row(pairs, -7), row_of_pair(pairs, -7), first_row(c.experts + 1, -7);
  const int most_tiles = pairs / tile_rows + c.experts;
  std::vector<int> tile_expert(most_tiles, -7), tile_first_row(most_tiles, -7);
  int tiles = 0;
  const SortedRows sorted{token_of_row.data(), row_of_pair.data(),    first_row.data(),
                          tile_expert.data(),  tile_first_row.data(), &tiles};
  std::vector<Bf16> both(at(pairs, 2 * c.intermediate)), activated(at(pairs, c.intermediate)),
      rows(at(pairs, c.hidden));
  std::vector<Bf16> output(at(c.tokens, c.hidden), Bf16(NAN));
  const int shared = GroupedTile::shared_bytes<kRowTiles>();
  launch(sort_by_expert, dim3(1, 1, 1), 64, 0, expert_of_pair.data(), pairs, c.active, c.experts, tile_rows, sorted);
  launch(grouped_product<kRowTiles>,
         dim3(static_cast<unsigned>(most_tiles), blocks(2 * c.intermediate, GroupedTile::kColumns), 1),
         GroupedTile::kThreads, shared, tokens.data(), static_cast<const int*>(token_of_row.data()), first.data(),
         both.data(), sorted, GroupedSizes{2 * c.intermediate, c.hidden, c.experts, first_expert});
  launch(activate_rows, dim3(2, 1, 1), 64, 0, both.data(), activated.data(),
         static_cast<const int*>(&first_row[static_cast<std::size_t>(c.experts)]), c.intermediate);
  launch(grouped_product<kRowTiles>,
         dim3(static_cast<unsigned>(most_tiles), blocks(c.hidden, GroupedTile::kColumns), 1), GroupedTile::kThreads,
         shared, activated.data(), static_cast<const int*>(nullptr), second.data(), rows.data(), sorted,
         GroupedSizes{c.hidden, c.intermediate, c.experts, first_expert});
  launch(sum_experts, dim3(static_cast<unsigned>(c.tokens), 1, 1), 64, 0, rows.data(),
         static_cast<const int*>(row_of_pair.data()), weight.data(), output.data(), c.active, c.hidden);
  return largest_error(widened_elements(output),
                       expert_answer(c, first_expert, widened_elements(tokens), widened_elements(first),
                                     widened_elements(second), expert_of_pair, weight));
}

TEST_CASE("attention kernels: prompts are answered as the definition says", "[gpu_calibration]") {
  CHECK(prompt_error<64, 64>({1, 150, 0, 2, 1}) < kAllowedError);
  CHECK(prompt_error<64, 64>({2, 70, 37, 4, 2}) < kAllowedError);
  CHECK(prompt_error<128, 128>({1, 129, 100, 2, 2}) < kAllowedError);
  CHECK(prompt_error<192, 128>({1, 65, 30, 2, 2}) < kAllowedError);
}

TEST_CASE("attention kernels: a sliding window hides what lies before it", "[gpu_calibration]") {
  AttentionCase window{1, 200, 60, 2, 1};
  window.window = 50;
  CHECK(prompt_error<64, 64>(window) < kAllowedError);
  AttentionCase decode{2, 1, 299, 8, 2};
  decode.window = 100;
  CHECK(decode_error<Bf16, 64>(decode, 1) < kAllowedError);
  CHECK(decode_error<Bf16, 64>(decode, 2) < kAllowedError);
}

TEST_CASE("attention kernels: decoding gives the same whatever the splits", "[gpu_calibration]") {
  for (const int splits : {1, 3, 7}) {
    CAPTURE(splits);
    CHECK(decode_error<Bf16, 128>({2, 1, 200, 8, 2}, splits) < kAllowedError);
    CHECK(decode_error<Bf16, 64>({1, 1, 333, 16, 1}, splits) < kAllowedError);
  }
  CHECK(decode_error<Bf16, 128>({1, 1, 0, 1, 1}, 1) < kAllowedError);
}

TEST_CASE("attention kernels: an fp8 cache is read exactly", "[gpu_calibration]") {
  for (const int splits : {1, 3}) {
    CAPTURE(splits);
    CHECK(decode_error<__nv_fp8_e4m3, 128>({2, 1, 200, 8, 2}, splits) < kAllowedError);
    CHECK(decode_error<__nv_fp8_e4m3, 64>({2, 1, 100, 16, 2}, splits) < kAllowedError);
  }
}

TEST_CASE("attention kernels: latent decoding shares one cached row", "[gpu_calibration]") {
  CHECK(latent_error<1, 4>({2, 1, 99, 16, 1}, 1) < kAllowedError);
  CHECK(latent_error<1, 4>({1, 1, 150, 8, 1}, 3) < kAllowedError);
  CHECK(latent_error<4, 2>({1, 1, 70, 80, 1}, 2) < kAllowedError);
}

TEST_CASE("attention kernels: scores whose powers overflow are taken from their largest", "[gpu_calibration]") {
  AttentionCase sharp;
  sharp.prefix = 130;
  sharp.scale = 60.0f;  // scores of some hundreds: exp(89) is infinite
  sharp.heads = 4;
  CHECK(decode_error<Bf16, 64>(sharp, 1) < kAllowedError);
  CHECK(decode_error<Bf16, 64>(sharp, 2) < kAllowedError);
  CHECK(latent_error<1, 4>(sharp, 2) < kAllowedError);
  sharp.heads = 20;
  CHECK(latent_error<4, 2>(sharp, 1) < kAllowedError);
  sharp.tokens = 70;
  sharp.heads = 1;
  CHECK(prompt_error<64, 64>(sharp) < kAllowedError);
}

TEST_CASE("expert kernels: a block gives each token its experts' weighted sum", "[gpu_calibration]") {
  const ExpertCase c{21, 136, 72, 6, 2};
  std::vector<int> expert_of_pair;
  for (int token = 0; token < c.tokens; ++token) {
    expert_of_pair.push_back(token % 5 == 0 ? 4 : 1);  // one expert has most, others none
    expert_of_pair.push_back(token % 3 == 0 ? 0 : 7);  // 7 is on another GPU
  }
  CHECK(expert_error<1>(c, 0, expert_of_pair) < 2 * kAllowedError);
  CHECK(expert_error<1>(c, 5, expert_of_pair) < 2 * kAllowedError);
  CHECK(expert_error<4>(c, 0, expert_of_pair) < 2 * kAllowedError);
}

TEST_CASE("small kernels: norm, rotation and activation follow their definitions", "[gpu_calibration]") {
  constexpr int kRows = 3, kWidth = 320;
  const auto input = random_elements<Bf16>(kRows * kWidth, 1), weight = random_elements<Bf16>(kWidth, 3);
  auto residual = random_elements<Bf16>(kRows * kWidth, 2);
  const auto wide_input = widened_elements(input), wide_residual = widened_elements(residual);
  std::vector<Bf16> output(kRows * kWidth);
  launch(add_rms_norm, dim3(kRows, 1, 1), 64, 0, input.data(), residual.data(), weight.data(), output.data(), kWidth);
  std::vector<float> expected;
  for (int row = 0; row < kRows; ++row) {
    double squares = 0;
    const auto sum = [&](int i) { return wide_input[row * kWidth + i] + wide_residual[row * kWidth + i]; };
    for (int i = 0; i < kWidth; ++i) squares += sum(i) * sum(i);
    for (int i = 0; i < kWidth; ++i) {
      expected.push_back(static_cast<float>(sum(i) / std::sqrt(squares / kWidth + 1e-5)) *
                         static_cast<float>(weight[i]));
    }
  }
  CHECK(largest_error(widened_elements(output), expected) < kAllowedError);

  constexpr int kDim = 64;
  auto rotated = input;
  std::vector<float2> angles(kRows * kDim / 2);
  for (std::size_t i = 0; i < angles.size(); ++i) angles[i] = {std::cos(0.1f * i), std::sin(0.1f * i)};
  launch(rotate_heads, dim3(kRows, 1, 1), 32, 0, rotated.data(), static_cast<const float2*>(angles.data()), kWidth,
         kDim);
  expected = wide_input;
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth; ++i) {
      const int dim = i % kDim, half = kDim / 2;
      const float2 angle = angles[row * half + dim % half];
      const float x = wide_input[row * kWidth + i], other = wide_input[row * kWidth + i + (dim < half ? half : -half)];
      expected[row * kWidth + i] = dim < half ? x * angle.x - other * angle.y : x * angle.x + other * angle.y;
    }
  }
  CHECK(largest_error(widened_elements(rotated), expected) < kAllowedError);

  std::vector<Bf16> activated(kRows * kWidth / 2);
  launch(gated_activation, dim3(2, 1, 1), 32, 0, input.data(), activated.data(), static_cast<long>(kRows), kWidth / 2);
  expected.clear();
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth / 2; ++i) {
      const float gate = wide_input[row * kWidth + i], up = wide_input[row * kWidth + kWidth / 2 + i];
      expected.push_back(gate / (1 + std::exp(-gate)) * up);
    }
  }
  CHECK(largest_error(widened_elements(activated), expected) < kAllowedError);
}

TEST_CASE("small kernels: embeddings are the rows of their tokens", "[gpu_calibration]") {
  constexpr int kWidth = 48;
  const auto table = random_elements<Bf16>(9 * kWidth, 1);
  const std::vector<int> tokens = {8, 0, 3};
  std::vector<Bf16> output(tokens.size() * kWidth);
  launch(gather_embeddings, dim3(3, 1, 1), 32, 0, table.data(), tokens.data(), output.data(), kWidth);
  for (std::size_t i = 0; i < output.size(); ++i) {
    CHECK(static_cast<float>(output[i]) == static_cast<float>(table[tokens[i / kWidth] * kWidth + i % kWidth]));
  }
}

TEST_CASE("small kernels: quantised rows come back within the format's precision", "[gpu_calibration]") {
  const auto input = random_elements<Bf16>(2 * 160, 1);
  std::vector<__nv_fp8_e4m3> narrow(input.size());
  std::vector<float> scales(2);
  launch(quantise_rows, dim3(2, 1, 1), 32, 0, input.data(), narrow.data(), scales.data(), 160);
  auto back = widened_elements(narrow);
  for (std::size_t i = 0; i < back.size(); ++i) back[i] *= scales[i / 160];
  CHECK(largest_error(back, widened_elements(input)) <= 1.0 / 16);  // e4m3 keeps three bits after the leading one
  CHECK(largest_error(back, widened_elements(input)) > 0);
}

TEST_CASE("small kernels: sampling draws from the nucleus by its weights", "[gpu_calibration]") {
  // Shares of 0.5, 0.25, 0.125 and 0.125: top-p 0.7 keeps the first two.
  constexpr int kVocabulary = 100, kRows = 40;
  std::vector<float> logits(kRows * kVocabulary, -40.0f), uniform;
  for (int row = 0; row < kRows; ++row) {
    float* at = &logits[row * kVocabulary];
    at[90] = std::log(0.5f), at[17] = std::log(0.25f), at[3] = std::log(0.125f), at[55] = std::log(0.125f);
    uniform.push_back((static_cast<float>(row) + 0.5f) / kRows);
  }
  std::vector<int> tokens(kRows, -1);
  launch(sample_top_p, dim3(kRows, 1, 1), 32, 0, static_cast<const float*>(logits.data()),
         static_cast<const float*>(uniform.data()), tokens.data(), kVocabulary, 0.7f);
  const auto count = [&](int token) { return std::count(tokens.begin(), tokens.end(), token); };
  CHECK(count(90) + count(17) == kRows);
  CHECK(count(17) >= 13);  // a third of 40
  CHECK(count(17) <= 14);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
