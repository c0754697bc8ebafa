#include "sim/policies/scaling/scaling_option.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/policies/read_option.hpp"

using namespace tokenworks;
using scaling::Snapshot;
using scaling::Wish;

namespace {

Choice<scaling::ScalingOption> option(std::string_view kind, const std::string& settings = "{}") {
  return tests::read_option(scaling::scaling_options(), kind, settings);
}

/// Two that serve and six that could be started.
Snapshot two() { return {.serving = 2, .starting = 0, .idle = 6}; }

}  // namespace

TEST_CASE("scaling: by requests that wait for each serving replica", "[policies]") {
  const auto queue = option("queue", R"({"max_replicas": 8, "waiting_high": 4, "waiting_low": 0.5})");
  Snapshot now = two();
  const auto wish = [&](std::int64_t waiting) {
    now.waiting = waiting;
    return queue->wish(now);
  };
  CHECK(wish(0) == Wish::fewer);
  CHECK(wish(1) == Wish::none);  // 0.5 each
  CHECK(wish(8) == Wish::none);  // 4 each
  CHECK(wish(9) == Wish::more);
  now.serving = 0;
  CHECK(wish(9) == Wish::none);  // decide() sees to these
}

TEST_CASE("scaling: by the KV blocks in use, and not down while somebody waits", "[policies]") {
  const auto cache = option("kv_cache", R"({"max_replicas": 8, "share_high": 0.8, "share_low": 0.3})");
  Snapshot now = two();
  const auto wish = [&](double share, std::int64_t waiting) {
    now.kv_share = share;
    now.waiting = waiting;
    return cache->wish(now);
  };
  CHECK(wish(0.81, 0) == Wish::more);
  CHECK(wish(0.8, 0) == Wish::none);
  CHECK(wish(0.29, 0) == Wish::fewer);
  CHECK(wish(0.29, 1) == Wish::none);
}

TEST_CASE("scaling: by promises kept since the last look; nobody at all is well served", "[policies]") {
  const auto slo = option("slo", R"({"max_replicas": 8, "attainment_low": 0.9, "attainment_high": 0.99})");
  CHECK(slo->needs_promises());
  Snapshot now = two();
  const auto wish = [&](std::int64_t judged, std::int64_t kept, std::int64_t in_system, std::int64_t waiting) {
    now.judged = judged;
    now.kept = kept;
    now.in_system = in_system;
    now.waiting = waiting;
    return slo->wish(now);
  };
  CHECK(wish(100, 89, 5, 0) == Wish::more);
  CHECK(wish(100, 90, 5, 0) == Wish::none);
  CHECK(wish(100, 99, 5, 0) == Wish::fewer);
  CHECK(wish(100, 99, 5, 1) == Wish::none);
  CHECK(wish(0, 0, 5, 0) == Wish::none);
  CHECK(wish(0, 0, 0, 0) == Wish::fewer);
}

TEST_CASE("scaling: steps, cool-downs, the minimum, and requests that nobody could take", "[policies]") {
  const auto queue =
      option("queue", R"({"min_replicas": 0, "max_replicas": 5, "step": 2, "waiting_high": 4, "waiting_low": 0.5})");
  Snapshot now = two();
  now.waiting = 100;
  CHECK(decide(*queue, now) == 2);
  now.starting = 2;
  CHECK(decide(*queue, now) == 1);  // five at most
  now.may_start = false;
  CHECK(decide(*queue, now) == 0);
  now = two();
  CHECK(decide(*queue, now) == -2);
  now.starting = 1;
  CHECK(decide(*queue, now) == 0);  // first the one that starts
  now = two();
  now.may_drain = false;
  CHECK(decide(*queue, now) == 0);
  // None serves: only requests that wait start one, cool-down or not.
  now = {.idle = 5, .may_start = false};
  CHECK(decide(*queue, now) == 0);
  now.waiting = 1;
  CHECK(decide(*queue, now) == 1);
  now.starting = 1;
  CHECK(decide(*queue, now) == 0);
  // Below the minimum, as after a failure.
  const auto four = option("queue", R"({"min_replicas": 4, "max_replicas": 5})");
  now = {.serving = 1, .starting = 1, .idle = 1, .may_start = false};
  CHECK(decide(*four, now) == 1);  // there are no more
  now.idle = 3;
  CHECK(decide(*four, now) == 2);
}

TEST_CASE("scaling: decisions lead between the limits, and never start what is not there", "[policies][law]") {
  REQUIRE(rc::check("within limits", [] {
    const auto kind = *rc::gen::element<std::string>("queue", "kv_cache", "slo");
    const auto made = option(kind, R"({"max_replicas": 1})");
    made->min_replicas = *rc::gen::inRange<std::int64_t>(0, 6);
    made->max_replicas = made->min_replicas + *rc::gen::inRange<std::int64_t>(1, 6);
    made->step = *rc::gen::inRange<std::int64_t>(1, 5);
    Snapshot now;
    now.serving = *rc::gen::inRange<std::int64_t>(0, made->max_replicas + 1);
    now.starting = *rc::gen::inRange<std::int64_t>(0, made->max_replicas - now.serving + 1);
    now.idle = *rc::gen::inRange<std::int64_t>(0, made->max_replicas - now.serving - now.starting + 1);
    now.waiting = *rc::gen::inRange<std::int64_t>(0, 100);
    now.in_system = now.waiting + *rc::gen::inRange<std::int64_t>(0, 100);
    now.kv_share = *rc::gen::inRange(0, 101) / 100.0;
    now.judged = *rc::gen::inRange<std::int64_t>(0, 100);
    now.kept = *rc::gen::inRange<std::int64_t>(0, now.judged + 1);
    now.may_start = *rc::gen::arbitrary<bool>();
    now.may_drain = *rc::gen::arbitrary<bool>();
    const std::int64_t change = decide(*made, now), present = now.serving + now.starting;
    RC_ASSERT(change <= now.idle);
    RC_ASSERT(present + change <= std::max(present, made->max_replicas));
    RC_ASSERT(change >= 0 || present + change >= made->min_replicas);
    RC_ASSERT(change >= 0 || (now.starting == 0 && -change <= now.serving));
    RC_ASSERT(change >= -made->step);
    RC_ASSERT(change == decide(*made, now));
    if (present == 0 && now.waiting > 0 && now.idle > 0) RC_ASSERT(change > 0);
  }));
}
