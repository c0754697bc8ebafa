// Question   which requests recorded sessions of agents bring, and when
// Equation   a step is sent think_time_scale * min(recorded wait, longest_gap_s) after the end of the step before it in
//            its chain, or of the last sub-agent that it waits for: structure is kept, dates are not
// Source     the file itself; its format is described at its reader in sim/jobs/workload/trace_readers
// Valid for  waits that do not depend on how fast the service answers; token counts as recorded, whatever is served
// Checked by tests/workload/session_reader_test.cpp, tests/jobs/session_source_test.cpp
#include "models/workload/session_trace.hpp"
#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {

std::span<const std::string_view> session_trace_format_names() {
  static constexpr std::string_view kNames[] = {"kv_cache_tester"};
  return kNames;
}

namespace {

class SessionTraceArrivals final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "format", trace_.file.format, "Format of the file",
          rule().required().one_of(session_trace_format_names()));
    field(v, "path", trace_.file.path, "File of the sessions, one JSON object a line, plain or gzip",
          rule().required().is_path());
    trace_.starts.visit(v);
    field(v, "think_time_scale", trace_.file.think_time_scale, "Waits of users and tools are so many times as long",
          rule().at_least(0).at_most(1e3));
    field(v, "longest_gap_s", trace_.file.longest_gap_s,
          "Recorded waits are cut to this before they are scaled; as recorded when absent", rule().at_least(0));
    field(v, "loop", trace_.file.loop, "Begin again with the file's first session after its last");
  }
  const SessionTrace* session_trace() const override { return &trace_; }
  void scale_rate(double factor) override { trace_.starts.scale_rate(factor); }

 private:
  SessionTrace trace_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_session_trace_arrivals() { return std::make_unique<SessionTraceArrivals>(); }

}  // namespace tokenworks::workload
