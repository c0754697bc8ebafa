#include "sim/engine/timer_queue.hpp"

#include <rapidcheck.h>

#include <map>
#include <vector>

#include "tests/catch.hpp"

using namespace tokenworks;
using engine::RankClass;
using engine::TimerQueue;

TEST_CASE("timer queue: dates come in order, ties by rank", "[engine]") {
  TimerQueue queue;
  const auto step = queue.add(engine::rank(RankClass::step, 0));
  const auto arrival = queue.add(engine::rank(RankClass::arrival, 7));
  const auto late = queue.add(engine::rank(RankClass::incident, 0));
  queue.set(step, 10);
  queue.set(late, 20);
  queue.set(arrival, 10);
  CHECK(queue.first_date() == 10);
  CHECK(queue.pop() == arrival);
  CHECK(queue.pop() == step);
  CHECK(queue.pop() == late);
  CHECK(queue.empty());
}

TEST_CASE("timer queue: a moved timer fires once, at its last date; a cancelled one never", "[engine]") {
  TimerQueue queue;
  const auto a = queue.add(1);
  const auto b = queue.add(2);
  queue.set(a, 5);
  queue.set(b, 6);
  queue.set(a, 7);
  CHECK(queue.pop() == b);
  queue.cancel(b);
  CHECK(queue.pop() == a);
  queue.set(b, 1);
  queue.cancel(b);
  CHECK(queue.empty());
  CHECK_FALSE(queue.is_set(b));
}

TEST_CASE("timer queue: behaves as an ordered map under random sets, cancels and pops", "[engine][law]") {
  const bool holds = rc::check("model", [] {
    TimerQueue queue;
    std::map<std::pair<Picoseconds, std::uint64_t>, engine::TimerId> model;
    std::map<engine::TimerId, Picoseconds> dates;
    const int timers = *rc::gen::inRange(1, 40);
    for (int i = 0; i < timers; ++i) queue.add(static_cast<std::uint64_t>(1000 - i));
    const auto erase = [&](engine::TimerId timer) {
      const auto at = dates.find(timer);
      if (at == dates.end()) return;
      model.erase({at->second, 1000 - timer});
      dates.erase(at);
    };
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 4 * timers), rc::gen::inRange(0, 50)));
    for (const auto& [what, date] : steps) {
      const auto timer = static_cast<engine::TimerId>(what % timers);
      if (what < 2 * timers) {
        erase(timer);
        queue.set(timer, date);
        model[{date, 1000 - timer}] = timer;
        dates[timer] = date;
      } else if (what < 3 * timers) {
        erase(timer);
        queue.cancel(timer);
      } else if (!model.empty()) {
        RC_ASSERT(queue.first_date() == model.begin()->first.first);
        const engine::TimerId first = queue.pop();
        RC_ASSERT(first == model.begin()->second);
        erase(first);
      }
      RC_ASSERT(queue.size() == model.size());
    }
  });
  REQUIRE(holds);
}
