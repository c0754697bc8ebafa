// Question   when requests of many independent users arrive
// Equation   gaps are exponential with mean 1 / rate [s]
// Source     Kleinrock, Queueing Systems, volume 1, 1975, section 2.4
// Valid for  any rate above 0; no burstiness beyond chance (coefficient of variation of the gaps 1)
// Checked by tests/models/workload/arrivals_test.cpp
#include <boost/random/exponential_distribution.hpp>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {
namespace {

class PoissonProcess final : public ArrivalProcess {
 public:
  explicit PoissonProcess(double rate_per_s) : gap_s_(rate_per_s) {}
  double next_s(RandomEngine& random) override { return now_s_ += gap_s_(random); }

 private:
  boost::random::exponential_distribution<double> gap_s_;
  double now_s_ = 0.0;
};

class Poisson final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "rate_per_s", rate_per_s_, "Mean number of requests a second", rule().required().above(0));
  }
  std::unique_ptr<ArrivalProcess> open_process(double) const override {
    return std::make_unique<PoissonProcess>(rate_per_s_);
  }
  void scale_rate(double factor) override { rate_per_s_ *= factor; }

 private:
  double rate_per_s_ = 1.0;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_poisson_arrivals() { return std::make_unique<Poisson>(); }

}  // namespace tokenworks::workload
