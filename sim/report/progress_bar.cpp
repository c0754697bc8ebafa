#include "sim/report/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sim/report/summary.hpp"

namespace tokenworks::report {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr int kCells = 24;

/// 75 -> "1:15", 3725 -> "1:02:05".
std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string progress_line(double simulated_s, double end_s, double wall_s) {
  const double speed = wall_s > 0 ? simulated_s / wall_s : 0;
  const std::string rate = fmt::format("{} simulated s/s", grouped(std::llround(speed)));
  if (!(end_s > 0)) return fmt::format("{} simulated  {}", scaled(simulated_s, "s"), rate);
  if (simulated_s >= end_s) return fmt::format("all requests have arrived, finishing them  {}", rate);

  const double share = std::max(simulated_s / end_s, 0.0);
  const int filled = static_cast<int>(share * kCells);
  std::string line = fmt::format("[{:<{}}] {:3.0f} %  {}", std::string(static_cast<std::size_t>(filled), '#'), kCells,
                                 std::floor(share * 100), rate);
  constexpr double kLongestTold = 100 * 3600.0;
  const double left = speed > 0 ? (end_s - simulated_s) / speed : kLongestTold;
  if (left < kLongestTold) line += fmt::format("  {} left", clock_text(left));
  return line;
}

ProgressBar::ProgressBar(double end_s, std::FILE* out)
    : end_s_(end_s),
      out_(out),
      active_(::isatty(::fileno(out)) == 1),
      started_(std::chrono::steady_clock::now()),
      next_draw_(started_ + 3 * kRedraw) {}  // a short run shows no bar at all

void ProgressBar::update(double simulated_s) {
  if (!active_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + kRedraw;
  drawn_ = true;
  const std::string line = progress_line(simulated_s, end_s_, std::chrono::duration<double>(now - started_).count());
  fmt::print(out_, "\r\033[K{}", line);
  std::fflush(out_);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  drawn_ = false;
  fmt::print(out_, "\r\033[K");
  std::fflush(out_);
}

}  // namespace tokenworks::report
