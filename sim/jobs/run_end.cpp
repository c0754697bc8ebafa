#include "sim/jobs/run_end.hpp"

namespace tokenworks::jobs {

RunEnd::RunEnd(engine::Simulation& simulation, Picoseconds duration, bool drain)
    : simulation_(simulation),
      timer_(simulation.add_timer(*this, 0, engine::rank(engine::RankClass::run_end, 0))),
      duration_(duration),
      drain_(drain) {}

void RunEnd::arm() {
  armed_ = true;
  if (!drain_ || active_sources_ == 0) simulation_.set_timer(timer_, duration_);
}

}  // namespace tokenworks::jobs
