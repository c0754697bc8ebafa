#include "gpu_calibration/fit/fit_kernels.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "gpu_calibration/fit/operator_fits.hpp"

namespace tokenworks::gpu_calibration {
namespace {

/// Where the fit of an operator stands in the entry.
struct Section {
  std::string_view operation, field;
};
constexpr Section kSections[] = {{"matrix_product", "matrix_products"},
                                 {"prompt_attention", "prompt_attention"},
                                 {"decode_attention", "decode_attention"},
                                 {"latent_prompt_block", "latent_prompt"},
                                 {"latent_prompt_attention", "latent_prompt"},
                                 {"sparse_prompt_block", "latent_prompt"},
                                 {"latent_decode_block", "latent_decode"},
                                 {"latent_decode_attention", "latent_decode"},
                                 {"sparse_decode_block", "latent_decode"},
                                 {"expert_block", "experts"},
                                 {"linear_attention", "linear_attention"},
                                 {"collective", "collectives"},
                                 {"expert_exchange", "exchanges"}};

const Table* first_table(std::span<const KernelMeasurements> measurements, std::string_view operation) {
  for (const KernelMeasurements& raw : measurements) {
    if (const Table* table = raw.find(operation)) return table;
  }
  return nullptr;
}

}  // namespace

compute::KernelSpec fit_kernels(std::span<const KernelMeasurements> measurements, const std::string& title,
                                const compute::GpuRatings& ratings, FitReport& report) {
  compute::KernelSpec spec;
  const KernelMeasurements& first = measurements.front();
  spec.title = title;
  spec.gpu = first.device.gpu;
  spec.library = first.software.name;
  spec.version = first.software.version;
  spec.how = first.origin;
  spec.ratings = ratings;
  const auto fit = [&](std::string_view operation, const auto& use) {
    if (const Table* table = first_table(measurements, operation)) use(*table);
  };
  fit("matrix_product", [&](const Table& t) { spec.matrix_products = fit_matrix_products(t, ratings, report); });
  fit("prompt_attention", [&](const Table& t) { spec.prompt_attention = fit_prompt_attention(t, report); });
  fit("decode_attention", [&](const Table& t) { spec.decode_attention = fit_decode_attention(t, report); });
  fit("expert_block", [&](const Table& t) { spec.experts = fit_experts(t, ratings, report); });
  const auto add = [](auto& list, auto tables) { list.insert(list.end(), tables.begin(), tables.end()); };
  fit("latent_prompt_block", [&](const Table& t) { add(spec.latent_prompt, fit_latent_prompt(t, false, report)); });
  fit("latent_prompt_attention", [&](const Table& t) { add(spec.latent_prompt, fit_latent_prompt(t, false, report)); });
  fit("sparse_prompt_block", [&](const Table& t) { add(spec.latent_prompt, fit_latent_prompt(t, true, report)); });
  fit("latent_decode_block", [&](const Table& t) { add(spec.latent_decode, fit_latent_decode(t, false, report)); });
  fit("latent_decode_attention", [&](const Table& t) { add(spec.latent_decode, fit_latent_decode(t, false, report)); });
  fit("sparse_decode_block", [&](const Table& t) { add(spec.latent_decode, fit_latent_decode(t, true, report)); });
  fit("linear_attention", [&](const Table& t) { spec.linear_attention = fit_linear_attention(t, report); });
  fit("collective", [&](const Table& t) { spec.collectives = fit_collectives(t, report); });
  fit("expert_exchange", [&](const Table& t) { spec.exchanges = fit_exchanges(t, report); });
  spec.quality = report.quality;
  for (const KernelMeasurements& raw : measurements) {
    SourceNote note;
    for (const Table& table : raw.tables) {
      const auto section = std::find_if(std::begin(kSections), std::end(kSections),
                                        [&](const Section& s) { return s.operation == table.operation; });
      if (section == std::end(kSections) || &table != first_table(measurements, table.operation)) continue;
      if (std::find(note.fields.begin(), note.fields.end(), section->field) == note.fields.end()) {
        note.fields.emplace_back(section->field);
      }
    }
    if (note.fields.empty()) continue;
    note.evidence = "C";
    note.source = fmt::format("Fitted to measured times of {} {} on {}: {}", raw.software.name, raw.software.version,
                              raw.device.name, raw.source);
    spec.sources.push_back(std::move(note));
  }
  spec.sources.push_back({{"ratings"}, "C", "The rated figures of this GPU's own entry"});
  return spec;
}

}  // namespace tokenworks::gpu_calibration
