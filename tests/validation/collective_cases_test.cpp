// Measurements of collectives, made up and small: what becomes a case, what is left out, and that models answer alone.
#include <algorithm>

#include "tests/catch.hpp"
#include "tests/validation/written_file.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/run_cases.hpp"

namespace tokenworks::validation {
namespace {

using Catch::Matchers::WithinRel;
using testing::MeasurementFolder;

CaseSet read(const MeasurementFolder& folder, std::string_view name) {
  for (const CaseFile& file : case_files()) {
    if (file.name != name) continue;
    scenario::FaultList faults;
    CaseSet set = file.read(folder.path() + "/" + std::string(file.path), faults);
    CHECK(faults.text("") == "");
    return set;
  }
  FAIL("there is no set " << name);
  return {};
}

/// Figures of all cases, run as `validate` runs them.
std::vector<double> predictions(const CaseSet& set) {
  std::vector<const MeasuredCase*> cases;
  for (const MeasuredCase& measured : set.cases) cases.push_back(&measured);
  std::vector<double> figures;
  for (const CaseOutcome& outcome : run_cases(cases, {.jobs = 1})) {
    REQUIRE(outcome.status == CaseOutcome::Status::predicted);
    figures.insert(figures.end(), outcome.predicted.begin(), outcome.predicted.end());
  }
  return figures;
}

TEST_CASE("collectives: the newest NCCL against closed forms, engines' kernels left out", "[validation]") {
  const MeasurementFolder folder;
  folder.write("aic_kernels/collectives_intranode.csv.gz",
               "system,library_version,op_name,kernel_source,dtype,num_gpus,message_size_elems,latency_ms\n"
               "h200_sxm,nccl_2.29.2,all_reduce,NCCL,half,8,256,0.016\n"
               "h200_sxm,nccl_2.29.2,all_reduce,NCCL,half,8,268435456,2.04\n"
               "h200_sxm,nccl_2.26.2,all_reduce,NCCL,half,8,256,0.017\n"
               "h100_sxm,nccl_2.29.2,all_gather,NCCL,half,4,256,0.007\n"
               "h100_sxm,vllm_0.24.0,all_reduce,vLLM_custom_graph,half,8,256,0.005\n");
  const CaseSet set = read(folder, "collectives");
  CHECK(set.rows == 5);
  REQUIRE(set.cases.size() == 2);
  CHECK(set.left_out.reasons().size() == 2);
  CHECK(set.cases[0].group == "h100_sxm all_gather (fitted)");
  CHECK(set.cases[1].group == "h200_sxm all_reduce");
  CHECK(set.cases[1].name == "8 GPUs");
  REQUIRE(set.cases[1].comparisons.size() == 2);
  CHECK_THAT(set.cases[1].comparisons[0].measured, WithinRel(16e-6, 1e-12));
  CHECK(set.cases[1].comparisons[1].part == "536870912 B");
  const std::vector<double> figures = predictions(set);
  REQUIRE(figures.size() == 3);
  CHECK_THAT(figures[2], WithinRel(2.04e-3, 0.15));
}

TEST_CASE("collective networks: between nodes the largest size gives the bandwidth and is not judged", "[validation]") {
  const MeasurementFolder folder;
  const std::string header = "num_workers,devices_per_node,size,time_stats.all_reduce.median\n";
  // 1 GB over 2 nodes of one GPU in half a second: 2 GB/s a NIC, and 0.05 s for a tenth.
  folder.write("vidur_profiling/network__a100_dgx__all_reduce.csv.gz",
               header + "2,1,1000000000,500\n2,1,100000000,50\n8,8,512,0.02\n8,8,33554432,0.4\n");
  const CaseSet set = read(folder, "collective_networks");
  CHECK(set.rows == 4);
  REQUIRE(set.cases.size() == 3);
  CHECK(set.left_out.reasons().front().second == 1);
  const auto between = std::find_if(set.cases.begin(), set.cases.end(), [](const auto& measured) {
    return measured.group.find("2 nodes") != std::string::npos;
  });
  REQUIRE(between != set.cases.end());
  CHECK(between->group == "a100_dgx 2 nodes x 1 GPUs all_reduce 1 MB and more");
  CHECK_THAT(between->comparisons.at(0).predicted({}), WithinRel(0.05, 0.01));
  CHECK(predictions(set).size() == 3);
}

TEST_CASE("expert exchange: three predictions a point, the fastest number of multiprocessors", "[validation]") {
  const MeasurementFolder folder;
  const std::string name = "aic_kernels/h100_sxm__sglang_0.5.6.post2_wideep_deepep_";
  const std::string shape = "node_num,hidden_size,num_token,num_topk,num_experts,";
  folder.write(name + "ll_perf.csv.gz", shape +
                                            "dispatch_avg_t_us,combine_avg_t_us\n"
                                            "1,7168,16,8,256,17.6,18.3\n"
                                            "2,7168,16,8,256,30.1,45.9\n"
                                            "2,7168,128,8,256,102,186\n"
                                            "4,7168,16,8,288,40,58\n");
  folder.write(name + "normal_perf.csv.gz",
               shape +
                   "dispatch_transmit_us,dispatch_notify_us,combine_transmit_us,combine_notify_us\n"
                   "2,7168,1024,8,256,258,37,613,55\n"
                   "2,7168,1024,8,256,250,0,500,50\n"
                   "2,7168,2048,8,256,460,40,1114,71\n");
  const CaseSet set = read(folder, "expert_exchange");
  CHECK(set.rows == 7);
  CHECK(set.left_out.reasons().size() == 2);
  REQUIRE(set.cases.size() == 3);
  CHECK(set.cases[0].group == "h100_sxm deepep low_latency 2 nodes (fitted)");
  CHECK(set.cases[1].group == "h100_sxm deepep low_latency 4 nodes (unseen)");
  CHECK(set.cases[2].group == "h100_sxm deepep normal 2 nodes (unseen)");
  REQUIRE(set.cases[0].comparisons.size() == 6);
  CHECK_THAT(set.cases[0].comparisons[0].measured, WithinRel(76e-6, 1e-12));
  CHECK_THAT(set.cases[2].comparisons[0].measured, WithinRel(800e-6, 1e-12));
  CHECK(predictions(set).size() == 15);
}

}  // namespace
}  // namespace tokenworks::validation
