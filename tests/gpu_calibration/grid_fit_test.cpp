#include "gpu_calibration/fit/grid_fit.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/linear_grid.hpp"
#include "gpu_calibration/fit/physical_fit.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks::gpu_calibration;

TEST_CASE("grid fit: pooling violators gives the nearest monotone values", "[calibration]") {
  // By hand: 3, 1 pool to 2; 2, 2, 5, 4 -> 5 and 4 pool to 4.5.
  std::vector<double> values = {3, 1, 5, 4, 6};
  make_monotone(values, {5}, {true});
  CHECK(values == std::vector<double>{2, 2, 4.5, 4.5, 6});
}

TEST_CASE("grid fit: monotone along all axes together, whatever the values", "[calibration]") {
  CHECK(rc::check("no value falls along an axis that grows", [] {
    const std::size_t rows = *rc::gen::inRange<std::size_t>(1, 6), columns = *rc::gen::inRange<std::size_t>(1, 6);
    std::vector<double> values;
    for (std::size_t i = 0; i < rows * columns; ++i) values.push_back(*rc::gen::inRange(-1000, 1000) / 100.0);
    make_monotone(values, {rows, columns}, {true, true});
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        if (r > 0) RC_ASSERT(values[r * columns + c] >= values[(r - 1) * columns + c] - 1e-12);
        if (c > 0) RC_ASSERT(values[r * columns + c] >= values[r * columns + c - 1] - 1e-12);
      }
    }
  }));
}

TEST_CASE("grid fit: nodes that made the rows are found again, outliers among them", "[calibration]") {
  LinearGrid grid;
  grid.axes = {std::vector<double>{1, 4}, {1, 10, 100}, {0, 1000, 50000}};
  grid.first_in_logs = true;
  grid.work = [](const std::array<double, 3>& at) { return at[1] * at[2] + 1; };
  // 5 us, a nanosecond for each stream and token, half as much again with four times the heads.
  const auto truth = [](const std::array<double, 3>& at) {
    return (5e-6 + 1e-9 * at[1] * at[2]) * (1.0 + 0.5 * std::log(at[0]) / std::log(4.0));
  };
  std::vector<LinearGridRow> rows;
  for (const double ratio : {1.0, 2.0, 4.0}) {
    for (const double streams : {1.0, 3.0, 10.0, 40.0, 100.0}) {
      for (const double context : {0.0, 300.0, 1000.0, 9000.0, 50000.0}) {
        const std::array<double, 3> at = {ratio, streams, context};
        rows.push_back({at, truth(at) * (rows.size() % 25 == 7 ? 3.0 : 1.0)});
      }
    }
  }
  const std::vector<double> times = fit_linear_grid(grid, rows);
  REQUIRE(times.size() == 18);
  std::size_t i = 0;
  for (const double ratio : grid.axes[0]) {
    for (const double streams : grid.axes[1]) {
      for (const double context : grid.axes[2]) {
        INFO(ratio << ", " << streams << ", " << context);
        CHECK(times[i++] == Approx(truth({ratio, streams, context})).epsilon(0.05));
      }
    }
  }
}

TEST_CASE("physical fit: constants that made the times are found again", "[calibration]") {
  const std::vector<double> truth = {3e-6, 0.8, 0.6};
  const auto model = [](const std::vector<double>& c, double work) {
    return c[0] + work / (1e12 * c[1]) + 1e-9 * work / c[2] * work * 1e-9;
  };
  std::vector<double> works;
  for (double work = 1e3; work < 1e10; work *= 2) works.push_back(work);
  const std::vector<double> found =
      search_constants({{1e-5, 1e-7, 1e-3}, {0.3, 0.05, 1.0}, {0.3, 0.05, 1.0}}, [&](const std::vector<double>& c) {
        double sum = 0;
        for (const double work : works) sum += std::abs(std::log(model(c, work) / model(truth, work)));
        return sum;
      });
  for (std::size_t i = 0; i < truth.size(); ++i) CHECK(found[i] == Approx(truth[i]).epsilon(0.02));
}

TEST_CASE("held out: one shape in five, the same every time", "[calibration]") {
  int count = 0;
  for (int n = 1; n <= 100; ++n) {
    for (int k = 1; k <= 100; ++k) count += is_held_out({n * 64.0, k * 64.0});
  }
  CHECK(count == Approx(2000).margin(200));
  CHECK(is_held_out({4096, 5120}) == is_held_out({4096, 5120}));
  CHECK(quantile({5, 1, 2, 4, 3}, 0.5) == 3);
  CHECK(quantile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.9) == 9);
  CHECK_THROWS_AS(quantile({}, 0.5), std::invalid_argument);
}

TEST_CASE("grid fit: four digits", "[calibration]") {
  CHECK(four_digits(1.23456e-6) == 1.235e-6);
  CHECK(four_digits(0) == 0);
}
