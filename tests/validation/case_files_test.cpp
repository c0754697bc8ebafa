// Each file of measurements, made up and small: what becomes a case, what is left out, and what is asked of the
// simulator.
#include "tools/validation/cases/case_files.hpp"

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/validation/written_file.hpp"

namespace tokenworks::validation {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinRel;
using testing::MeasurementFolder;

const CaseFile& file_named(std::string_view name) {
  const auto files = case_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const CaseFile& file) { return file.name == name; });
  REQUIRE(found != files.end());
  return *found;
}

CaseSet read(const MeasurementFolder& folder, std::string_view name) {
  scenario::FaultList faults;
  const CaseFile& file = file_named(name);
  CaseSet set = file.read(folder.path() + "/" + std::string(file.path), faults);
  CHECK(faults.text("") == "");
  return set;
}

std::string faults_of(const MeasurementFolder& folder, std::string_view name) {
  scenario::FaultList faults;
  const CaseFile& file = file_named(name);
  file.read(folder.path() + "/" + std::string(file.path), faults);
  return faults.text("");
}

std::size_t left_out(const CaseSet& set, std::string_view reason) {
  std::size_t rows = 0;
  for (const auto& [text, count] : set.left_out.reasons()) {
    if (text.find(reason) != std::string::npos) rows += count;
  }
  return rows;
}

std::size_t all_left_out(const CaseSet& set) { return left_out(set, ""); }

const scenario::Json& service(const MeasuredCase& measured) { return measured.scenario.at("services").at(0); }
const scenario::Json& arrivals(const MeasuredCase& measured) {
  return measured.scenario.at("workloads").at(0).at("arrivals");
}

