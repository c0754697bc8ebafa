#include "sim/jobs/workload/client_statistics/client_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/core/random.hpp"
#include "sim/jobs/workload/input_error.hpp"

namespace tokenworks::jobs {
namespace {

constexpr Picoseconds kWindow = kRateWindow_s * kPicosecondsPerSecond;

/// a + b for dates and durations, not beyond kNever.
Picoseconds saturating_sum(Picoseconds a, Picoseconds b) { return a > kNever - b ? kNever : a + b; }

/// The part of the statistics that is replayed, on their own clock. With a loop the clock goes on: the second pass
/// begins at `span`.
struct Replay {
  Picoseconds start = 0, end = 0;
  Picoseconds span = 0;
  bool loop = false;
  double rate_scale = 1.0;
};

double expected(const std::vector<const ClientRates*>& clients, double ClientRates::*requests) {
  double sum = 0.0;
  for (const ClientRates* client : clients) sum += client->*requests;
  return sum;
}

}  // namespace

/// One client: its dates, one after another, and the lengths at the last of them.
class ClientStream::Sender {
 public:
  Sender(const ClientRates& rates, const LengthPool& pool, const Replay& replay, std::uint64_t seed,
         std::string_view workload_name)
      : rates_(&rates),
        pool_(&pool),
        own_tables_(pool.tables_of(rates.client)),
        replay_(replay),
        arrivals_random_(random_stream(seed, stream_name(workload_name, rates.client, "arrivals"))),
        input_random_(random_stream(seed, stream_name(workload_name, rates.client, "input"))),
        output_random_(random_stream(seed, stream_name(workload_name, rates.client, "output"))),
        open_(open_next_window()) {}

  /// Whether a window with a rate above 0 lies in the replayed part.
  bool sends() const { return open_; }

  /// The date on the run's clock that next() moved to, or that of the first request; kNever when there is none.
  Picoseconds arrival() {
    while (open_) {
      if (elapsed_s_ < left_s_) {
        const Picoseconds date = from_ + to_picoseconds(elapsed_s_);
        if (date < to_) return date - replay_.start;
      }
      open_ = open_next_window();
    }
    return kNever;
  }
  void next() { elapsed_s_ += gaps_.gap(arrivals_random_) * mean_gap_s_; }

  LengthWindow::Lengths lengths() {
    const LengthWindow& table = table_ != nullptr ? *table_ : mixture_->draw(input_random_);
    return table.draw(input_random_, output_random_);
  }

 private:
  static std::string stream_name(std::string_view workload, std::int64_t client, std::string_view what) {
    return fmt::format("workload/{}/client/{}/{}", workload, client, what);
  }

  /// Starts the process of the next window and draws its first gap. False when there is none before the end.
  bool open_next_window() {
    while (true) {
      if (window_ == rates_->windows.size()) {
        if (!replay_.loop) return false;
        window_ = 0;
        pass_start_ = saturating_sum(pass_start_, replay_.span);
      }
      const RateWindow& window = rates_->windows[window_++];
      const Picoseconds start = saturating_sum(pass_start_, window.number * kWindow);
      if (start >= replay_.end) return false;
      from_ = std::max(start, replay_.start);
      to_ = std::min(saturating_sum(start, kWindow), replay_.end);
      if (from_ >= to_) continue;  // over before the run starts
      left_s_ = to_seconds(to_ - from_);
      gaps_ = workload::GapDistribution(window.family, window.shape);
      mean_gap_s_ = 1.0 / (window.rate_per_s * replay_.rate_scale);
      elapsed_s_ = gaps_.first_gap(arrivals_random_) * mean_gap_s_;
      const std::int64_t date_s = window.number * kRateWindow_s;
      if (own_tables_ != nullptr)
        table_ = &pool_->table_at(*own_tables_, date_s);
      else
        mixture_ = &pool_->mixture_at(date_s);
      return true;
    }
  }

  const ClientRates* rates_;
  const LengthPool* pool_;
  const ClientLengths* own_tables_;  // null: drawn from those of others
  Replay replay_;
  RandomEngine arrivals_random_, input_random_, output_random_;

