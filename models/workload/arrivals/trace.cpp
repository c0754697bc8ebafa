// Question   which requests a recorded trace brings, and when
// Equation   arrival = (date in the trace - start_s) / rate_scale
// Source     the file itself; formats are described at their readers in sim/jobs/workload/trace_readers
// Valid for  rate_scale above 0, up to 1e6; scaling the rate keeps the trace's burstiness, real growth may not
// Checked by tests/workload/trace_stream_test.cpp
#include <stdexcept>

#include "models/workload/arrival_process.hpp"
#include "models/workload/trace_formats.hpp"

namespace tokenworks::workload {
namespace {

constexpr double kFastestReplay = 1e6;

class Trace final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "format", file_.format, "Format of the trace", rule().required().one_of(trace_format_names()));
    field(v, "path", file_.path, "File of the trace, plain or gzip", rule().required().is_path());
    field(v, "rate_scale", file_.rate_scale, "Replay this many times as fast as recorded",
          rule().above(0).at_most(kFastestReplay));
    field(v, "start_s", file_.start_s, "Start of the replayed window, from the trace's first request",
          rule().at_least(0));
    field(v, "duration_s", file_.duration_s,
          "Length of the replayed window in the trace's own time; to its end when absent", rule().above(0));
    field(v, "loop", file_.loop, "Start again when the window has ended, until the end of the clock");
  }
  std::optional<TraceFile> trace() const override { return file_; }
  void scale_rate(double factor) override {
    const double scale = file_.rate_scale * factor;
    if (scale > kFastestReplay) {
      throw std::invalid_argument("rate_scale: found " + std::to_string(scale) + ", allowed: at most 1e6");
    }
    file_.rate_scale = scale;
  }

 private:
  TraceFile file_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_trace_arrivals() { return std::make_unique<Trace>(); }

}  // namespace tokenworks::workload
