// Question: how long do collectives among the GPUs of this machine take?
//
// By NCCL, loaded at run time: nothing is measured where there is one GPU or no NCCL. `bytes` is the size of the whole
// vector: each GPU's input of an all-reduce, the gathered result, the input of a reduce-scatter.
#include <dlfcn.h>

#include <chrono>
#include <memory>

#include "gpu_calibration/benches/workbench.cuh"

namespace tokenworks::gpu_calibration {
namespace {

// NCCL's API, stable since version 2: ncclResult_t, ncclDataType_t and ncclRedOp_t are ints, 0 is success and sum.
constexpr int kNcclBf16 = 9, kNcclSum = 0;
using NcclCommunicator = struct NcclCommunicatorOpaque*;

struct Nccl {
  int (*version)(int*) = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*init_all)(NcclCommunicator*, int, const int*) = nullptr;
  int (*destroy)(NcclCommunicator) = nullptr;
  int (*group_start)() = nullptr;
  int (*group_end)() = nullptr;
  int (*all_reduce)(const void*, void*, std::size_t, int, int, NcclCommunicator, cudaStream_t) = nullptr;
  int (*all_gather)(const void*, void*, std::size_t, int, NcclCommunicator, cudaStream_t) = nullptr;
  int (*reduce_scatter)(const void*, void*, std::size_t, int, int, NcclCommunicator, cudaStream_t) = nullptr;

  void check(int code, const char* call) const {
    if (code != 0) throw DeviceError(std::string(call) + ": " + error_string(code));
  }
};

/// False when NCCL or one of its functions is not there. The library stays loaded to the end of the process.
bool load_nccl(Nccl& nccl) {
  void* library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return false;
  bool complete = true;
  const auto load = [&]<class Function>(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    complete = complete && function != nullptr;
  };
  load("ncclGetVersion", nccl.version);
  load("ncclGetErrorString", nccl.error_string);
  load("ncclCommInitAll", nccl.init_all);
  load("ncclCommDestroy", nccl.destroy);
  load("ncclGroupStart", nccl.group_start);
  load("ncclGroupEnd", nccl.group_end);
  load("ncclAllReduce", nccl.all_reduce);
  load("ncclAllGather", nccl.all_gather);
  load("ncclReduceScatter", nccl.reduce_scatter);
  return complete;
}

/// GPUs 0 .. count - 1, each with a stream and two vectors.
class Ring {
 public:
  Ring(const Nccl& nccl, int count, std::size_t bytes, int home) : nccl_(nccl), home_(home), members_(count) {
    std::vector<int> devices;
    for (int i = 0; i < count; ++i) devices.push_back(i);
    std::vector<NcclCommunicator> communicators(static_cast<std::size_t>(count));
    nccl_.check(nccl_.init_all(communicators.data(), count, devices.data()), "ncclCommInitAll");
    for (int i = 0; i < count; ++i) {
      Member& member = members_[static_cast<std::size_t>(i)];
      member.communicator = communicators[static_cast<std::size_t>(i)];
      TOKENWORKS_CUDA(cudaSetDevice(i));
      TOKENWORKS_CUDA(cudaStreamCreateWithFlags(&member.stream, cudaStreamNonBlocking));
      member.from = DeviceMemory(bytes);
      member.to = DeviceMemory(bytes);
      TOKENWORKS_CUDA(cudaMemset(member.from.as<void>(), 0, bytes));
      TOKENWORKS_CUDA(cudaDeviceSynchronize());
    }
    TOKENWORKS_CUDA(cudaSetDevice(home_));
  }
  ~Ring() {
    for (Member& member : members_) {
      if (member.communicator != nullptr) nccl_.destroy(member.communicator);
      if (member.stream != nullptr) cudaStreamDestroy(member.stream);
    }
    cudaSetDevice(home_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  int size() const { return static_cast<int>(members_.size()); }

  void enqueue(const std::string& operation, std::size_t bytes) {
    const std::size_t elements = bytes / 2, share = elements / members_.size();
    nccl_.check(nccl_.group_start(), "ncclGroupStart");
    for (Member& m : members_) {
      int code = 0;
      if (operation == "all_reduce") {
        code = nccl_.all_reduce(m.from.as<void>(), m.to.as<void>(), elements, kNcclBf16, kNcclSum, m.communicator,
                                m.stream);
      } else if (operation == "all_gather") {
        code = nccl_.all_gather(m.from.as<void>(), m.to.as<void>(), share, kNcclBf16, m.communicator, m.stream);
      } else {
        code = nccl_.reduce_scatter(m.from.as<void>(), m.to.as<void>(), share, kNcclBf16, kNcclSum, m.communicator,
                                    m.stream);
      }
      nccl_.check(code, operation.c_str());
    }
    nccl_.check(nccl_.group_end(), "ncclGroupEnd");
  }

  void wait() {
    for (int i = 0; i < size(); ++i) {
      TOKENWORKS_CUDA(cudaSetDevice(i));
      TOKENWORKS_CUDA(cudaStreamSynchronize(members_[static_cast<std::size_t>(i)].stream));
    }
    TOKENWORKS_CUDA(cudaSetDevice(home_));
  }

 private:
  struct Member {
    NcclCommunicator communicator = nullptr;
    cudaStream_t stream = nullptr;
    DeviceMemory from, to;
  };
  const Nccl& nccl_;
  int home_;
  std::vector<Member> members_;
};

/// Mean of some calls in a row, by the host's clock: one call alone would show the launch.
Timing timed(Ring& ring, const std::string& operation, std::size_t bytes) {
  const int calls = bytes > (std::size_t{64} << 20) ? 4 : 20;
  std::vector<double> seconds;
  for (int sample = -2; sample < 11; ++sample) {
    ring.wait();
    const auto begin = std::chrono::steady_clock::now();
    for (int call = 0; call < calls; ++call) ring.enqueue(operation, bytes);
    ring.wait();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (sample >= 0) seconds.push_back(passed.count() / calls);
  }
  return summarise(seconds);
}

}  // namespace

void measure_collectives(Workbench& bench) {
  int devices = 0;
  TOKENWORKS_CUDA(cudaGetDeviceCount(&devices));
  if (devices < 2) return;
  Nccl nccl;
  if (!load_nccl(nccl)) return bench.session.note("collectives not measured: libnccl.so.2 cannot be loaded");
  int version = 0;
  nccl.check(nccl.version(&version), "ncclGetVersion");
  bench.session.note("NCCL " + std::to_string(version));
  constexpr std::size_t kMostBytes = std::size_t{512} << 20;
  for (int count = 2; count <= devices; count *= 2) {
    if (!bench.session.time_left()) return;
    Ring ring(nccl, count, kMostBytes, bench.device.index);
    for (const std::string operation : {"all_reduce", "all_gather", "reduce_scatter"}) {
      for (std::size_t bytes = 8192; bytes <= kMostBytes; bytes *= 4) {
        if (!bench.session.time_left()) return;
        bench.session.record("collective", {"nccl", operation, "bf16"}, {count, static_cast<std::int64_t>(bytes)},
                             timed(ring, operation, bytes));
      }
    }
  }
}

}  // namespace tokenworks::gpu_calibration
