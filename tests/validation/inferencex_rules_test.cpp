#include "tools/validation/cases/inferencex_rules.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace tokenworks::validation {
namespace {

/// A sound row; `line` tells rows apart.
InferencexRow sound_row(std::size_t line) {
  InferencexRow row;
  row.line = line;
  row.date = "2025-11-02";
  row.engine = "vllm";
  row.model = "meta-llama/Llama-3.1-70B";
  row.system = "h100_sxm";
  row.precision = "fp8";
  row.isl = row.osl = 1024;
  row.concurrency = 16;
  row.ttft_s = 0.1 + 0.001 * static_cast<double>(line);
  row.tpot_s = 0.02;
  row.parallelism.tensor = 4;
  return row;
}

/// Whether a rule's reason holds `name`; a colon at its end tells a name from one that it begins.
bool is_named(const InferencexRule& rule, std::string_view name) {
  return rule.reason.find(name) != std::string_view::npos;
}

/// Applies the only rule of that name, and returns its count and the lines that are left.
struct Applied {
  std::size_t count = 0;
  std::vector<std::size_t> left;
};
Applied apply(std::string_view name, std::vector<InferencexRow> rows) {
  Applied applied;
  int found = 0;
  for (const InferencexRule& rule : inferencex_rules()) {
    if (!is_named(rule, name)) continue;
    applied.count = rule.apply(rows);
    ++found;
  }
  REQUIRE(found == 1);
  for (const InferencexRow& row : rows) applied.left.push_back(row.line);
  return applied;
}

using Lines = std::vector<std::size_t>;

TEST_CASE("true parallelism: degrees multiplied once too often are put right, others stay", "[validation]") {
  InferencexRow row = sound_row(1);
  const auto meaning = [&](double tp, double dp, double moe_tp, double moe_ep) {
    row.tp = tp;
    row.attention_dp = dp;
    row.moe_tp = moe_tp;
    row.moe_ep = moe_ep;
    const llm::Parallelism p = true_parallelism(row);
    return std::vector<std::int64_t>{p.tensor, p.attention_data, p.expert, p.gpus()};
  };
  CHECK(meaning(8, 1, 8, 1) == std::vector<std::int64_t>{8, 1, 1, 8});
  CHECK(meaning(8, 1, 1, 8) == std::vector<std::int64_t>{8, 1, 8, 8});
  CHECK(meaning(64, 1, 8, 8) == std::vector<std::int64_t>{8, 1, 8, 8});
  CHECK(meaning(16, 1, 4, 4) == std::vector<std::int64_t>{4, 1, 4, 4});
  CHECK(meaning(1, 64, 8, 8) == std::vector<std::int64_t>{1, 8, 8, 8});
  CHECK(meaning(1, 8, 1, 8) == std::vector<std::int64_t>{1, 8, 8, 8});
  CHECK(meaning(4, 4, 1, 16) == std::vector<std::int64_t>{1, 4, 4, 4});
  row.gap_analysis = true;  // its labels are sane
  CHECK(meaning(4, 1, 2, 2) == std::vector<std::int64_t>{4, 1, 2, 4});
}

TEST_CASE("rule duplicates: equal figures of one GPU are one run, whatever the labels", "[validation]") {
  InferencexRow twin = sound_row(1), elsewhere = sound_row(1);
  twin.line = 2;
  twin.model = "deepseek-ai/DeepSeek-V3";
  elsewhere.line = 3;
  elsewhere.system = "h200_sxm";
  const Applied applied = apply("duplicates", {sound_row(1), twin, elsewhere, sound_row(4)});
  CHECK(applied.count == 1);
  CHECK(applied.left == Lines{1, 3, 4});
}

TEST_CASE("rules: pools, rows without users, whole deployments", "[validation]") {
  InferencexRow pools = sound_row(2), no_users = sound_row(3), deployment = sound_row(4);
  pools.disaggregated = true;
  no_users.concurrency.reset();
  deployment.parallelism.tensor = 36;
  CHECK(apply("disaggregated", {sound_row(1), pools}).left == Lines{1});
  CHECK(apply("no concurrency", {sound_row(1), no_users}).left == Lines{1});
  CHECK(apply("whole_deployments", {sound_row(1), deployment}).left == Lines{1});
}

TEST_CASE("rule unflagged_speculation: three dates of one engine, and the faster of equal rows of another",
          "[validation]") {
  InferencexRow dated = sound_row(1), sound_date = sound_row(2), slow = sound_row(3), fast = sound_row(4),
                crowded = sound_row(5), other_version = sound_row(6), other_model = sound_row(7);
  for (InferencexRow* row : {&dated, &sound_date, &slow, &fast, &crowded, &other_version}) {
    row->model = "deepseek-ai/DeepSeek-R1";
    row->system = "b200_sxm";
  }
  dated.engine = sound_date.engine = other_model.engine = "trtllm";
  dated.date = other_model.date = "2026-02-05";
  for (InferencexRow* row : {&slow, &fast, &crowded, &other_version}) row->engine = "sglang";
  fast.tpot_s = 0.7 * slow.tpot_s;
  crowded.concurrency = 128;
  other_version.version = "0.5.10";
  other_version.tpot_s = 0.9 * slow.tpot_s;  // quicker, but alone in its version
  const Applied applied =
      apply("unflagged_speculation:", {dated, sound_date, slow, fast, crowded, other_version, other_model});
  CHECK(applied.count == 3);
  CHECK(applied.left == Lines{2, 3, 6, 7});
}

TEST_CASE("rule unflagged_speculation_qwen: four B200 without expert groups only", "[validation]") {
  InferencexRow drafted = sound_row(1);
  drafted.model = "Qwen/Qwen3.5-397B-A17B";
  drafted.system = "b200_sxm";
  drafted.precision = "fp8";
  drafted.version = "0.5.9";
  drafted.tp = 4;
  drafted.moe_ep = 1;
  InferencexRow eight = drafted, grouped = drafted, later = drafted;
  eight.line = 2;
  eight.tp = 8;
  grouped.line = 3;
  grouped.moe_ep = 4;
  later.line = 4;
  later.version = "0.5.10";
  const Applied applied = apply("unflagged_speculation_qwen", {drafted, eight, grouped, later});
  CHECK(applied.count == 1);
  CHECK(applied.left == Lines{2, 3, 4});
}

TEST_CASE("rule capped_batch: users wait while the time a token stays", "[validation]") {
  InferencexRow few = sound_row(1), many = sound_row(2), loaded = sound_row(3);
  for (InferencexRow* row : {&few, &many, &loaded}) row->model = "openai/gpt-oss-120b";
  few.concurrency = 64;
  many.concurrency = loaded.concurrency = 512;
  many.ttft_s = 100;  // of a request of 120 s
  many.tpot_s = few.tpot_s;
  loaded.ttft_s = 100;
  loaded.tpot_s = 2 * few.tpot_s;
  loaded.parallelism.tensor = 2;
  InferencexRow few_of_loaded = few;
  few_of_loaded.line = 4;
  few_of_loaded.parallelism.tensor = 2;
  const Applied applied = apply("capped_batch", {few, many, loaded, few_of_loaded});
  CHECK(applied.count == 1);
  CHECK(applied.left == Lines{1, 3, 4});
}

const InferencexRule& rule_named(std::string_view name) {
  const auto rules = inferencex_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const InferencexRule& rule) { return is_named(rule, name); });
  REQUIRE(found != rules.end());
  return *found;
}

