// Question   how a fixed number of users load a service that they wait for
// Equation   a user's next request = end of the answer to its last + think_time_s; all users start at once
// Source     the manner of serving benchmarks with a fixed concurrency (vLLM `bench serve --max-concurrency`)
// Valid for  users that never give up; the service's own slowness throttles the load
// Checked by tests/models/workload/arrivals_test.cpp (fields); the loop itself is run by the service
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {
namespace {

constexpr double kMostUsers = 1e7;  // each takes memory while it is in flight

class ClosedLoopArrivals final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "concurrency", loop_.concurrency, "Number of users", rule().required().at_least(1).at_most(kMostUsers));
    field(v, "requests", loop_.requests,
          "Requests of all users together; without it the loop goes on to the clock's end", rule().at_least(1));
    field(v, "think_time_s", loop_.think_time_s, "From the end of an answer to the user's next request",
          rule().at_least(0));
  }
  std::optional<ClosedLoop> closed_loop() const override { return loop_; }
  /// Users are what can be scaled; the rate follows as far as the service keeps up.
  void scale_rate(double factor) override {
    const double users = std::max(1.0, std::round(static_cast<double>(loop_.concurrency) * factor));
    if (users > kMostUsers) {
      throw std::invalid_argument("concurrency: found " + std::to_string(users) + ", allowed: at most 1e7");
    }
    loop_.concurrency = static_cast<std::int64_t>(users);
  }

 private:
  ClosedLoop loop_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_closed_loop_arrivals() { return std::make_unique<ClosedLoopArrivals>(); }

}  // namespace tokenworks::workload
