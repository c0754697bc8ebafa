#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "gpu_calibration/plan/architectures.hpp"
#include "gpu_calibration/plan/attention_plan.hpp"
#include "gpu_calibration/plan/matrix_plan.hpp"
#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

TEST_CASE("plan: layers of known models are among the weights", "[gpu_calibration]") {
  const std::vector<WeightShape> weights = layer_weights();
  const auto has = [&](std::int64_t columns, std::int64_t inner) {
    return std::find(weights.begin(), weights.end(), WeightShape{columns, inner}) != weights.end();
  };
  CHECK(has(10240, 8192));   // Llama 3.1 70B on one GPU: (64 + 2 * 8) heads of 128
  CHECK(has(1280, 8192));    // on eight: (8 + 2) heads of 128
  CHECK(has(8192, 3584));    // its down projection on eight: 28672 / 8
  CHECK(has(57344, 8192));   // gate and up on one
  CHECK(has(1280, 4096));    // Qwen3 235B on eight: 8 query heads, its 4 key heads are copied: (8 + 2) * 128
  CHECK(has(2112, 7168));    // DeepSeek R1: ranks 1536 + 512 and 64 rotated dimensions, not split
  CHECK(has(3072, 1536));    // its query up-projection on eight: 16 heads of 192
  CHECK(has(16384, 53248));  // Llama 3.1 405B, down projection on one
  CHECK(has(256, 7168));     // router of DeepSeek R1
}

TEST_CASE("plan: every weight suits the formats, and none comes twice", "[gpu_calibration]") {
  const std::vector<WeightShape> weights = layer_weights();
  CHECK(std::set<WeightShape>(weights.begin(), weights.end()).size() == weights.size());
  CHECK(weights.size() > 80);
  for (const WeightShape& shape : weights) {
    CAPTURE(shape.columns, shape.inner);
    CHECK(shape.columns % 32 == 0);
    CHECK(shape.inner % 32 == 0);
    CHECK(shape.columns > 0);
    CHECK(shape.inner > 0);
  }
}

TEST_CASE("plan: passes together measure each weight at all powers of two up to 16384", "[gpu_calibration]") {
  std::map<std::pair<std::int64_t, std::int64_t>, std::set<std::int64_t>> rows;
  std::size_t points = 0;
  for (const auto& pass : matrix_passes()) {
    for (const MatrixPoint& point : pass) rows[{point.columns, point.inner}].insert(point.rows);
    points += pass.size();
  }
  CHECK(rows.size() == layer_weights().size());
  CHECK(points == rows.size() * 15);
  for (const auto& [weight, measured] : rows) {
    CHECK(measured.size() == 15);
    CHECK(*measured.begin() == 1);
    CHECK(*measured.rbegin() == 16384);
  }
  const auto first = matrix_passes().front();
  std::set<std::int64_t> first_rows;
  for (const MatrixPoint& point : first) first_rows.insert(point.rows);
  CHECK(first_rows.count(1) == 1);
  CHECK(first_rows.count(16384) == 1);
}

TEST_CASE("plan: routed experts are different ones for a token, and balanced ones are equally many",
          "[gpu_calibration]") {
  for (const char* distribution : {"balanced", "power_law_1.2"}) {
    const ExpertPoint point{500, 4096, 1536, 128, 8, 1, 1, distribution};
    const auto chosen = routed_experts(point, 3);
    CHECK(chosen == routed_experts(point, 3));
    CHECK(chosen != routed_experts(point, 4));
    REQUIRE(chosen.size() == 4000);
    std::vector<int> count(128);
    for (std::size_t token = 0; token < 500; ++token) {
      const std::set<int> different(chosen.begin() + token * 8, chosen.begin() + (token + 1) * 8);
      CHECK(different.size() == 8);
      for (const int expert : different) ++count.at(static_cast<std::size_t>(expert));
    }
    const auto [least, most] = std::minmax_element(count.begin(), count.end());
    if (std::string(distribution) == "balanced") {
      CHECK(*most - *least <= 1);
    } else {
      CHECK(*most > 10 * (*least + 1));  // the first expert has 128^1.2 = 338 times the weight of the last
    }
  }
  CHECK_THROWS_AS(routed_experts({1, 1, 1, 8, 2, 1, 1, "even"}, 1), std::invalid_argument);
  CHECK_THROWS_AS(routed_experts({1, 1, 1, 8, 9, 1, 1, "balanced"}, 1), std::invalid_argument);
}

TEST_CASE("plan: expert blocks can be split as they say", "[gpu_calibration]") {
  for (const auto& pass : expert_passes()) {
    for (const ExpertPoint& point : pass) {
      CHECK(point.intermediate % (8 * point.tensor) == 0);  // 16 bytes of bf16 are copied at once
      CHECK(point.hidden % 8 == 0);
      CHECK(point.experts % point.expert == 0);
      CHECK_NOTHROW(routed_experts(point, 1));
    }
  }
}

TEST_CASE("plan: attention shapes are ones that the kernels take", "[gpu_calibration]") {
  for (const auto& pass : prompt_passes()) {
    for (const PromptPoint& point : pass) {
      CHECK((point.head_dim == 64 || point.head_dim == 128));
      CHECK(point.heads % point.kv_heads == 0);
    }
  }
  for (const auto& pass : decode_passes()) {
    for (const DecodePoint& point : pass) {
      CHECK((point.head_dim == 64 || point.head_dim == 128));
      CHECK(point.heads % point.kv_heads == 0);
      CHECK(point.heads / point.kv_heads <= 16);  // the rows of one tensor-core product
    }
  }
  CHECK_FALSE(latent_prompt_points().empty());
  CHECK_FALSE(latent_decode_points().empty());
}

TEST_CASE("plan: no point is measured twice", "[gpu_calibration]") {
  std::set<std::vector<std::int64_t>> all;
  std::size_t count = 0;
  const auto add = [&](std::vector<std::int64_t> point) {
    all.insert(std::move(point));
    ++count;
  };
  for (const auto& pass : prompt_passes()) {
    for (const auto& p : pass) {
      add({1, p.sequences, p.tokens, p.prefix, p.heads, p.kv_heads, p.head_dim, p.window});
    }
  }
  for (const auto& pass : decode_passes()) {
    for (const auto& p : pass) add({2, p.sequences, p.context, p.heads, p.kv_heads, p.head_dim, p.window});
  }
  for (const auto& p : latent_prompt_points()) add({3, p.sequences, p.tokens, p.prefix, p.heads});
  for (const auto& p : latent_decode_points()) add({4, p.sequences, p.context, p.heads});
  for (const auto& p : batched_points()) add({5, p.batches, p.rows, p.columns, p.inner});
  for (const auto& pass : expert_passes()) {
    for (const auto& p : pass) {
      add({6, p.tokens, p.hidden, p.intermediate, p.experts, p.active, p.tensor, p.expert,
           p.distribution == "balanced"});
    }
  }
  CHECK(all.size() == count);
}

TEST_CASE("plan: a decode is split until the device is full, and no part gets too short", "[gpu_calibration]") {
  CHECK(decode_splits(65536, 8, 396) == 50);
  CHECK(decode_splits(65536, 400, 396) == 1);
  CHECK(decode_splits(512, 1, 396) == 2);
  CHECK(decode_splits(1, 1, 396) == 1);
  CHECK(decode_splits(1 << 20, 1, 396) == 64);
  CHECK_THROWS_AS(decode_splits(0, 1, 1), std::invalid_argument);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
