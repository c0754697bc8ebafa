#include "models/network/domain_form.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::network {
namespace {

TEST_CASE("domain form: few bytes wait, many bytes stream", "[models][network]") {
  const DomainForm eight{kHopper, 8, BytesPerSecond(450e9)};
  // LL ring: 0.808 * 6.6 us and 14 steps of 1.23 * 0.6 us.
  CHECK_THAT(eight.all_reduce_s(1e-3), WithinRel(0.808 * 6.6e-6 + 14 * 1.23 * 0.6e-6, 1e-6));
  CHECK_THAT(eight.all_gather_s(1e-3), WithinRel(0.808 * 6.6e-6 + 7 * 1.23 * 0.6e-6, 1e-6));
  // NVLS: the buffer goes through the link 1 + 1/8 times.
  CHECK_THAT(eight.all_reduce_s(1e15), WithinRel(1.125 * 1e15 / (0.67 * 450e9), 1e-6));
  const DomainForm ampere{kAmpere, 8, BytesPerSecond(300e9)};
  CHECK_FALSE(ampere.has_nvls());
  CHECK_THAT(ampere.all_reduce_s(1e15), WithinRel(1.75 * 1e15 / (0.66 * 300e9), 1e-6));
  CHECK_THAT(ampere.all_to_all_s(1e15), WithinRel(0.875 * 1e15 / (0.622 * 300e9), 1e-6));
}

TEST_CASE("domain form: one GPU, no bytes", "[models][network]") {
  const DomainForm one{kHopper, 1, BytesPerSecond(450e9)}, eight{kHopper, 8, BytesPerSecond(450e9)};
  CHECK(one.all_reduce_s(1e6) == 0.0);
  CHECK(one.all_to_all_s(1e6) == 0.0);
  CHECK(eight.all_reduce_s(0.0) == 0.0);
  CHECK(eight.all_gather_s(0.0) == 0.0);
}

TEST_CASE("domain form: more bytes or slower links never take less time", "[models][network][law]") {
  REQUIRE(rc::check("grows with bytes, falls with links", [] {
    const GenerationConstants generations[] = {kAmpere, kHopper, kBlackwell};
    const GenerationConstants constants = generations[*rc::gen::inRange(0, 3)];
    const DomainForm form{constants, *rc::gen::inRange<std::int64_t>(2, 73),
                          BytesPerSecond(*rc::gen::inRange(1, 2000) * 1e9)};
    DomainForm slower = form;
    slower.link = BytesPerSecond(form.link.value / (1.0 + *rc::gen::inRange(1, 300) / 100.0));
    const double bytes = std::exp(*rc::gen::inRange(0, 2500) / 100.0);
    const double more = bytes * (1.0 + *rc::gen::inRange(1, 1000) / 100.0);
    for (const auto operation : {&DomainForm::all_reduce_s, &DomainForm::all_gather_s, &DomainForm::reduce_scatter_s,
                                 &DomainForm::all_to_all_s}) {
      RC_ASSERT((form.*operation)(more) >= (form.*operation)(bytes));
      RC_ASSERT((slower.*operation)(bytes) >= (form.*operation)(bytes));
    }
  }));
}

TEST_CASE("generations: by the number formats that a GPU multiplies", "[models][network]") {
  compute::GpuRatings gpu;
  CHECK(generation_of(gpu).name == "ampere");
  gpu.fp8_flop_per_s = 1e15;
  CHECK(generation_of(gpu).name == "hopper");
  gpu.fp4_flop_per_s = 1e15;
  CHECK(generation_of(gpu).name == "blackwell");
}

}  // namespace
}  // namespace tokenworks::network
