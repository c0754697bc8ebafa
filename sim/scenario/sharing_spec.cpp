#include "sim/scenario/sharing_spec.hpp"

namespace tokenworks::scenario {
namespace {

template <class Derived>
std::unique_ptr<SharingOption> make() {
  return std::make_unique<Derived>();
}

constexpr Option<SharingOption> kOptions[] = {
    {"resident", "All models lie in GPU memory, each with its own share of it", make<ResidentSharing>},
    {"swapped", "One model at a time lies in GPU memory, the others in host memory", make<SwappedSharing>},
};

}  // namespace

Options<SharingOption> sharing_options() { return kOptions; }

void ResidentSharing::visit(FieldVisitor&) {}

void SwappedSharing::visit(FieldVisitor& v) {
  field(v, "least_turn_s", least_turn, "A model that has steps to make stays in GPU memory at least so long",
        rule().at_least(0).at_most(86400).default_from(
            'E', "Some times a change, which takes 0.1 s to 3 s for 1 GB to 70 GB of weights a GPU"));
  field(v, "overhead_s", overhead, "Of a change, beside the moving of weights, keys and values",
        rule().at_least(0).at_most(3600).default_from(
            'E',
            "vLLM wakes models of about 1 GB in 0.1 s and more (vLLM blog, Zero-Reload Model Switching with vLLM Sleep "
            "Mode, 2025), of which their bytes take 0.05 s"));
}

}  // namespace tokenworks::scenario
