// Rates and burstiness of clients over time: the first of the two files of client statistics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/workload/gap_distribution.hpp"

namespace tokenworks::jobs {

inline constexpr std::int64_t kRateWindow_s = 600;

/// What a client does in one window.
struct RateWindow {
  std::int32_t number = 0;  ///< starts at this many windows from the start of the statistics
  workload::GapFamily family = workload::GapFamily::gamma;
  double shape = 1.0;
  double rate_per_s = 0.0;  ///< above 0
};

struct ClientRates {
  std::int64_t client = 0;
  std::vector<RateWindow> windows;  ///< rising; in a window that is not among them the client is silent
  double requests = 0.0;            ///< expected in all of them
  double stretched_requests =
      0.0;  ///< of these, where the fitted mean gap is below half of 1 / rate or above twice that
};

struct RateStatistics {
  std::vector<ClientRates> clients;  ///< by rising number, each with a window at least
  std::int64_t windows = 0;          ///< up to the end of the last
};

/// Reads a file of comma-separated values with the header
///   client_id,window_start_s,rate_req_s,iat_cv,iat_distribution,param1,param2
/// in any order of rows, plain or gzip.
///
/// What the columns hold, by the files themselves: rate_req_s is the number of requests in the window over 600 s. Gamma
/// was fitted by moments: iat_cv = 1 / sqrt(param1), and param1 * param2 is the mean gap. Weibull (shape, scale) was
/// fitted otherwise and has neither the mean nor the variation that was counted. So the two rates contradict each other
/// where a client sent in a part of the window only (a mean gap down to a thousandth of 1 / rate), and where Weibull
/// fits badly (up to 2,300 times 1 / rate): by more than a factor of two for 6.7 % of m-large's requests. The rate is
/// believed, and of the distribution its shape, as ServeGen's own generator does: gaps keep their form and are
/// stretched or squeezed so that the mean is 1 / rate. iat_cv and param2 are checked, and do nothing else.
///
/// Throws InputError with file and line: another header, a number that is none or outside its limits, an unknown
/// distribution, a window that stands twice, no row with a rate above 0.
RateStatistics read_client_rates(const std::string& path);

}  // namespace tokenworks::jobs
