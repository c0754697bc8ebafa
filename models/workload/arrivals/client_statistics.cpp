// Question   which requests the clients of a production service send, when all that is published is statistics
// Equation   the superposition of all clients; a client's gaps in a window of 600 s are a renewal process of the
// window's
//            rate times rate_scale and of its distribution (gap_distribution.hpp); prompts and answers are drawn from
//            the client's tables by 6 hours of the day
// Source     ServeGen, arXiv 2505.09999, github.com/alibaba/ServeGen: the statistics, and requests as a sum of clients
// Valid for  clients that know nothing of each other; windows independent of each other; prompt and answer independent
//            within a table; rate_scale makes every client send more, real growth also brings more clients, which is
//            less bursty
// Checked by tests/workload/client_stream_test.cpp
#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {
namespace {

class ClientStatistics final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    static constexpr std::string_view kWithoutLengths[] = {"pooled", "left_out"};
    field(v, "rates", files_.rates,
          "ServeGen's rates by client and window of 600 s (CSV, plain or gzip): client_id, window_start_s, rate_req_s, "
          "iat_cv, iat_distribution, param1, param2",
          rule().required().is_path());
    field(v, "lengths", files_.lengths,
          "ServeGen's lengths by client and window of 6 h (a JSON object a line, plain or gzip): client_id, "
          "window_start_s, and {length: probability} under input_tokens and output_tokens; its days repeat",
          rule().required().is_path());
    field(v, "rate_scale", files_.rate_scale, "Every client sends this many times as often; windows keep their length",
          rule().at_least(1e-6).at_most(1e6));
    field(v, "start_s", files_.start_s, "Date in the statistics at which the run starts", rule().at_least(0));
    field(v, "clients", files_.clients, "Only that many clients, those that send most over the whole file",
          rule().at_least(1));
    field(v, "loop", files_.loop,
          "Start again at the first window when the last has ended, until the end of the clock");
    field(v, "clients_without_lengths", files_.clients_without_lengths,
          "What becomes of clients without lengths: pooled draws each request from the tables of the other clients, by "
          "their share of the requests; left_out leaves these clients out",
          rule().one_of(kWithoutLengths));
  }
  std::optional<ClientStatisticsFiles> client_statistics() const override { return files_; }
  void scale_rate(double factor) override {
    const double scale = files_.rate_scale * factor;
    if (scale > 1e6) {
      throw std::invalid_argument("rate_scale: found " + std::to_string(scale) + ", allowed: at most 1e6");
    }
    files_.rate_scale = std::max(scale, 1e-6);
  }

 private:
  ClientStatisticsFiles files_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_client_statistics_arrivals() { return std::make_unique<ClientStatistics>(); }

}  // namespace tokenworks::workload
