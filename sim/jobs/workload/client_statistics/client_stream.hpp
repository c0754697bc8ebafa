// Requests drawn from statistics of the clients of a production service: the superposition of all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "models/workload/arrival_process.hpp"
#include "sim/jobs/workload/client_statistics/client_lengths.hpp"
#include "sim/jobs/workload/client_statistics/client_rates.hpp"
#include "sim/jobs/workload/client_statistics/length_pool.hpp"
#include "sim/jobs/workload/request_stream.hpp"

namespace tokenworks::jobs {

/// What was done where the statistics do not say all.
struct ClientStreamNotes {
  std::int64_t clients_in_file = 0;
  std::int64_t clients = 0;                  ///< of these, that send
  std::int64_t clients_without_lengths = 0;  ///< that are pooled, of those that send; or that were left out of the file
  double share_without_lengths = 0.0;        ///< of the requests that the file of rates expects of the same clients
  double stretched_share = 0.0;  ///< of the requests of those that send: in windows with another fitted mean gap than
                                 ///< 1 / rate, see ClientRates
};

/// Both files are read whole by the constructor; memory does not grow with the run. A client draws from streams of
/// random numbers of its own, "workload/<name>/client/<number>/arrivals", ".../input" and ".../output", so that other
/// clients do not change its dates, nor its lengths unless it draws them from the tables of others.
///
/// In every window a client's process starts anew, in its steady state: the first gap is that from any date to the next
/// request. So the expected number of requests is rate times time in every window, and from any start_s.
class ClientStream final : public RequestStream {
 public:
  /// Requests arrive before `until`. Throws InputError for a fault of the files, and when no client that sends has a
  /// window between start_s and the end.
  ClientStream(const workload::ClientStatisticsFiles& files, std::uint64_t seed, std::string_view workload_name,
               Picoseconds until);
  ~ClientStream() override;

  std::optional<Request> next() override;

  const ClientStreamNotes& notes() const { return notes_; }

 private:
  class Sender;
  struct Next {
    Picoseconds arrival;
    std::uint32_t sender;
    /// By date; of one date by the client's number.
    bool operator<(const Next& other) const {
      return arrival != other.arrival ? arrival < other.arrival : sender < other.sender;
    }
  };

  std::vector<const ClientRates*> choose_clients(const workload::ClientStatisticsFiles& files);
  void sift_down(std::size_t at);

  RateStatistics rates_;
  LengthStatistics lengths_;
  LengthPool pool_;
  std::vector<Sender> senders_;  ///< by rising client number
  std::vector<Next> next_;       ///< heap, the earliest on top
  ClientStreamNotes notes_;
};

}  // namespace tokenworks::jobs
