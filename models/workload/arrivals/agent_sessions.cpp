// Question   when sessions of agents start whose requests are drawn from statistics
// Equation   by an open process, or a new one when one ends; what follows is drawn by models/workload/agent_sessions
// Source     see there
// Valid for  see there
// Checked by tests/models/workload/agent_sessions_test.cpp, tests/jobs/session_source_test.cpp
#include "models/workload/agent_sessions.hpp"

namespace tokenworks::workload {
namespace {

class AgentSessionsArrivals final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override { sessions_.visit(v); }
  const AgentSessions* agent_sessions() const override { return &sessions_; }
  void scale_rate(double factor) override { sessions_.starts.scale_rate(factor); }

 private:
  AgentSessions sessions_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_agent_sessions_arrivals() { return std::make_unique<AgentSessionsArrivals>(); }

}  // namespace tokenworks::workload
