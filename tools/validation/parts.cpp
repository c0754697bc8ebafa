#include "tools/validation/parts.hpp"

#include <algorithm>

namespace tokenworks::validation {
namespace {

bool contains_one(std::string_view group, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return group.find(pattern) != std::string_view::npos; });
}

}  // namespace

/// FNV-1a, 64 bits, folded: its low bits alone are poor for short names.
std::int64_t fold_of(std::string_view group, std::int64_t folds) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash ^= hash >> 32;
  return static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(folds));
}

Part Split::part_of(std::string_view group) const {
  if (folds > 0) return fold_of(group, folds) == judge_fold ? Part::judge : Part::fit;
  if (!fit_patterns.empty()) return contains_one(group, fit_patterns) ? Part::fit : Part::judge;
  if (!judge_patterns.empty()) return contains_one(group, judge_patterns) ? Part::judge : Part::fit;
  return Part::judge;
}

}  // namespace tokenworks::validation