TEST_CASE("rule cold_start: rows stay, their TTFT does not count", "[validation]") {
  InferencexRow cold = sound_row(1);
  cold.model = "deepseek-ai/DeepSeek-R1";
  cold.engine = "sglang";
  cold.precision = "fp4";
  std::vector<InferencexRow> rows = {cold, sound_row(2)};
  CHECK(rule_named("cold_start").keeps_rows);
  CHECK(rule_named("cold_start").apply(rows) == 1);
  REQUIRE(rows.size() == 2);
  CHECK_FALSE(rows[0].ttft_counts);
  CHECK(rows[1].ttft_counts);
}

TEST_CASE("rule served_in_bf16: rows stay under another precision", "[validation]") {
  InferencexRow labelled = sound_row(1);
  labelled.model = "meta-llama/Llama-3.1-8B-Instruct";
  labelled.engine = "sglang";
  std::vector<InferencexRow> rows = {labelled, sound_row(2)};
  CHECK(rule_named("served_in_bf16").keeps_rows);
  CHECK(rule_named("served_in_bf16").apply(rows) == 1);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].precision == "bf16");
  CHECK(rows[1].precision == "fp8");
}

TEST_CASE("rules: a sound row survives every one of them", "[validation][law]") {
  std::vector<InferencexRow> rows = {sound_row(1), sound_row(2)};
  for (const InferencexRule& rule : inferencex_rules()) CHECK(rule.apply(rows) == 0);
  CHECK(rows.size() == 2);
}

}  // namespace
}  // namespace tokenworks::validation
