#include "models/compute/gpu.hpp"

namespace tokenworks::compute {
namespace {

constexpr double kGibi = 1073741824.0;

}  // namespace

void GpuSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kHow[] = {"measured_here", "measured_published", "scaled", "rated"};

  field(v, "title", title, "Name for people", rule().required());
  scaled_field(v, "memory_gib", memory, kGibi, "Memory as the driver reports it", rule().required().above(0));
  field(v, "ratings", ratings, "Rated bandwidths and dense rates", rule().required());
  field(v, "elementwise_bandwidth_share", elementwise_bandwidth_share,
        "Share of the memory bandwidth in norms, activations and the like",
        rule().above(0).at_most(1).default_from('V', "ai-dynamo/aiconfigurator commit 095f58a, system files"));
  field(v, "elementwise_kernel_s", elementwise_kernel, "Fixed part of a norm, activation or the like",
        rule().above(0).default_from('V', "ai-dynamo/aiconfigurator commit 095f58a, system files"));
  field(v, "kernels", kernels, "Entries with its kernel times, best first; those of another GPU are scaled",
        rule().required().from_catalog("kernels"));
  field(v, "power", power, "Board power by what the GPU does", rule().required());
  field(v, "temperature_limits", temperature_limits, "Core temperatures at which it slows down and fails");
  field(v, "how", how, "How the achieved figures were obtained", rule().required().one_of(kHow));
  field(v, "sources", sources, "Who vouches for which field; a nested field is written with a dot", rule().required());
}

}  // namespace tokenworks::compute
