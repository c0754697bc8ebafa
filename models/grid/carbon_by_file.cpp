// Question   how much carbon electricity carries when it is known for all hours, or for each of them
// Equation   none
// Source     the scenario, or the file that it names
// Valid for  average intensity at the meter
// Checked by tests/models/grid/electricity_test.cpp
#include <istream>

#include "models/grid/carbon_option.hpp"
#include "models/weather/hourly_table.hpp"

namespace tokenworks::grid {
namespace {

class Constant final : public CarbonOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "co2_kg_per_kwh", co2_kg_per_kwh_, "CO2 equivalent of a kilowatt hour", rule().required().at_least(0));
  }
  YearSeries intensity(const CalendarYear&, const weather::OpenText&) const override {
    return YearSeries(co2_kg_per_kwh_);
  }

 private:
  double co2_kg_per_kwh_ = 0.0;
};

class Series final : public CarbonOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "path", path_,
          "CSV file, plain or gzip: a line of names, then 8,760 or 8,784 hours, or four times as many quarters, with "
          "the column co2_kg_per_kwh",
          rule().required().is_path());
  }
  YearSeries intensity(const CalendarYear&, const weather::OpenText& open) const override {
    const std::unique_ptr<std::istream> in = open(path_);
    weather::HourlyTable table = weather::read_hourly_table(*in, "carbon series", {{"co2_kg_per_kwh", 0, 10}});
    return {std::move(table.columns.at("co2_kg_per_kwh")), table.step_s};
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<CarbonOption> make_constant_carbon() { return std::make_unique<Constant>(); }
std::unique_ptr<CarbonOption> make_carbon_series() { return std::make_unique<Series>(); }

}  // namespace tokenworks::grid
