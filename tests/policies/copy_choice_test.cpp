#include "sim/policies/batching/copy_choice.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace tokenworks::batching;

TEST_CASE("copy choice: by load, by tokens and in turn", "[policies]") {
  // 4 w + r: 8, 7, 7, 9; tokens 900, 500, 500, 100.
  const std::vector<CopyLoad> copies = {{2, 0, 900}, {1, 3, 500}, {0, 7, 500}, {1, 5, 100}};
  CHECK(choose_copy(CopyChoice::least_loaded, copies, 3) == 1);
  CHECK(choose_copy(CopyChoice::fewest_tokens, copies, 3) == 3);
  for (int turn = 0; turn < 9; ++turn) CHECK(choose_copy(CopyChoice::round_robin, copies, turn) == turn % 4);
  // Of equal tokens the fewest requests: 4 and 7.
  CHECK(choose_copy(CopyChoice::fewest_tokens, std::vector<CopyLoad>{{0, 7, 500}, {1, 3, 500}}, 0) == 1);
}
