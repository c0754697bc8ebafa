// Files of client statistics that tests write.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "models/workload/arrival_process.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {

inline constexpr std::string_view kRatesHead =
    "client_id,window_start_s,rate_req_s,iat_cv,iat_distribution,param1,param2\n";

/// A row whose fitted mean gap is 1 / rate, except for Weibull of another shape than 1.
inline std::string rate_row(int client, int window, double rate_per_s, std::string_view family = "Gamma",
                            double shape = 1.0) {
  return fmt::format("{},{},{},1.5,{},{},{}\n", client, window * 600, rate_per_s, family, shape,
                     rate_per_s > 0 ? 1.0 / (shape * rate_per_s) : 1.0);
}

/// A line whose tables hold one length each.
inline std::string length_line(int client, int window, int input_tokens, int output_tokens) {
  return fmt::format(
      "{{\"client_id\": {}, \"window_start_s\": {}, \"input_tokens\": {{\"{}\": 1.0}}, \"output_tokens\": {{\"{}\": "
      "1}}}}\n",
      client, window * 21'600, input_tokens, output_tokens);
}

/// A line with the given tables, as text: "{\"5\": 0.5, \"6\": 0.5}".
inline std::string table_line(int client, int window, std::string_view input, std::string_view output) {
  return fmt::format("{{\"client_id\": {}, \"window_start_s\": {}, \"input_tokens\": {}, \"output_tokens\": {}}}\n",
                     client, window * 21'600, input, output);
}

/// Both files, gone with the object.
class ClientFiles {
 public:
  ClientFiles(std::string_view rate_rows, std::string_view length_lines)
      : rates_(std::string(kRatesHead) + std::string(rate_rows)), lengths_(length_lines) {}

  workload::ClientStatisticsFiles files() const {
    workload::ClientStatisticsFiles files;
    files.rates = rates_.path();
    files.lengths = lengths_.path();
    return files;
  }

 private:
  WrittenFile rates_, lengths_;
};

}  // namespace tokenworks::jobs
