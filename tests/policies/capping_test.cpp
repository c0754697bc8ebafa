#include "sim/policies/capping/capping_option.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/policies/read_option.hpp"

using namespace tokenworks;
using capping::Decision;
using capping::GpuLoad;
using capping::Snapshot;

namespace {

Choice<capping::CappingOption> option(std::string_view kind, const std::string& settings = "{}") {
  return tests::read_option(capping::capping_options(), kind, settings);
}

/// Batch and interactive GPUs of 200 to 700 W that want `batch_w` and `interactive_w`; something else draws 1 kW.
struct Plant {
  double limit_w = 10'000;
  std::vector<std::int64_t> gpus = {8, 8};
  std::vector<double> wants_w = {600, 600};
  double other_w = 1000;
  std::vector<double> caps_w = {700, 700};
  std::int32_t stage = 0;

  double power() const {
    double sum = other_w;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      sum += static_cast<double>(gpus[i]) * std::min(wants_w[i], caps_w[i]);
    }
    return sum;
  }
  Snapshot seen() const {
    Snapshot now{.measured_w = power(), .limit_w = limit_w, .classes = {}, .stage = stage};
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      now.classes.push_back({gpus[i], std::min(wants_w[i], caps_w[i]), caps_w[i], 200, 700});
    }
    return now;
  }
  void look(const capping::CappingOption& policy) {
    const Decision decision = policy.decide(seen());
    caps_w = decision.caps_w;
    stage = decision.stage;
  }
};

}  // namespace

TEST_CASE("capping: POLCA's stages and their release", "[policies]") {
  const auto polca = option("polca");
  Plant plant;
  plant.limit_w = 13'600;  // 10.6 kW: 78 %
  plant.look(*polca);
  CHECK(plant.caps_w == std::vector<double>{700, 700});
  plant.limit_w = 13'000;  // 81.5 %
  plant.look(*polca);
  CHECK(plant.stage == 1);
  CHECK(plant.caps_w == std::vector<double>{0.84 * 700, 700});
  plant.look(*polca);  // 10.504 kW, 80.8 %: within the margin
  CHECK(plant.stage == 1);
  plant.wants_w = {600, 700};
  plant.limit_w = 12'500;  // 11.3 kW: 90 %
  plant.look(*polca);
  CHECK(plant.stage == 2);
  CHECK(plant.caps_w == std::vector<double>{0.68 * 700, 0.87 * 700});
  plant.limit_w = 9'000;
  plant.look(*polca);
  CHECK(plant.stage == 3);
  CHECK(plant.caps_w == std::vector<double>{200, 200});
  plant.limit_w = 100'000;  // one stage a look
  for (const int stage : {2, 1, 0}) {
    plant.look(*polca);
    CHECK(plant.stage == stage);
  }
  CHECK(plant.caps_w == std::vector<double>{700, 700});
}

TEST_CASE("capping: what the limit leaves is filled, batch gives way first", "[policies]") {
  const auto policy = option("proportional", R"({"target_share": 1.0, "rise_share": 1.0})");
  Plant plant;  // 10.6 kW of 10: 600 W are taken from batch, 75 each
  plant.look(*policy);
  CHECK(plant.caps_w == std::vector<double>{525, 700});
  plant.look(*policy);  // batch wants all it can: 700, so that it keeps what it has
  CHECK(plant.caps_w == std::vector<double>{525, 700});
  plant.wants_w[1] = 700;  // interactive takes 800 W more
  plant.look(*policy);
  CHECK(plant.caps_w == std::vector<double>{425, 700});
  plant.limit_w = 7'000;  // 6 kW for GPUs: batch at its least, 1.6 kW, and 550 W for each of the others
  plant.look(*policy);
  CHECK(plant.caps_w == std::vector<double>{200, 550});
  plant.wants_w = {150, 300};
  plant.look(*policy);
  CHECK(plant.caps_w == std::vector<double>{700, 700});
}

