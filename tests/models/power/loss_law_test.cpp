#include "models/power/loss_law.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

namespace {
double efficiency(const LossLaw& law, double load) { return load / (load + law.loss(Watts(load), Watts(1)).value); }
}  // namespace

TEST_CASE("loss laws: UPS efficiencies of the curves that they were fitted to", "[models][power]") {
  struct Row {
    const char* mode;
    double at[4];
  };
  for (const Row& row :
       {Row{"double_conversion", {0.945, 0.960, 0.963, 0.962}}, Row{"silicon_carbide", {0.965, 0.972, 0.974, 0.972}},
        Row{"eco", {0.982, 0.988, 0.990, 0.990}}}) {
    for (int i = 0; i < 4; ++i) {
      CHECK_THAT(efficiency(ups_loss_law(row.mode), 0.25 * (i + 1)), WithinAbs(row.at[i], 0.001));
    }
  }
  CHECK(efficiency(ups_loss_law("none"), 0.5) == 1.0);
  REQUIRE_THROWS_AS(ups_loss_law("flywheel"), std::invalid_argument);
}

TEST_CASE("loss laws: transformers are best where idle and load losses are equal", "[models][power]") {
  CHECK_THAT(efficiency(kTransformerLoss, 0.5), WithinAbs(0.9953, 1e-4));
  CHECK_THAT(kTransformerLoss.best_load(), WithinAbs(0.5, 1e-12));
  CHECK_THAT(efficiency(kDryTransformerLoss, 0.35), WithinAbs(0.9928, 1e-9));
  CHECK_THAT(kDryTransformerLoss.best_load(), WithinAbs(0.35, 1e-12));
  for (const LossLaw& law : {kTransformerLoss, kDryTransformerLoss}) {
    const double best = efficiency(law, law.best_load());
    CHECK(best > efficiency(law, law.best_load() * 0.9));
    CHECK(best > efficiency(law, law.best_load() * 1.1));
  }
}

TEST_CASE("loss laws: the rectifier and the DC-DC stage of Frontier in RAPS", "[models][power]") {
  // A rectifier takes (P + 17 W) / 0.96, a SIVOC (P + 13 W) / 0.98: 2,000 W out are 2,101.04 W and 2,054.08 W in.
  const LossLaw rectifier = converter_loss_law(Watts(17), 0.96, Watts(12'000));
  const LossLaw sivoc = converter_loss_law(Watts(13), 0.98, Watts(3'000));
  CHECK_THAT(2000 + rectifier.loss(Watts(2000), Watts(12'000)).value, WithinRel(2017.0 / 0.96, 1e-12));
  CHECK_THAT(2000 + sivoc.loss(Watts(2000), Watts(3'000)).value, WithinRel(2013.0 / 0.98, 1e-12));
  CHECK_THAT(rectifier.loss(Watts(0), Watts(12'000)).value, WithinRel(17.0 / 0.96, 1e-12));
  REQUIRE_THROWS_AS(converter_loss_law(Watts(17), 1.2, Watts(1)), std::invalid_argument);
}

TEST_CASE("loss laws: whole units carry a load", "[models][power]") {
  CHECK(whole_units(Watts(1.2e6), Watts(500e3)).needed == 3);
  CHECK(whole_units(Watts(20e3), Watts(500e3)).needed == 1);
  CHECK(whole_units(Watts(20e3), Watts(500e3)).each == Watts(20e3));
  CHECK(whole_units(Watts(0), Watts(500e3)).needed == 0);
}