TEST_CASE("files of measurements: names and paths are unique, and none is both used and unused", "[validation]") {
  std::vector<std::string_view> names;
  for (const CaseFile& file : case_files()) {
    names.push_back(file.name);
    for (const UnusedFile& unused : unused_files()) CHECK(file.path != unused.path);
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("trtllm: all published requests at once, copies of the attention and stages by the label", "[validation]") {
  const MeasurementFolder folder;
  folder.write("trtllm_perf_overview.csv",
               "model,gpu,parallelism,precision,isl,osl,output_tok_s_per_gpu\n"
               "Llama 3.3 70B,H200,TP2,FP8,1000,1000,2000\n"
               "DeepSeek R1 0528,B200,DEP4,FP4,8192,1024,1168\n"
               "Llama 3.3 70B,RTX6000Pro,TP1PP4,FP4,128,128,2000\n"
               "Llama 3.3 70B,H200,EP2,FP8,1000,1000,2000\n"
               "Llama 3.3 70B,H200,TP2,FP8,777,1000,2000\n"
               "Llama 3.3 70B,Abacus,TP2,FP8,1000,1000,2000\n");
  const CaseSet set = read(folder, "trtllm");
  CHECK(set.rows == 6);
  REQUIRE(set.cases.size() == 3);
  CHECK(all_left_out(set) == 3);
  CHECK(left_out(set, "unknown parallelism EP2") == 1);
  CHECK(left_out(set, "number of requests is not published") == 1);
  CHECK(service(set.cases[0])["parallelism"]["tensor"] == 2);
  CHECK(arrivals(set.cases[0])["concurrency"] == 3000);
  CHECK(arrivals(set.cases[0])["requests"] == 3000);
  const auto& copies = service(set.cases[1]);
  CHECK(copies["parallelism"]["attention_data"] == 4);
  CHECK(copies["parallelism"]["expert"] == 4);
  CHECK(copies["engine"]["max_sequences"] == 4 * 2048);
  CHECK(copies["engine"]["max_batch_tokens"] == 4 * (8192 + 2048));
  CHECK(service(set.cases[2])["parallelism"]["pipeline"] == 4);
}

TEST_CASE("mlenergy: a steady loop over several answers, host-bound rows are left out", "[validation]") {
  const MeasurementFolder folder;
  const std::string header =
      "task,model,weight_precision,gpu,num_gpus,ep,dp,max_num_seqs,avg_output_len,avg_power_w_per_gpu,output_tok_s,"
      "median_itl_ms\n";
  folder.write("mlenergy_llm.csv",
               header + "lm-arena-chat,Qwen/Qwen3-8B,bfloat16,B200,1,1,1,8,600,700,1600,5\n" +
                   "gpqa,Qwen/Qwen3-8B,bfloat16,B200,1,1,1,8,7000,300,240,33\n" +
                   "lm-arena-chat,nobody/Knows,bfloat16,B200,1,1,1,8,600,700,1600,5\n" +
                   "sourcegraph-fim,Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8,fp8,B200,8,8,8,16,250,500,"
                   "900,20\n");
  const CaseSet set = read(folder, "mlenergy");
  REQUIRE(set.cases.size() == 2);
  CHECK(left_out(set, "rule host_bound") == 1);
  CHECK(left_out(set, "unknown model nobody/Knows") == 1);
  const MeasuredCase& chat = set.cases[0];
  // 8 users share 1,600 tokens a second: an answer of 600 tokens takes 3 s.
  CHECK_THAT(chat.scenario["clock"]["warm_up_s"].get<double>(), WithinRel(2 * 3.0, 1e-12));
  CHECK_THAT(chat.scenario["clock"]["duration_s"].get<double>(), WithinRel(8 * 3.0, 1e-12));
  CHECK_FALSE(chat.scenario["clock"]["drain"].get<bool>());
  CHECK_FALSE(arrivals(chat).contains("requests"));
  REQUIRE(chat.comparisons.size() == 3);
  CHECK(chat.comparisons[0].measured == 700);
  CHECK(service(set.cases[1])["parallelism"]["tensor"] == 1);
  CHECK(service(set.cases[1])["parallelism"]["attention_data"] == 8);
}

TEST_CASE("splitwise: repeats of a point become their median, and the batch starts together", "[validation]") {
  const MeasurementFolder folder;
  const std::string row = "llama2-70b,a100-80gb,512,4,128,";
  folder.write("splitwise_perf_model.csv",
               "model,hardware,prompt_size,batch_size,token_size,prompt_time,token_time,e2e_time,tensor_parallel\n" +
                   row + "100,40,5000,8\n" + row + "300,42,5200,8\n" + row + "120,41,5100,8\n" +
                   "llama2-70b,h100-80gb-pcap,512,4,128,100,40,5000,8\n");
  const CaseSet set = read(folder, "splitwise");
  REQUIRE(set.cases.size() == 1);
  CHECK(left_out(set, "repeats of a point") == 2);
  CHECK(left_out(set, "under a power cap") == 1);
  const MeasuredCase& measured = set.cases[0];
  CHECK_THAT(measured.comparisons[0].measured, WithinRel(0.12, 1e-12));
  CHECK_THAT(measured.comparisons[2].measured, WithinRel(5.1, 1e-12));
  CHECK(arrivals(measured)["concurrency"] == 4);
  CHECK(arrivals(measured)["requests"] == 4);
}

TEST_CASE("mlperf: one run for two accuracy targets, servers for their power only", "[validation]") {
  const MeasurementFolder folder;
  folder.write("mlperf_nvidia_v5.1_configs.csv",
               "platform,scenario,model,tensor_parallelism,pipeline_parallelism,moe_expert_parallelism,precision,"
               "gpu_batch_size,max_num_tokens\n"
               "B200-SXM-180GBx8,Offline,llama3_1-8b,1,1,,fp4,6000,12000\n"
               "B200-SXM-180GBx8,Server,llama3_1-8b,1,1,,fp4,6000,12000\n"
               "B200-SXM-180GBx8,Offline,deepseek-r1,8,1,8,fp4,512,4608\n");
  const auto row = [](const std::string& submitter, const std::string& platform, const std::string& model,
                      const std::string& scenario, const std::string& power) {
    return "v5.1,closed," + submitter + ',' + platform + ",B200,8," + model + ',' + scenario + ",144000,1100,130," +
           power + '\n';
  };
  folder.write(
      "mlperf_inference_llm.csv",
      "round,division,submitter,platform,accel_norm,total_accelerators,model,scenario,tokens_per_s,samples_per_s,"
      "mean_output_tokens,system_power_avg_w\n" +
          row("NVIDIA", "B200-SXM-180GBx8_TRT", "llama3.1-8b-99", "Offline", "") +
          row("NVIDIA", "B200-SXM-180GBx8_TRT", "llama3.1-8b-99.9", "Offline", "") +
          row("NVIDIA", "B200-SXM-180GBx8_TRT", "llama3.1-8b-99", "Server", "") +
          row("Lenovo", "Own_B200x8", "llama3.1-8b", "Server", "9400") +
          row("Dell", "Own_B200x8", "llama3.1-8b", "Offline", "") +
          row("NVIDIA", "B200-SXM-180GBx8_TRT", "deepseek-r1", "Offline", ""));
  const CaseSet set = read(folder, "mlperf");
  CHECK(set.rows == 6);
  REQUIRE(set.cases.size() == 3);
  CHECK(left_out(set, "rule duplicates") == 1);
  CHECK(left_out(set, "other submitters") == 1);
  CHECK(left_out(set, "server scenarios without power") == 1);
  CHECK(service(set.cases[0])["replicas"] == 8);
  CHECK(arrivals(set.cases[0])["concurrency"] == 8 * 6000);
  REQUIRE(set.cases[1].comparisons.size() == 1);
  CHECK(set.cases[1].comparisons[0].metric == "server_power_w");
  CHECK(arrivals(set.cases[1])["rate_per_s"] == 1100);
  const auto& spread = service(set.cases[2]);
  CHECK(spread["parallelism"]["attention_data"] == 8);
  CHECK(spread["replicas"] == 1);
  CHECK(arrivals(set.cases[2])["concurrency"] == 8 * 512);
}

TEST_CASE("vllm logs: each request with its own figures, in the engine's clock", "[validation]") {
  const MeasurementFolder folder;
  const auto request = [](const std::string& id, double arrival, double queued) {
    return "{\"request_id\": \"" + id +
           "\", \"input_toks\": 100, \"output_toks\": 11, \"arrival_time\": " + std::to_string(arrival) +
           ", \"queued_ts\": " + std::to_string(queued) + ", \"scheduled_ts\": 0, " +
           "\"first_token_ts\": " + std::to_string(queued + 0.5) +
           ", \"last_token_ts\": " + std::to_string(queued + 1.5) + "}\n";
  };
  const std::string meta =
      "{\"model\": \"meta-llama/Llama-3.1-8B\", \"vllm_version\": \"0.19.0\", \"engine_kwargs\": {"
      "\"tensor_parallel_size\": 1, \"data_parallel_size\": 2, \"enable_expert_parallel\": false, "
      "\"max_num_seqs\": 128, \"max_num_batched_tokens\": 2048}}";
  folder.write("vllm_request_logs/RTXPRO6000__Llama__requests.jsonl",
               request("b", 1002.5, 52.5) + request("a", 1000, 50));
  folder.write("vllm_request_logs/RTXPRO6000__Llama__meta.json", meta);
  const CaseSet set = read(folder, "vllm_logs");
  REQUIRE(set.cases.size() == 1);
  const MeasuredCase& measured = set.cases[0];
  REQUIRE(measured.replay.size() == 2);
  CHECK(measured.replay[0].arrival_s == 0);
  CHECK(measured.replay[1].arrival_s == 2.5);
  REQUIRE(measured.comparisons.size() == 12);  // three of each request, mean and median of each over all
  CHECK(measured.comparisons[0].part == "a");
  CHECK_THAT(measured.comparisons[0].measured, WithinRel(0.5, 1e-9));
  CHECK_THAT(measured.comparisons[2].measured, WithinRel(0.1, 1e-9));  // 1 s for 10 tokens
  CHECK(service(measured)["engine"]["version"] == "0.19.0");
  CHECK(service(measured)["engine"]["max_sequences"] == 256);

  folder.write("vllm_request_logs/RTXPRO6000__Llama__requests.jsonl",
               request("a", 1000, 50) + "{\"request_id\": 5\n" + "{\"request_id\": \"c\"}\n");
  folder.write("vllm_request_logs/RTXPRO6000__Llama__meta.json", "{}");
  const std::string faults = faults_of(folder, "vllm_logs");
  CHECK_THAT(faults, Contains("requests.jsonl:2:1:") && Contains("requests.jsonl:3:1: arrival_time:") &&
                         Contains("meta.json:1:1: vllm_version:"));
}

TEST_CASE("idle servers: no request is meant to come", "[validation]") {
  const MeasurementFolder folder;
  folder.write("power_traces/index.csv",
               "file,system,workload,kind,min_w\n"
               "a.csv.gz,\"NVIDIA H200 (8x H200-SXM-141GB, MaxQ)\",llama2-70b-99/Offline,inference,2400\n"
               "b.csv.gz,8x PowerEdge XE9680 (8x H100-SXM-80GB each),fine-tuning,training,2854\n");
  const CaseSet set = read(folder, "server_idle");
  REQUIRE(set.cases.size() == 1);
  CHECK(set.cases[0].idle);
  CHECK(set.cases[0].group == "h200_sxm server idle");
  CHECK(set.cases[0].comparisons[0].measured == 2400);
  CHECK(left_out(set, "training") == 1);
}

}  // namespace
}  // namespace tokenworks::validation
