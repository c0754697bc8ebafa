#include "sim/jobs/workload/open_stream.hpp"

#include <fmt/format.h>

#include <utility>

namespace tokenworks::jobs {

OpenStream::OpenStream(std::unique_ptr<workload::ArrivalProcess> arrivals, LengthSource lengths, std::uint64_t seed,
                       std::string_view workload_name, Picoseconds until)
    : arrivals_(std::move(arrivals)),
      arrivals_random_(random_stream(seed, fmt::format("workload/{}/arrivals", workload_name))),
      lengths_(std::move(lengths)),
      until_(until) {}

std::optional<Request> OpenStream::next() {
  if (ended_) return std::nullopt;
  const Picoseconds arrival = to_picoseconds(arrivals_->next_s(arrivals_random_));
  ended_ = arrival >= until_;
  if (ended_) return std::nullopt;
  const auto [input_tokens, output_tokens] = lengths_.draw();
  return Request{.arrival = arrival, .input_tokens = input_tokens, .output_tokens = output_tokens};
}

}  // namespace tokenworks::jobs
