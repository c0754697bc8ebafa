#include "models/network/expert_exchange.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/kernel_entries.hpp"

namespace tokenworks::network {
namespace {

ExchangeShape deepseek_on(std::int64_t nodes) {
  return {.gpus = 8 * nodes,
          .domain_gpus = 8,
          .hidden = 7168,
          .active = 8,
          .link = BytesPerSecond(450e9),
          .nic = BytesPerSecond(50e9)};
}

const compute::GpuSpec kH100 = tests::catalog_entry<compute::GpuSpec>("gpus", "h100_sxm5");

TEST_CASE("expert exchange: bytes over the NIC, by hand", "[models][network]") {
  // 7,168 values: 7,392 B out, 14,336 B back; to 8 experts, half of them here.
  const ExchangeForm low = exchange_form(ExchangeMode::low_latency, deepseek_on(2));
  CHECK_THAT(low.token_fabric_bytes, WithinRel(8 * 21728 / 2.0, 1e-12));
  CHECK_THAT(low.time(128).seconds, WithinRel(44.72e-6 + 128 * 8 * 21728 / 2.0 / (0.928 * 50e9), 1e-9));
  // Once to each domain met: 2 * (1 - 0.5^8), half of them here.
  const ExchangeForm normal = exchange_form(ExchangeMode::normal, deepseek_on(2));
  CHECK_THAT(normal.token_fabric_bytes, WithinRel(21728 * (1 - std::pow(0.5, 8)), 1e-12));
}

TEST_CASE("expert exchange: the curve of the same shape is met at its points", "[models][network]") {
  const auto entries = tests::kernel_entries(kH100);
  int met = 0;
  for (const compute::ExchangeCurve& curve : entries.front()->exchanges) {
    if (curve.library != "deepep" || curve.nodes < 2 || curve.experts != 256) continue;
    const ExpertExchange exchange(deepseek_on(curve.nodes), entries);
    const auto mode = curve.mode == "normal" ? ExchangeMode::normal : ExchangeMode::low_latency;
    for (std::size_t i = 0; i < curve.tokens.size(); ++i) {
      const double bound = exchange_form(mode, deepseek_on(curve.nodes)).token_s * curve.tokens[i];
      CHECK_THAT(exchange.time(mode, curve.tokens[i]).seconds, WithinRel(std::max(bound, curve.time_s[i]), 1e-9));
    }
    ++met;
  }
  CHECK(met == 6);
}

TEST_CASE("expert exchange: more tokens, values, experts or slower links never take less time",
          "[models][network][law]") {
  const auto entries = tests::kernel_entries(kH100);
  REQUIRE(rc::check("grows", [&] {
    ExchangeShape shape = deepseek_on(*rc::gen::inRange<std::int64_t>(2, 17));
    shape.hidden = *rc::gen::inRange(512, 16384);
    shape.active = *rc::gen::inRange(1, 23);
    shape.nic = BytesPerSecond(*rc::gen::inRange(5, 200) * 1e9);
    ExchangeShape slower = shape;
    slower.nic = BytesPerSecond(shape.nic.value / 1.5);
    const std::vector<const compute::KernelSpec*> none;
    const auto& used = *rc::gen::inRange(0, 2) == 0 ? none : entries;
    const ExpertExchange exchange(shape, used), on_slower(slower, used);
    const double tokens = std::exp(*rc::gen::inRange(0, 1100) / 100.0);
    const double more = tokens * (1.0 + *rc::gen::inRange(1, 400) / 100.0);
    const CollectiveTime time = exchange.time(tokens);
    RC_ASSERT(exchange.time(more).seconds >= time.seconds);
    RC_ASSERT(on_slower.time(tokens).seconds >= time.seconds * (1 - 1e-12));
    RC_ASSERT(time.fabric_seconds >= 0.0);
    RC_ASSERT(time.fabric_seconds <= time.seconds * (1 + 1e-12));
    RC_ASSERT(time.stretched_s(1.0) == time.seconds);
  }));
}

}  // namespace
}  // namespace tokenworks::network
