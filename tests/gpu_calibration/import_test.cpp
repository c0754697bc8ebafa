#include "gpu_calibration/import/import_tables.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "gpu_calibration/import/table_kinds.hpp"
#include "gpu_calibration/raw/measurement_text.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::gpu_calibration;

namespace {

/// A folder of made-up tables that goes away with the test.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "tokenworks_import_test") {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("import: a small table, its units and names", "[calibration]") {
  const Folder folder;
  const std::string gemm = folder.file("h100_sxm__trtllm_9.9_gemm_perf.csv",
                                       "kernel_source,gemm_dtype,m,n,k,latency\n"
                                       "torch_flow,bfloat16,1,4096,2048,0.0125\r\n"
                                       "torch_flow,fp8_block,16,4096,2048,0.5");
  const std::string decode = folder.file(
      "h100_sxm__trtllm_9.9_generation_attention_perf.csv",
      "kernel_source,batch_size,isl,num_heads,num_key_value_heads,head_dim,window_size,attn_dtype,kv_cache_dtype,step,"
      "latency\ntorch_flow,2,1,8,1,128,0,bfloat16,fp8,511,0.02\n");
  const std::string collectives = folder.file("collectives_intranode.csv",
                                              "system,library_version,op_name,kernel_source,dtype,num_gpus,"
                                              "message_size_elems,latency_ms\n"
                                              "h100_sxm,nccl_2.1,all_reduce,NCCL,half,2,512,0.020\n"
                                              "h100_sxm,nccl_2.1,all_reduce,NCCL,half,2,256,0.010\n"
                                              "h100_sxm,nccl_2.1,all_reduce,NCCL,half,2,256,0.014\n"
                                              "b200_sxm,nccl_2.1,all_reduce,NCCL,half,2,256,0.009\n");
  scenario::FaultList faults;
  const auto raw = import_tables({gemm, decode, collectives}, {}, faults);
  INFO(faults.text("import"));
  REQUIRE(raw.has_value());
  CHECK(raw->device.gpu == "h100_sxm5");
  CHECK(raw->software.name == "tensorrt_llm");
  CHECK(raw->software.version == "9.9");
  const Table& products = *raw->find("matrix_product");
  CHECK(products.at("format").text(0) == "bf16");
  CHECK(products.at("format").text(1) == "fp8_block");
  CHECK(products.at("time_s").numbers[0] == Approx(1.25e-5));             // ms to s
  CHECK(raw->find("decode_attention")->at("context").numbers[0] == 511);  // step + isl - 1
  const Table& curve = *raw->find("collective");
  REQUIRE(curve.rows() == 2);                  // another system left out, two repeats pooled
  CHECK(curve.at("bytes").numbers[0] == 512);  // 256 elements of 2 bytes, in rising order
  CHECK(curve.at("time_s").numbers[0] == Approx(12e-6));
  CHECK(curve.at("samples").numbers[0] == 2);
  // What was imported is a good raw result.
  CHECK(read_measurements(write_measurements(*raw), faults).has_value());
}

TEST_CASE("import: a file of two engines needs a choice", "[calibration]") {
  const Folder folder;
  const std::string header =
      "backend,version,kernel_source,gemm_dtype,m,n,k,latency_ms,power_w,power_limit_w,"
      "nvml_readings_min\n";
  const std::string path = folder.file("b200_sxm__gemm.csv", header + "trtllm,1,a,fp8,1,256,256,0.1,300.5,1000,4\n" +
                                                                 "vllm,2,b,fp8,1,256,256,0.2,400,1000,4\n");
  scenario::FaultList faults;
  CHECK_FALSE(import_tables({path}, {}, faults).has_value());
  CHECK(contains(faults.text("import"), "--software"));
  scenario::FaultList none;
  const auto raw = import_tables({path}, {"", "vllm"}, none);
  REQUIRE(raw.has_value());
  REQUIRE(raw->tables[0].rows() == 1);
  CHECK(raw->tables[0].at("power_w").numbers[0] == 400);
}

TEST_CASE("import: faults name file, line and column", "[calibration]") {
  const Folder folder;
  const std::string path = folder.file("h100_sxm__trtllm_9.9_gemm_perf.csv",
                                       "kernel_source,gemm_dtype,m,n,k,latency\n"
                                       "torch_flow,bfloat16,1,4096,2048,0.0125\n"
                                       "torch_flow,bfloat16,1.5,4096,2048,nan\n"
                                       "torch_flow,bfloat16,1,4096,,-3\n");
  scenario::FaultList faults;
  CHECK_FALSE(import_tables({path}, {}, faults).has_value());
  const std::string text = faults.text("import");
  INFO(text);
  CHECK(contains(text, path + ":3:21: m: 1.5 is no whole number"));
  CHECK(contains(text, path + ":3:35: latency: \"nan\" is no finite number"));
  CHECK(contains(text, path + ":4:28: k: an empty cell"));
  CHECK(contains(text, path + ":4:29: latency: -3 is not above 0"));

  scenario::FaultList ragged;
  const std::string cut = folder.file("h100_sxm__trtllm_9.9_moe_perf.csv", "a,b\n1,2\n1\n");
  CHECK_FALSE(import_tables({cut}, {}, ragged).has_value());
  CHECK(contains(ragged.text("import"), cut + ":3:1: 1 cells stand here for 2 columns"));

  scenario::FaultList unknown;
  CHECK_FALSE(import_tables({folder.file("h100_sxm__unheard_of.csv", "a\n1\n")}, {}, unknown).has_value());
  CHECK(contains(unknown.text("import"), "no kind of table"));

  scenario::FaultList other;
  CHECK_FALSE(import_tables({path}, {"b200_sxm", ""}, other).has_value());
  CHECK(contains(other.text("import"), "this table is of h100_sxm5, not of b200_sxm"));
}

TEST_CASE("import: the end of a file's name says which table it is", "[calibration]") {
  CHECK(kind_of_file("x/h100_sxm__trtllm_1.3.0rc20_context_mla_perf.csv.gz")->name == "context_mla");
  CHECK(kind_of_file("b200_sxm__mla_context_module.csv.gz")->name == "mla_context_module");
  CHECK(kind_of_file("collectives_intranode.csv.gz")->name == "collectives_intranode");
  CHECK(kind_of_file("h100_sxm__encoder_attention.csv.gz") == nullptr);
}
