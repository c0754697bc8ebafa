// What a workload asks a service for.
#pragma once

#include <cstdint>

#include "sim/engine/time.hpp"

namespace tokenworks::jobs {

/// One request as it arrives. A request of zero output tokens asks for one token (prefill always yields one).
struct Request {
  Picoseconds arrival = 0;
  std::int32_t input_tokens = 0;   ///< >= 1
  std::int32_t output_tokens = 0;  ///< >= 1
};

/// A request that was answered, as told to whoever watches single requests.
struct CompletedRequest {
  Picoseconds arrival = 0;
  Picoseconds first_token = 0;
  Picoseconds end = 0;
  std::int32_t input_tokens = 0;
  std::int32_t output_tokens = 0;
};

/// How a request ended.
enum class Ending { completed, rejected, failed, unfinished };

}  // namespace tokenworks::jobs
