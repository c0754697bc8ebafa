// What became of one request, as files tell it.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/engine/time.hpp"

namespace tokenworks::report {

struct RequestRow {
  std::string_view service{}, service_class{}, tenant{};
  std::int64_t session = 0;  ///< 0: of none
  Picoseconds arrival = 0;
  Picoseconds first_token = -1;  ///< -1: none came out
  Picoseconds end = 0;           ///< of an unfinished one: of the run
  std::int64_t input_tokens = 0, cached_tokens = 0;
  std::int64_t output_tokens = 0;     ///< that were asked for
  std::int64_t generated_tokens = 0;  ///< that came out
  std::string_view outcome{};  ///< "completed", "rejected", "failed", "cancelled", "timed_out", "sent_on", "unfinished"
  std::string_view reason{};   ///< of a rejection
  std::int32_t replica = -1;   ///< -1: none took it
  std::int32_t preemptions = 0;
  double gpu_energy_j = 0.0;
};

}  // namespace tokenworks::report
