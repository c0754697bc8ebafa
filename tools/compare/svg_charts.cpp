#include "tools/compare/svg_charts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tokenworks::compare {
namespace {

constexpr int kColours = 8;  // classes of the page's style sheet

std::string colour(std::size_t series) { return fmt::format("series-{}", series % kColours); }

/// A tick, with as many digits as its step needs.
std::string tick_text(double value, double step) {
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  if (std::abs(value) < step * 1e-6) value = 0.0;
  return fmt::format("{:.{}f}", value, digits);
}

struct Span {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

/// The course of a line in a chart, pixel by pixel.
class Path {
 public:
  void add(double x, double y) {
    if (!std::isfinite(y)) {
      flush();
      pen_down_ = false;
      return;
    }
    const long pixel = std::lround(x);
    if (has_ && pixel != pixel_) flush();
    if (!has_) {
      has_ = true;
      pixel_ = pixel;
      first_ = low_ = high_ = y;
    }
    low_ = std::min(low_, y);
    high_ = std::max(high_, y);
    last_ = y;
  }
  std::string take() {
    flush();
    return std::move(text_);
  }

 private:
  void point(double y) {
    text_ += fmt::format("{}{} {:.1f}", pen_down_ ? "L" : "M", pixel_, y);
    pen_down_ = true;
  }
  void flush() {
    if (!has_) return;
    point(first_);
    if (low_ != first_ && low_ != last_) point(low_);
    if (high_ != first_ && high_ != last_) point(high_);
    if (last_ != first_ || (low_ == high_ && text_.empty())) point(last_);
    has_ = false;
  }

  std::string text_;
  bool has_ = false, pen_down_ = false;
  long pixel_ = 0;
  double first_ = 0, last_ = 0, low_ = 0, high_ = 0;
};

bool has_band(const Line& line) { return line.low.size() == line.x.size() && line.high.size() == line.x.size(); }

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::vector<double> round_ticks(double low, double high, int wanted) {
  if (!(high > low)) {
    const double around = std::max(std::abs(low) * 0.05, 1e-9);
    low -= around;
    high += around;
  }
  const double raw = (high - low) / std::max(1, wanted);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double shares[] = {1.0, 2.0, 5.0, 10.0};
  double step = shares[3] * power;
  for (const double share : shares) {
    if (share * power >= raw * (1 - 1e-9)) {
      step = share * power;
      break;
    }
  }
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double k = first; k <= last + 0.5; k += 1.0) ticks.push_back(k * step);
  return ticks;
}

std::string bar_chart(std::string_view title, const std::vector<Bar>& bars) {
  constexpr int kWidth = 420, kBarHeight = 22, kPitch = 46, kTop = 30;
  double most = 0.0;
  for (const Bar& bar : bars) {
    if (bar.length && std::isfinite(*bar.length)) most = std::max(most, *bar.length);
  }
  const int height = kTop + static_cast<int>(bars.size()) * kPitch;
  std::string svg = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">"
      "<text class=\"chart-title\" x=\"0\" y=\"16\">{}</text>",
      kWidth, height, escaped(title), escaped(title));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const int y = kTop + static_cast<int>(i) * kPitch;
    svg += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", y + 12, escaped(bar.name));
    svg += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                       bar.best ? "best" : "value", kWidth, y + 12, escaped(bar.value));
    if (bar.length && std::isfinite(*bar.length) && *bar.length >= 0.0 && most > 0.0) {
      svg += fmt::format("<rect class=\"fill {}\" x=\"0\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\"/>",
                         colour(i), y + 17, std::max(1.0, *bar.length / most * kWidth), kBarHeight - 4);
    }
  }
  return svg + "</svg>\n";
}

std::string line_chart(const LineChart& chart) {
  constexpr double kWidth = 900, kHeight = 260, kLeft = 64, kRight = 12, kTop = 34, kBottom = 44;
  Span x, y;
  for (const Line& line : chart.lines) {
    for (std::size_t i = 0; i < std::min(line.x.size(), line.y.size()); ++i) {
      if (!std::isfinite(line.y[i])) continue;
      x.add(line.x[i]);
      y.add(line.y[i] * chart.y_scale);
      if (has_band(line)) {
        y.add(line.low[i] * chart.y_scale);
        y.add(line.high[i] * chart.y_scale);
      }
    }
  }
  if (x.empty() || y.empty()) return {};
  const std::vector<double> y_ticks = round_ticks(y.low, y.high, 5), x_ticks = round_ticks(x.low, x.high, 8);
  const double low = y_ticks.front(), high = y_ticks.back();
  const double x_low = x.low, x_high = x.high > x.low ? x.high : x.low + 1.0;
  const auto at_x = [&](double value) {
    return kLeft + (value - x_low) / (x_high - x_low) * (kWidth - kLeft - kRight);
  };
  const auto at_y = [&](double value) {
    return kHeight - kBottom - (value - low) / (high - low) * (kHeight - kTop - kBottom);
  };
  std::string svg = fmt::format(
      "<svg class=\"chart wide\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">"
      "<text class=\"chart-title\" x=\"0\" y=\"16\">{}</text>",
      kWidth, kHeight, escaped(chart.title), escaped(chart.title));
  for (const double tick : y_ticks) {
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft, kWidth - kRight, at_y(tick), at_y(tick), kLeft - 6, at_y(tick) + 4,
        tick_text(tick, y_ticks[1] - y_ticks[0]));
  }
  for (const double tick : x_ticks) {
    if (tick < x_low - 1e-9 * (x_high - x_low) || tick > x_high + 1e-9 * (x_high - x_low)) continue;
    svg += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", at_x(tick),
                       kHeight - kBottom + 16, tick_text(tick, x_ticks[1] - x_ticks[0]));
  }
  svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", kWidth - kRight,
                     kHeight - 8, escaped(chart.x_label));
  svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", kWidth - kRight, 16,
                     escaped(chart.y_label));
  for (const Line& line : chart.lines) {
    if (!has_band(line)) continue;
    std::string forth, back;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.low[i]) || !std::isfinite(line.high[i])) continue;
      forth += fmt::format("{}{:.1f} {:.1f}", forth.empty() ? "M" : "L", at_x(line.x[i]),
                           at_y(line.high[i] * chart.y_scale));
      back = fmt::format("L{:.1f} {:.1f}", at_x(line.x[i]), at_y(line.low[i] * chart.y_scale)) + back;
    }
    svg += fmt::format("<path class=\"band {}\" d=\"{}{}Z\"/>", colour(line.series), forth, back);
  }
  for (const Line& line : chart.lines) {
    Path path;
    for (std::size_t i = 0; i < std::min(line.x.size(), line.y.size()); ++i) {
      path.add(at_x(line.x[i]), std::isfinite(line.y[i]) ? at_y(line.y[i] * chart.y_scale) : line.y[i]);
    }
    svg += fmt::format("<path class=\"stroke {}\" d=\"{}\"><title>{}</title></path>", colour(line.series), path.take(),
                       escaped(line.name));
  }
  return svg + "</svg>\n";
}

}  // namespace tokenworks::compare
