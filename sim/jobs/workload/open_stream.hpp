// Requests of an open workload that is drawn: an arrival process and two length distributions.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "models/workload/arrival_process.hpp"
#include "sim/jobs/workload/length_source.hpp"
#include "sim/jobs/workload/request_stream.hpp"

namespace tokenworks::jobs {

/// Dates come from the stream of random numbers "workload/<name>/arrivals".
class OpenStream final : public RequestStream {
 public:
  /// Requests arrive before `until`.
  OpenStream(std::unique_ptr<workload::ArrivalProcess> arrivals, LengthSource lengths, std::uint64_t seed,
             std::string_view workload_name, Picoseconds until);

  std::optional<Request> next() override;

 private:
  std::unique_ptr<workload::ArrivalProcess> arrivals_;
  RandomEngine arrivals_random_;
  LengthSource lengths_;
  Picoseconds until_;
  bool ended_ = false;
};

}  // namespace tokenworks::jobs
