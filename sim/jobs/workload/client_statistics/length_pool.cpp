#include "sim/jobs/workload/client_statistics/length_pool.hpp"

#include <algorithm>

namespace tokenworks::jobs {

void LengthPool::Mixture::add(const LengthWindow& table, double weight) {
  tables_.push_back(&table);
  weights_.push_back((weights_.empty() ? 0.0 : weights_.back()) + weight);
}

const LengthWindow& LengthPool::Mixture::draw(RandomEngine& random) const {
  const double share = uniform_open(random) * weights_.back();
  const auto found = std::upper_bound(weights_.begin(), weights_.end() - 1, share);
  return *tables_[static_cast<std::size_t>(found - weights_.begin())];
}

LengthPool::LengthPool(const LengthStatistics& lengths, const RateStatistics& rates)
    : lengths_(lengths), own_mixtures_(static_cast<std::size_t>(lengths.windows)) {
  for (const ClientRates& client : rates.clients) {
    const ClientLengths* tables = tables_of(client.client);
    if (tables == nullptr) continue;
    std::vector<double> requests(own_mixtures_.size(), 0.0);
    for (const RateWindow& window : client.windows) requests[slot(window.number * kRateWindow_s)] += window.rate_per_s;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i] == 0.0) continue;
      own_mixtures_[i].add(table_at(*tables, static_cast<std::int64_t>(i) * kLengthWindow_s), requests[i]);
    }
  }
  for (std::size_t i = 0; i < own_mixtures_.size(); ++i) {
    std::size_t filled = i;
    for (std::size_t back = 0; back < own_mixtures_.size() && own_mixtures_[filled].empty(); ++back)
      filled = (filled + own_mixtures_.size() - 1) % own_mixtures_.size();
    mixtures_.push_back(&own_mixtures_[filled]);
  }
}

const ClientLengths* LengthPool::tables_of(std::int64_t client) const {
  const auto found = std::lower_bound(lengths_.clients.begin(), lengths_.clients.end(), client,
                                      [](const ClientLengths& a, std::int64_t number) { return a.client < number; });
  return found != lengths_.clients.end() && found->client == client ? &*found : nullptr;
}

const LengthWindow& LengthPool::table_at(const ClientLengths& client, std::int64_t date_s) const {
  const auto number = static_cast<std::int32_t>(slot(date_s));
  const auto after =
      std::upper_bound(client.windows.begin(), client.windows.end(), number,
                       [](std::int32_t value, const LengthWindow& window) { return value < window.number; });
  return after == client.windows.begin() ? client.windows.back() : *(after - 1);
}

}  // namespace tokenworks::jobs
