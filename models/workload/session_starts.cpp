#include "models/workload/session_starts.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::workload {

std::unique_ptr<ArrivalOption> make_poisson_arrivals();
std::unique_ptr<ArrivalOption> make_gamma_arrivals();
std::unique_ptr<ArrivalOption> make_diurnal_arrivals();

namespace {

constexpr double kMostSessions = 1e6;  // at once; each holds its plan

}  // namespace

Options<ArrivalOption> session_process_options() {
  static constexpr Option<ArrivalOption> kOptions[] = {
      {"poisson", "Independent users: gaps between sessions are exponential", &make_poisson_arrivals},
      {"gamma", "Bursts: gaps between sessions follow a gamma distribution", &make_gamma_arrivals},
      {"diurnal", "Independent users whose number follows the hours of the day", &make_diurnal_arrivals},
  };
  return kOptions;
}

void SessionStarts::visit(FieldVisitor& v) {
  field(v, "sessions", process, "When sessions start, whoever else runs; this or concurrency");
  field(v, "concurrency", concurrency, "Sessions at once, a new one when one ends; this or sessions",
        rule().at_least(1).at_most(kMostSessions));
  field(v, "limit", limit, "Sessions in all; without it they start until the clock's duration", rule().at_least(1));
}

void SessionStarts::scale_rate(double factor) {
  if (process) (*process)->scale_rate(factor);
  if (concurrency) {
    const double wanted = static_cast<double>(*concurrency) * factor;
    if (wanted > 1e7) {
      throw std::invalid_argument("concurrency: found " + std::to_string(wanted) + ", allowed: at most 1e7");
    }
    concurrency = std::max<std::int64_t>(1, std::llround(wanted));
  }
}

}  // namespace tokenworks::workload
