// Question   what electricity costs when its price was recorded hour by hour
// Equation   none: the price of each row, and what delivery adds
// Source     the file that the scenario names
// Valid for  one row an hour, or a quarter of an hour, of a whole year in local standard time; prices may be negative
// Checked by tests/models/grid/electricity_test.cpp
#include <istream>

#include "models/grid/electricity.hpp"
#include "models/weather/hourly_table.hpp"

namespace tokenworks::grid {
namespace {

class PriceSeries final : public ElectricityOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "path", path_,
          "CSV file, plain or gzip: a line of names, then 8,760 or 8,784 hours, or four times as many quarters, with "
          "the column usd_per_kwh",
          rule().required().is_path());
    field(v, "delivery_usd_per_kwh", delivery_usd_per_kwh_, "Added to each price", rule().at_least(0));
    visit_common(v);
  }

 private:
  YearSeries price(const CalendarYear&, const weather::OpenText& open) const override {
    const std::unique_ptr<std::istream> in = open(path_);
    weather::HourlyTable table = weather::read_hourly_table(*in, "price series", {{"usd_per_kwh", -100, 1000}});
    std::vector<double>& prices = table.columns.at("usd_per_kwh");
    for (double& price : prices) price += delivery_usd_per_kwh_;
    return {std::move(prices), table.step_s};
  }

  std::string path_;
  double delivery_usd_per_kwh_ = 0.0;
};

}  // namespace

std::unique_ptr<ElectricityOption> make_price_series() { return std::make_unique<PriceSeries>(); }

}  // namespace tokenworks::grid
