// Which tables a client's requests are drawn from at a time of day, and what takes their place where it has none.
#pragma once

#include <cstdint>
#include <vector>

#include "models/core/random.hpp"
#include "sim/jobs/workload/client_statistics/client_lengths.hpp"
#include "sim/jobs/workload/client_statistics/client_rates.hpp"

namespace tokenworks::jobs {

/// Tables of lengths by client and time, for statistics that both files make up. Lengths may cover fewer days than
/// rates: their days repeat. Where a client has no table for a window, its last one before that stands, going round.
class LengthPool {
 public:
  /// Draws one of several tables by weight.
  class Mixture {
   public:
    void add(const LengthWindow& table, double weight);
    bool empty() const { return tables_.empty(); }
    const LengthWindow& draw(RandomEngine& random) const;

   private:
    std::vector<const LengthWindow*> tables_;
    std::vector<double> weights_;  ///< cumulative
  };

  /// Both outlive the pool.
  LengthPool(const LengthStatistics& lengths, const RateStatistics& rates);
  LengthPool(const LengthPool&) = delete;
  LengthPool& operator=(const LengthPool&) = delete;

  /// Null for a client that has no table at all.
  const ClientLengths* tables_of(std::int64_t client) const;

  /// The table of one client at a date in the statistics.
  const LengthWindow& table_at(const ClientLengths& client, std::int64_t date_s) const;

  /// The tables of all clients at a date in the statistics, each weighted by the requests that its client sends, over
  /// the whole file of rates, at that time. Empty when no client with a table sends anything.
  const Mixture& mixture_at(std::int64_t date_s) const { return *mixtures_[slot(date_s)]; }

 private:
  std::size_t slot(std::int64_t date_s) const {
    return static_cast<std::size_t>(date_s / kLengthWindow_s % lengths_.windows);
  }

  const LengthStatistics& lengths_;
  std::vector<Mixture> own_mixtures_;     ///< by window of the lengths
  std::vector<const Mixture*> mixtures_;  ///< the same, with an empty one replaced by the last before it, going round
};

}  // namespace tokenworks::jobs
