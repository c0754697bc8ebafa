// Question   what the site's electricity costs when its price does not change over the day
// Equation   cost = price * energy, and the common parts
// Source     default: US industrial price
// Valid for  a flat price of energy; average, not marginal, carbon
// Checked by tests/models/grid/electricity_test.cpp
#include "models/grid/electricity.hpp"

namespace tokenworks::grid {
namespace {

class Flat final : public ElectricityOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "usd_per_kwh", usd_per_kwh_,
          "Price of energy; without the parts below, all parts of the tariff spread over the energy",
          rule().at_least(0).default_from('R', "US industrial average 2024, Energy Information Administration"));
    visit_common(v);
  }

 private:
  YearSeries price(const CalendarYear&, const weather::OpenText&) const override { return YearSeries(usd_per_kwh_); }

  double usd_per_kwh_ = 0.08;
};

}  // namespace

std::unique_ptr<ElectricityOption> make_flat() { return std::make_unique<Flat>(); }

}  // namespace tokenworks::grid
