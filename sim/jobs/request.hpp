// What a workload asks a service for, and what becomes of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "models/workload/content.hpp"
#include "sim/engine/time.hpp"

namespace tokenworks::jobs {

/// One request as it arrives.
struct Request {
  Picoseconds arrival = 0;
  std::int32_t input_tokens = 0;   ///< >= 1
  std::int32_t output_tokens = 0;  ///< >= 1; prefill always yields one
  std::int32_t tag = 0;            ///< its sender's own, told again at the end
  std::int64_t session = 0;        ///< requests of one session have one number; 0: of none
  workload::Content content{};  ///< of its prompt, and of its answer where the next prompt repeats it; the span stands
                                ///< until submit() returns
};

/// How a request ended.
enum class Ending {
  completed,
  rejected,
  failed,
  cancelled,
  timed_out,
  sent_on,  ///< to another service, where it ends; its sender hears of that end
  unfinished
};

/// A request that has ended, as told to its sender and to whoever watches single requests.
struct EndedRequest {
  Ending ending = Ending::completed;
  std::string_view reason{};  ///< of a rejection, as the report counts it; the name stands for the whole run
  std::int32_t tag = 0;
  std::int64_t session = 0;
  Picoseconds arrival = 0;
  Picoseconds first_token = -1;  ///< -1: none came out
  Picoseconds end = 0;           ///< of an unfinished one: of the run
  std::int32_t input_tokens = 0;
  std::int32_t output_tokens = 0;     ///< that were asked for
  std::int32_t generated_tokens = 0;  ///< that came out
  std::int32_t cached_tokens = 0;     ///< of the prompt, that did not have to be computed
  std::int32_t preemptions = 0;
  std::int32_t replica = -1;                   ///< of the service, that served it last; -1: none did
  std::int32_t service_class = 0, tenant = 0;  ///< places in the service's lists
  double gpu_energy_j = 0.0;                   ///< of boards, by its share of the steps that it was in
};

}  // namespace tokenworks::jobs
