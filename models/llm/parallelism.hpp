// How one replica of a model is spread over GPUs.
#pragma once

#include <cstdint>

#include "models/core/fields.hpp"

namespace tokenworks::llm {

struct Parallelism {
  std::int64_t tensor = 1;  ///< each matrix split over so many GPUs
  std::int64_t expert = 1;  ///< experts spread over so many groups of GPUs; each expert is split within its group
  std::int64_t attention_data = 1;  ///< attention replicated so often, each copy with its own sequences
  std::int64_t pipeline = 1;        ///< layers cut into so many stages, each on its own GPUs

  std::int64_t gpus_per_stage() const { return tensor * attention_data; }
  std::int64_t gpus() const { return gpus_per_stage() * pipeline; }

  void visit(FieldVisitor& v) {
    field(v, "tensor", tensor, "GPUs that each matrix is split over", rule().at_least(1).at_most(72));
    field(v, "expert", expert, "Groups of GPUs that the experts are spread over", rule().at_least(1).at_most(72));
    field(v, "attention_data", attention_data, "Copies of the attention, each with its own sequences",
          rule().at_least(1).at_most(72));
    field(v, "pipeline", pipeline, "Stages that the layers are cut into, each on its own GPUs",
          rule().at_least(1).at_most(72));
  }
};

}  // namespace tokenworks::llm
