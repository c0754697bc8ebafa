#include "sim/policies/batching/copy_choice.hpp"

#include <algorithm>
#include <tuple>

namespace tokenworks::batching {

std::int32_t choose_copy(CopyChoice choice, std::span<const CopyLoad> copies, std::int64_t turn) {
  const auto first_of = [copies](const auto& before) {
    return static_cast<std::int32_t>(std::min_element(copies.begin(), copies.end(), before) - copies.begin());
  };
  switch (choice) {
    case CopyChoice::least_loaded:
      return first_of(
          [](const CopyLoad& a, const CopyLoad& b) { return 4 * a.waiting + a.running < 4 * b.waiting + b.running; });
    case CopyChoice::fewest_tokens:
      return first_of([](const CopyLoad& a, const CopyLoad& b) {
        return std::make_tuple(a.prompt_tokens, a.waiting + a.running) <
               std::make_tuple(b.prompt_tokens, b.waiting + b.running);
      });
    case CopyChoice::round_robin:
      break;
  }
  return static_cast<std::int32_t>(turn % static_cast<std::int64_t>(copies.size()));
}

}  // namespace tokenworks::batching