  Picoseconds pass_start_ = 0;
  std::size_t window_ = 0;         // the next one
  Picoseconds from_ = 0, to_ = 0;  // of the open window, as far as it is replayed
  double left_s_ = 0.0;            // from `from_` to `to_`
  double elapsed_s_ = 0.0;         // from `from_` to the next request
  double mean_gap_s_ = 0.0;
  workload::GapDistribution gaps_{workload::GapFamily::gamma, 1.0};
  const LengthWindow* table_ = nullptr;
  const LengthPool::Mixture* mixture_ = nullptr;
  bool open_;
};

ClientStream::ClientStream(const workload::ClientStatisticsFiles& files, std::uint64_t seed,
                           std::string_view workload_name, Picoseconds until)
    : rates_(read_client_rates(files.rates)), lengths_(read_client_lengths(files.lengths)), pool_(lengths_, rates_) {
  const std::vector<const ClientRates*> clients = choose_clients(files);
  const double span_s = static_cast<double>(rates_.windows * kRateWindow_s);
  Replay replay{.start = to_picoseconds(files.loop ? std::fmod(files.start_s, span_s) : files.start_s),
                .end = 0,
                .span = rates_.windows * kWindow,
                .loop = files.loop,
                .rate_scale = files.rate_scale};
  replay.end = saturating_sum(replay.start, until);
  senders_.reserve(clients.size());
  bool any_sends = false;
  for (const ClientRates* client : clients) {
    Sender& sender = senders_.emplace_back(*client, pool_, replay, seed, workload_name);
    any_sends = any_sends || sender.sends();
    const Picoseconds arrival = sender.arrival();
    if (arrival != kNever) next_.push_back({arrival, static_cast<std::uint32_t>(senders_.size() - 1)});
  }
  if (!any_sends) {
    throw InputError(files.rates, 0,
                     fmt::format("no client has a rate above 0 from start_s {} to the end of the run, {} s later (the "
                                 "last window ends at {} s)",
                                 files.start_s, to_seconds(until), rates_.windows * kRateWindow_s));
  }
  for (std::size_t at = next_.size() / 2; at-- > 0;) sift_down(at);
}

ClientStream::~ClientStream() = default;

std::vector<const ClientRates*> ClientStream::choose_clients(const workload::ClientStatisticsFiles& files) {
  std::vector<const ClientRates*> clients, without_lengths;
  for (const ClientRates& client : rates_.clients) clients.push_back(&client);
  const double requests_in_file = expected(clients, &ClientRates::requests);
  notes_.clients_in_file = static_cast<std::int64_t>(clients.size());
  const auto has_no_tables = [&](const ClientRates* client) { return pool_.tables_of(client->client) == nullptr; };
  const auto note_without_lengths = [&](double of_requests) {
    std::copy_if(clients.begin(), clients.end(), std::back_inserter(without_lengths), has_no_tables);
    notes_.clients_without_lengths = static_cast<std::int64_t>(without_lengths.size());
    notes_.share_without_lengths = expected(without_lengths, &ClientRates::requests) / of_requests;
  };

  if (pool_.mixture_at(0).empty())
    throw InputError(files.lengths, 0, fmt::format("holds lengths of no client that {} names", files.rates));
  const bool left_out = files.clients_without_lengths == "left_out";
  if (left_out) {
    note_without_lengths(requests_in_file);
    std::erase_if(clients, has_no_tables);
  }
  if (files.clients) {
    if (*files.clients > static_cast<std::int64_t>(clients.size())) {
      throw InputError(files.rates, 0,
                       fmt::format("clients: found {}, allowed: up to the {} that the file has{}", *files.clients,
                                   clients.size(), left_out ? " with lengths" : ""));
    }
    std::sort(clients.begin(), clients.end(), [](const ClientRates* a, const ClientRates* b) {
      return a->requests != b->requests ? a->requests > b->requests : a->client < b->client;
    });
    clients.resize(static_cast<std::size_t>(*files.clients));
    std::sort(clients.begin(), clients.end(),
              [](const ClientRates* a, const ClientRates* b) { return a->client < b->client; });
  }
  const double requests = expected(clients, &ClientRates::requests);
  if (!left_out) note_without_lengths(requests);
  notes_.clients = static_cast<std::int64_t>(clients.size());
  notes_.stretched_share = expected(clients, &ClientRates::stretched_requests) / requests;
  return clients;
}

std::optional<Request> ClientStream::next() {
  if (next_.empty()) return std::nullopt;
  const auto [arrival, number] = next_.front();
  Sender& sender = senders_[number];
  const auto [input_tokens, output_tokens] = sender.lengths();
  sender.next();
  next_.front().arrival = sender.arrival();
  if (next_.front().arrival == kNever) {
    next_.front() = next_.back();
    next_.pop_back();
  }
  sift_down(0);
  return Request{arrival, input_tokens, output_tokens};
}

void ClientStream::sift_down(std::size_t at) {
  if (next_.empty()) return;
  const Next moved = next_[at];
  while (true) {
    std::size_t child = 2 * at + 1;
    if (child >= next_.size()) break;
    if (child + 1 < next_.size() && next_[child + 1] < next_[child]) ++child;
    if (!(next_[child] < moved)) break;
    next_[at] = next_[child];
    at = child;
  }
  next_[at] = moved;
}

}  // namespace tokenworks::jobs
