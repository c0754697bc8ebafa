// Charts as SVG inside a page: no scripts, no files besides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::compare {

/// Text that stands for itself in HTML and inside quoted attributes.
std::string escaped(std::string_view text);

struct Bar {
  std::string name, value;  ///< as they are written
  std::optional<double> length;
  bool best = false;
};
/// Bars from 0, one below the other, in the colours of the reports ("series-0", "series-1", ...). Lengths are from 0
/// up; absent ones have no bar.
std::string bar_chart(std::string_view title, const std::vector<Bar>& bars);

struct Line {
  std::string name;
  std::vector<double> x, y;       ///< of one length; y that is no number interrupts the line
  std::size_t series = 0;         ///< its colour
  std::vector<double> low, high;  ///< as long as x, or none: a band behind the line
};
struct LineChart {
  std::string title, x_label, y_label;
  double y_scale = 1.0;  ///< ticks show y times this
  std::vector<Line> lines;
};
/// Lines over one another; long ones are drawn by the least and the largest value of each pixel, so that no peak is
/// lost. Empty: there is nothing to draw.
std::string line_chart(const LineChart& chart);

/// Ticks at round numbers that cover the span; at least two.
std::vector<double> round_ticks(double low, double high, int wanted);

}  // namespace tokenworks::compare
