#include <algorithm>
#include <utility>

#include "sim/jobs/sessions/session_stream.hpp"
#include "sim/jobs/workload/input_error.hpp"
#include "sim/jobs/workload/session_reader.hpp"

namespace tokenworks::jobs {
namespace {

class RecordedSessions final : public SessionStream {
 public:
  explicit RecordedSessions(const workload::SessionFile& file) : file_(file) {
    open();
    if (!next_) throw InputError(file_.path, 0, "holds no session");
  }

  std::optional<workload::SessionPlan> next() override {
    if (!next_ && file_.loop) open();
    if (!next_) return std::nullopt;
    std::optional<workload::SessionPlan> plan = std::exchange(next_, reader_->next());
    for (workload::PlannedStep& step : plan->steps) step.wait_s = replayed(step.wait_s);
    for (workload::PlannedSpawn& spawn : plan->spawns) spawn.wait_s = replayed(spawn.wait_s);
    return plan;
  }

 private:
  void open() {
    reader_ = open_session_trace(file_.format, file_.path);
    next_ = reader_->next();
  }
  double replayed(double wait_s) const {
    return file_.think_time_scale * (file_.longest_gap_s ? std::min(wait_s, *file_.longest_gap_s) : wait_s);
  }

  workload::SessionFile file_;
  std::unique_ptr<SessionReader> reader_;
  std::optional<workload::SessionPlan> next_;
};

}  // namespace

std::unique_ptr<SessionStream> make_recorded_sessions(const workload::SessionFile& file) {
  return std::make_unique<RecordedSessions>(file);
}

}  // namespace tokenworks::jobs
