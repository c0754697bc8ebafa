#include "tools/validation/parts.hpp"

#include <set>

#include "tests/catch.hpp"

namespace tokenworks::validation {
namespace {

std::vector<std::string> some_groups() {
  std::vector<std::string> groups;
  for (const char* gpu : {"h100", "h200", "b200"}) {
    for (const char* model : {"llama_3_1_70b", "gpt_oss_120b", "deepseek_r1", "qwen3_32b"}) {
      for (const char* engine : {"vllm", "trtllm", "sglang"})
        groups.push_back(std::string(gpu) + " " + model + " " + engine);
    }
  }
  return groups;
}

TEST_CASE("parts: every group is judged in exactly one fold, and no fold is empty", "[validation][law]") {
  constexpr std::int64_t kFolds = 3;
  std::set<std::int64_t> used;
  for (const std::string& group : some_groups()) {
    int judged = 0;
    for (std::int64_t fold = 0; fold < kFolds; ++fold) {
      Split split;
      split.folds = kFolds;
      split.judge_fold = fold;
      if (split.part_of(group) == Part::judge) ++judged;
    }
    CHECK(judged == 1);
    used.insert(fold_of(group, kFolds));
  }
  CHECK(used.size() == kFolds);
}

TEST_CASE("parts: the fold of a name is the same on every machine", "[validation]") {
  // FNV-1a of "a" is 0xaf63dc4c8601ec8c.
  const std::uint64_t hash = 0xaf63dc4c8601ec8cU;
  CHECK(fold_of("a", 1000) == static_cast<std::int64_t>((hash ^ (hash >> 32)) % 1000));
  CHECK(fold_of("a", 2) == fold_of("a", 2));
}

TEST_CASE("parts: patterns name the fit part or the judged one", "[validation]") {
  Split fit;
  fit.fit_patterns = {"h100", "trtllm"};
  CHECK(fit.part_of("h100 llama vllm") == Part::fit);
  CHECK(fit.part_of("b200 llama trtllm") == Part::fit);
  CHECK(fit.part_of("b200 llama vllm") == Part::judge);
  Split judge;
  judge.judge_patterns = {"deepseek"};
  CHECK(judge.part_of("h200 deepseek_r1 sglang") == Part::judge);
  CHECK(judge.part_of("h200 llama sglang") == Part::fit);
  CHECK(Split{}.part_of("anything") == Part::judge);
  CHECK_FALSE(Split{}.active());
}

}  // namespace
}  // namespace tokenworks::validation