TEST_CASE("capping: a static cap is within what boards can be set to", "[policies]") {
  Plant plant;
  plant.look(*option("static_cap", R"({"gpu_power_cap_w": 500})"));
  CHECK(plant.caps_w == std::vector<double>{500, 500});
  plant.look(*option("static_cap", R"({"gpu_power_cap_w": 100})"));
  CHECK(plant.caps_w == std::vector<double>{200, 200});
}

TEST_CASE("capping: caps stay within their range, batch never has more than its share of the pain, limits are kept",
          "[policies][law]") {
  REQUIRE(rc::check("proportional keeps a limit that can be kept, in one look, and stands still", [] {
    const auto policy = option("proportional");
    const auto amount = [](int low, int high) { return static_cast<double>(*rc::gen::inRange(low, high)); };
    Plant plant;
    plant.gpus = {*rc::gen::inRange(1, 100), *rc::gen::inRange(1, 100), *rc::gen::inRange(0, 100)};
    plant.caps_w = {700, 700, 700};
    plant.wants_w = {amount(100, 701), amount(100, 701), amount(100, 701)};
    plant.other_w = amount(0, 20'000);
    double least = plant.other_w;
    for (std::size_t i = 0; i < 3; ++i) least += static_cast<double>(plant.gpus[i]) * std::min(200.0, plant.wants_w[i]);
    plant.limit_w = least / 0.97 * (1.0 + amount(1, 1000) / 500.0);
    plant.look(*policy);
    RC_ASSERT(plant.power() <= plant.limit_w);
    for (int look = 0; look < 5; ++look) {
      plant.look(*policy);
      RC_ASSERT(plant.power() <= plant.limit_w);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      RC_ASSERT(plant.caps_w[i] >= 200.0);
      RC_ASSERT(plant.caps_w[i] <= 700.0);
      // Whoever comes later is touched only where all before are at their least.
      if (i > 0 && plant.caps_w[i] < std::min(700.0, plant.wants_w[i]) - 1e-6) {
        RC_ASSERT(plant.caps_w[i - 1] <= 200.0 + 1e-6 || plant.wants_w[i - 1] <= plant.caps_w[i - 1] + 1e-6);
      }
    }
  }));
  REQUIRE(rc::check("polca: more power never leads to a lower stage, and all of it is within range", [] {
    const auto policy = option("polca");
    Plant plant;
    plant.stage = *rc::gen::inRange(0, 4);
    Snapshot now = plant.seen();
    std::int32_t last = 0;
    for (double power = 1000; power < 12'000; power += 250) {
      now.measured_w = power;
      const Decision decision = policy->decide(now);
      RC_ASSERT(decision.stage >= last);
      for (const double cap : decision.caps_w) RC_ASSERT(cap >= 200.0 && cap <= 700.0);
      RC_ASSERT(decision.caps_w[0] <= decision.caps_w[1]);
      last = decision.stage;
    }
  }));
}

TEST_CASE("capping: the hardware brake", "[policies]") {
  const auto policy = option("polca", R"({"brake_share": 1.05})");
  CHECK_FALSE(capping::brakes(*policy, 10'400, 10'000));
  CHECK(capping::brakes(*policy, 10'600, 10'000));
  CHECK(capping::brake(*policy, Plant().seen()).caps_w == std::vector<double>{200, 200});
}

TEST_CASE("capping: after a brake POLCA releases by stages, once it has seen what each did", "[policies]") {
  const auto polca = option("polca");
  Plant plant;  // 10.6 of 10 kW
  const Decision braked = capping::brake(*polca, plant.seen());
  plant.caps_w = braked.caps_w;
  plant.stage = braked.stage;
  CHECK(plant.stage == 3);
  Snapshot early = plant.seen();  // 4.2 kW
  early.is_settled = false;
  CHECK(polca->decide(early).stage == 3);
  plant.look(*polca);
  CHECK(plant.stage == 2);
  CHECK(plant.caps_w == std::vector<double>{0.68 * 700, 0.87 * 700});
}
