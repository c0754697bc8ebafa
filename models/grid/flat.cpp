// Question   what the site's electricity costs and emits when neither changes over the day
// Equation   cost = price * energy, carbon = intensity * energy
// Source     defaults: US industrial price and the 2022 mean intensity of the PJM area (EIA)
// Valid for  a flat tariff without demand charge; average, not marginal, carbon
// Checked by tests/models/grid/electricity_test.cpp
#include "models/grid/electricity.hpp"

namespace tokenworks::grid {
namespace {

constexpr double kJoulesPerKilowattHour = 3.6e6;

class Flat final : public ElectricityOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "usd_per_kwh", usd_per_kwh_, "Price of electricity, all parts of the tariff spread over the energy",
          rule().at_least(0).default_from('R', "US industrial average 2024, Energy Information Administration"));
    field(
        v, "co2_kg_per_kwh", co2_kg_per_kwh_, "CO2 equivalent of the electricity at the site's meter",
        rule().at_least(0).default_from(
            'C', "PJM (Virginia), mean of 2022, from the EIA hourly mix in SustainDC (HewlettPackard/dc-rl a92b475)"));
  }
  double usd(Joules energy) const override { return usd_per_kwh_ * energy.value / kJoulesPerKilowattHour; }
  double co2_kg(Joules energy) const override { return co2_kg_per_kwh_ * energy.value / kJoulesPerKilowattHour; }

 private:
  double usd_per_kwh_ = 0.08;
  double co2_kg_per_kwh_ = 0.363;
};

}  // namespace

std::unique_ptr<ElectricityOption> make_flat() { return std::make_unique<Flat>(); }

}  // namespace tokenworks::grid
