// Whole runs against the wall power that was measured second by second: made-up files, then the published traces.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/validation/written_file.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/run_cases.hpp"

namespace tokenworks::validation {
namespace {

using testing::MeasurementFolder;

CaseSet read(const std::filesystem::path& folder) {
  for (const CaseFile& file : case_files()) {
    if (file.name != "power_traces") continue;
    scenario::FaultList faults;
    CaseSet set = file.read(folder / file.path, faults);
    CHECK(faults.text("") == "");
    return set;
  }
  FAIL("no set power_traces");
  return {};
}

TEST_CASE("power runs: a trace finds its run by system and benchmark", "[validation]") {
  const MeasurementFolder folder;
  folder.write("power_traces/index.csv",
               "file,system,workload,kind,avg_run_w,p95_run_w\n"
               "a.csv.gz,\"NVIDIA H200 (8x H200-SXM-141GB, MaxQ)\",llama2-70b-99/Offline,inference,6153,6200\n"
               "b.csv.gz,\"NVIDIA H200 (8x H200-SXM-141GB, MaxQ)\",mixtral/Offline,inference,6000,6100\n"
               "c.csv.gz,8x PowerEdge XE9680,fine-tuning,training,7000,8000\n");
  CHECK(read(folder.path()).cases.empty());
  CHECK(read(folder.path()).left_out.reasons().front().second == 3);
  folder.write("mlperf_nvidia_v5.1_configs.csv",
               "platform,scenario,model,tensor_parallelism,pipeline_parallelism,moe_expert_parallelism,precision,"
               "gpu_batch_size,max_num_tokens\n"
               "B200-SXM-180GBx8,Offline,llama3_1-8b,1,1,,fp4,6000,12000\n");
  folder.write("mlperf_inference_llm.csv",
               "round,division,submitter,platform,accel_norm,total_accelerators,model,scenario,tokens_per_s,"
               "samples_per_s,mean_output_tokens,system_power_avg_w,system\n"
               "v4.1,closed,NVIDIA,x,H200,8,llama2-70b-99.9,Offline,25262,86.7,291,6152.98,"
               "\"NVIDIA H200 (8x H200-SXM-141GB, MaxQ, TensorRT)\"\n");
  const CaseSet set = read(folder.path());
  REQUIRE(set.cases.size() == 1);
  const MeasuredCase& measured = set.cases.front();
  CHECK(measured.scenario["services"][0]["gpu_power_cap_w"] == 500);
  CHECK(measured.scenario["report"]["interval_s"] == 1);
  REQUIRE(measured.comparisons.size() == 2);
  CHECK(measured.comparisons[0].measured == 6153);
  CHECK(measured.comparisons[1].metric == "server_power_p95_w");
  CHECK(measured.comparisons[1].measured == 6200);
  CHECK(set.left_out.reasons().size() == 2);
}

TEST_CASE("power runs: average and 95 % of the seconds of published traces", "[validation][shared]") {
  const std::filesystem::path data = TOKENWORKS_SOURCE_DIR "/../shared/data/validation";
  if (!std::filesystem::exists(data / "power_traces" / "index.csv")) {
    WARN("no power traces in " << data.string() << ": not checked");
    return;
  }
  const CaseSet set = read(data);
  std::vector<const MeasuredCase*> cases;
  for (const MeasuredCase& measured : set.cases) cases.push_back(&measured);
  CHECK(cases.size() == 8);
  const std::vector<CaseOutcome> outcomes = run_cases(cases, {.jobs = 2});
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i]->group << ": " << cases[i]->name << ": " << outcomes[i].reason);
    REQUIRE(outcomes[i].status == CaseOutcome::Status::predicted);
    const auto error = [&](std::size_t figure) {
      return outcomes[i].predicted[figure] / cases[i]->comparisons[figure].measured - 1.0;
    };
    // Boards at a limit are known to 3 %.
    const bool capped = cases[i]->group.find("power caps") != std::string::npos;
    CHECK(std::abs(error(0)) < (capped ? 0.03 : 0.05));
    CHECK(std::abs(error(1)) < (capped ? 0.04 : 0.075));
  }
}

}  // namespace
}  // namespace tokenworks::validation
