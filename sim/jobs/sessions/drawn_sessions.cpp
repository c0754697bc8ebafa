#include <utility>

#include "sim/jobs/sessions/session_stream.hpp"

namespace tokenworks::jobs {
namespace {

class DrawnSessions final : public SessionStream {
 public:
  DrawnSessions(std::unique_ptr<workload::AgentSessionPlanner> planner, std::uint64_t seed, std::string workload_name)
      : planner_(std::move(planner)), seed_(seed), workload_name_(std::move(workload_name)) {}
  std::optional<workload::SessionPlan> next() override { return planner_->plan(seed_, workload_name_, ++number_); }

 private:
  std::unique_ptr<workload::AgentSessionPlanner> planner_;
  std::uint64_t seed_;
  std::string workload_name_;
  std::int64_t number_ = 0;
};

}  // namespace

std::unique_ptr<SessionStream> make_drawn_sessions(std::unique_ptr<workload::AgentSessionPlanner> planner,
                                                   std::uint64_t seed, std::string workload_name) {
  return std::make_unique<DrawnSessions>(std::move(planner), seed, std::move(workload_name));
}

}  // namespace tokenworks::jobs
