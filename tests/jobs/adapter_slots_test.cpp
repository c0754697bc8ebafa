#include "sim/jobs/llm/adapter_slots.hpp"

#include "tests/catch.hpp"

using tokenworks::jobs::AdapterSlots;

TEST_CASE("adapter slots: the least recently used that nobody needs leaves", "[jobs]") {
  AdapterSlots slots(2);
  CHECK(slots.take(7));        // loaded
  CHECK_FALSE(slots.take(7));  // a second request with it
  CHECK(slots.take(3));
  CHECK_FALSE(slots.can_take(5));  // both are needed
  CHECK(slots.can_take(7));
  slots.release(7);
  CHECK_FALSE(slots.can_take(5));  // one request with 7 still runs
  slots.release(3);
  slots.release(7);
  CHECK(slots.take(5));        // 3 was used less recently
  CHECK_FALSE(slots.take(7));  // so 7 is still there
  slots.clear();
  CHECK(slots.take(7));
}

TEST_CASE("adapter slots: distinct adapters of a step", "[jobs]") {
  AdapterSlots slots(3);
  for (const int adapter : {1, 1, 2, 3}) slots.take(adapter);
  slots.joins(1);
  slots.joins(1);
  slots.joins(2);
  slots.begin_step(true);
  CHECK(slots.distinct_in_step() == 2);
  slots.add_to_step(3);
  slots.add_to_step(2);
  CHECK(slots.distinct_in_step() == 3);
  slots.begin_step(false);  // prompts alone
  slots.add_to_step(1);
  slots.add_to_step(1);
  CHECK(slots.distinct_in_step() == 1);
  slots.leaves(1);
  slots.begin_step(true);
  CHECK(slots.distinct_in_step() == 2);  // one with 1 is left
  slots.leaves(1);
  slots.begin_step(true);
  CHECK(slots.distinct_in_step() == 1);
}
