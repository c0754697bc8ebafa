#include "sim/metrics/interval_series.hpp"

#include <algorithm>

namespace tokenworks::metrics {

void IntervalSums::add_level(Picoseconds from, Picoseconds to, std::int64_t level) {
  while (from < to) {
    const Picoseconds end = std::min(to, end_of_interval(from));
    sum_of(index(from)) += static_cast<Sum>(level) * (end - from);
    from = end;
  }
}

}  // namespace tokenworks::metrics
