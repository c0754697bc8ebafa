#include "sim/metrics/site_metrics.hpp"

#include "tests/catch.hpp"

using namespace tokenworks::metrics;

TEST_CASE("site metrics: by hand", "[sim][metrics]") {
  // 1,000 kWh of IT of which 40 for fans and supplies, 1,250 at the meter, 100 of them reused.
  const SiteMetrics m = site_metrics({.it_j = 3.6e9,
                                      .facility_j = 4.5e9,
                                      .fans_and_supplies_j = 0.144e9,
                                      .reused_j = 0.36e9,
                                      .water_l = 500,
                                      .electricity_water_l = 2250,
                                      .co2_kg = 400});
  CHECK_THAT(m.pue.value(), WithinRel(1.25, 1e-12));
  CHECK_THAT(m.dcie.value(), WithinRel(0.8, 1e-12));
  CHECK_THAT(m.itue.value(), WithinRel(1.0 / 0.96, 1e-12));
  CHECK_THAT(m.tue.value(), WithinRel(1.25 / 0.96, 1e-12));
  CHECK_THAT(m.erf.value(), WithinRel(0.08, 1e-12));
  CHECK_THAT(m.ere.value(), WithinRel(1.15, 1e-12));
  CHECK_THAT(m.wue_site_l_per_kwh.value(), WithinRel(0.5, 1e-12));
  CHECK_THAT(m.wue_source_l_per_kwh.value(), WithinRel(2.75, 1e-12));
  CHECK_THAT(m.cue_kg_per_kwh.value(), WithinRel(0.4, 1e-12));
  CHECK_THAT(partial_pue(3.6e9, 0.36e9).value(), WithinRel(1.1, 1e-12));
}

TEST_CASE("site metrics: PUE is what the zones add to 1, ERE = PUE (1 - ERF)", "[sim][metrics][law]") {
  for (const double it : {1.0, 7.7e14}) {
    for (const double cooling : {0.0, 0.01, 0.6}) {
      for (const double chain : {0.0, 0.06}) {
        for (const double reused : {0.0, 0.3}) {
          const double facility = it * (1.0 + cooling + chain);
          const SiteMetrics m = site_metrics({.it_j = it, .facility_j = facility, .reused_j = facility * reused});
          const double zones = partial_pue(it, it * cooling).value() + partial_pue(it, it * chain).value() - 1.0;
          CHECK_THAT(zones, WithinRel(m.pue.value(), 1e-12));
          CHECK_THAT(m.pue.value() * (1.0 - m.erf.value()), WithinRel(m.ere.value(), 1e-12));
          CHECK_THAT(m.pue.value() * m.dcie.value(), WithinRel(1.0, 1e-12));
        }
      }
    }
  }
}

TEST_CASE("site metrics: of nothing there are none", "[sim][metrics]") {
  const SiteMetrics m = site_metrics({});
  for (const auto& value :
       {m.pue, m.dcie, m.itue, m.tue, m.erf, m.ere, m.wue_site_l_per_kwh, m.wue_source_l_per_kwh, m.cue_kg_per_kwh}) {
    CHECK_FALSE(value.has_value());
  }
  CHECK_FALSE(partial_pue(0.0, 1.0).has_value());
  CHECK_FALSE(site_metrics({.it_j = 1.0, .facility_j = 1.0}).itue.has_value());
}
