// A replica with several copies of the attention. Each copy forms its part of a step by itself, then all of them make
// the step together, since experts work on the tokens of all: it lasts as long as the busiest copy needs.
//
// What a copy takes of a step is what the even step takes at `copies` times its load (models/llm/step_model.hpp); host
// time goes by the sequences of all copies, as it was fitted, and so does drafting. While all decode, that is a line
// for each copy; the step lasts as long as the highest, and a run of steps ends before another line becomes the
// highest, so that its durations keep their closed form.
#include <algorithm>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {
namespace {

/// The fewest steps of a run after which each of its sequences has got `tokens` tokens.
std::int64_t steps_with(const DecodeSegment& run, std::int64_t tokens) {
  if (run.pattern == nullptr) return tokens;
  return run.pattern->first_step_with(run.pattern->tokens_by(run.start_step) + tokens) - run.start_step;
}

/// Steps until `other`, which is not longer now, lasts longer than `longest`.
std::int64_t steps_until_longer(const DecodeSegment& other, const DecodeSegment& longest) {
  if (other.growth <= longest.growth) return DecodeSegment::kMaxSteps;
  return steps_with(longest, (longest.first - other.first) / (other.growth - longest.growth) + 1);
}

}  // namespace

// ---- Which copy ---------------------------------------------------------------------------------------------------

void Replica::open_copies() {
  open_copy();
  const std::int64_t copies = model_->copies();
  if (copies == 1) return;
  begin_balance();
  for (std::int64_t i = 0; i < copies; ++i) aside_.emplace_back(service_.setup_.lanes);
  for (std::int32_t i = 1; i < copies; ++i) {
    const OnCopy on(*this, i);
    open_copy();
  }
}

/// The engine begins anew: it has made no step, and holds no prompt back.
void Replica::begin_balance() {
  const batching::EngineProfile& profile = model_->profile();
  balance_ = batching::PromptBalance(profile.prompt_balance_steps, profile.prompt_batch_steps);
  steps_made_ = 0;
  prompts_held_ = 0;
}

void Replica::make_batch() {
  const DecodeBatchSetup setup{
      .pool = &service_.pool_,
      .block_tokens = model_->profile().reserves_full_length ? 0 : model_->profile().kv_block_tokens,
      .window_tokens = model_->steps().window_tokens(),
      .pattern = model_->pattern(),
      .draft_tokens = model_->draft_tokens()};
  batch_ = service_.setup_.exact_iterations ? make_exact_decode_batch(setup) : make_coalesced_decode_batch(setup);
}

void Replica::open_copy() {
  make_batch();
  constexpr std::size_t kUsualPrompts = 8;  // beside the object in memory: many replicas do not fit the cache
  prompts_.reserve(kUsualPrompts);
  chunks_.reserve(kUsualPrompts);
  fresh_.reserve(kUsualPrompts);
  if (service_.setup_.lanes.levels() > 1) {
    running_at_level_.assign(static_cast<std::size_t>(service_.setup_.lanes.levels()), 0);
  }
  if (pool_.keeps_prefixes) make_cache();
  adapters_ = AdapterSlots(model_->adapter_places());
}

void Replica::change_to(std::int32_t copy) {
  CopyState& here = *this;
  std::swap(here, aside_[static_cast<std::size_t>(copy_)]);
  std::swap(here, aside_[static_cast<std::size_t>(copy)]);
  copy_ = copy;
}

std::int32_t Replica::copy_of(RequestId request) const {
  if (!has_copies()) return 0;
  const RequestDetails& details = service_.details_[service_.pool_[request].details];
  return pool_.role == PoolRole::decode ? details.decode_copy : details.copy;
}

std::int32_t Replica::choose_copy() {
  std::vector<batching::CopyLoad> loads;
  each_copy([&] { loads.push_back({queue_.size(), running(), prompt_tokens_}); });
  return batching::choose_copy(model_->profile().copy_choice, loads, given_copies_);
}

/// The copy with the fewest requests of those that can take one from a prefill replica; -1: none can.
std::int32_t Replica::copy_with_room(const InFlight& request) {
  std::int32_t best = -1;
  std::int64_t fewest = 0;
  each_copy([&] {
    const std::int64_t requests = sequences_taken();
    if (!has_copy_room_for(request) || (best >= 0 && requests >= fewest)) return;
    best = copy_;
    fewest = requests;
  });
  return best;
}

/// The request belongs to the copy that the replica works on, one of several.
void Replica::enters(RequestId id) {
  ++given_copies_;
  prompt_tokens_ += service_.pool_[id].input_tokens;
  RequestDetails& details = service_.details_[service_.pool_[id].details];
  (pool_.role == PoolRole::decode ? details.decode_copy : details.copy) = copy_;
}

// ---- What they report ---------------------------------------------------------------------------------------------

std::int64_t Replica::read_tokens() const {
  std::int64_t tokens = over_copies(
      [](const CopyState& copy) { return copy.cache_ ? copy.cache_->read_blocks() * copy.cache_->block_tokens() : 0; });
  for (const auto& cache : retired_caches_) tokens += cache->read_blocks() * cache->block_tokens();
  return tokens;
}

std::int64_t Replica::written_tokens() const {
  std::int64_t tokens = over_copies([](const CopyState& copy) {
    return copy.cache_ ? copy.cache_->written_blocks() * copy.cache_->block_tokens() : 0;
  });
  for (const auto& cache : retired_caches_) tokens += cache->written_blocks() * cache->block_tokens();
  return tokens;
}

double Replica::peak_share() const {
  std::int64_t peak = 0;
  over_copies([&peak](const CopyState& copy) { return peak = std::max(peak, copy.peak_blocks_); });
  return std::max(peak_share_, static_cast<double>(peak) / static_cast<double>(model_->copy_blocks()));
}

Picoseconds Replica::blocked_time(Blocked reason) const {
  return over_copies([reason](const CopyState& copy) { return copy.blocked_time_[static_cast<std::size_t>(reason)]; }) /
         model_->copies();
}

// ---- Forming a step -----------------------------------------------------------------------------------------------

/// Whether the copy could compute a prompt in the next step.
bool Replica::has_prompt_for_step() {
  if (!prompts_.empty()) return true;
  if (queue_.empty() || sequences_taken() >= model_->copy_sequences()) return false;
  const RequestId first = queue_.front(service_.pool_);
  if (has_adapters() && !can_take_adapter(first)) return false;
  const InFlight& request = service_.pool_[first];
  std::int64_t end = 0, blocks = 0;
  const std::int64_t budget = model_->step_tokens() - model_->decode_tokens(batch_->size());
  return fits(request, cache_ ? find_cached(request) : Found{}, budget, end, blocks);
}

/// Settles for how long prompts wait for those of other copies.
void Replica::balance_prompts() {
  batching::PromptBalance::Copies all{.all_have_prompts = true, .all_have_room = true, .all_decode = true};
  each_copy([&] {
    if (!received_.empty()) join_received();
    all.all_have_prompts = all.all_have_prompts && has_prompt_for_step();
    all.all_have_room = all.all_have_room && batch_->size() < model_->copy_sequences();
    all.all_decode = all.all_decode && batch_->size() > 0;
  });
  prompts_held_ = balance_.hold(all, steps_made_);
}

void Replica::plan_copies() {
  if (model_->profile().prompt_balance_steps > 0) balance_prompts();
  bool prompts = false, decodes = false;
  each_copy([&] {
    formed_ = form_step();
    prompts = prompts || formed_ == Formed::prompts || formed_ == Formed::prompts_with_decodes;
    decodes = decodes || formed_ == Formed::decodes;
  });
  // SGLang with speculation: a copy that decodes waits while another has prompts (scheduler.py,
  // prepare_mlp_sync_batch).
  const bool waits =
      prompts && model_->pattern() != nullptr && model_->profile().mixing == batching::StepMixing::prompt_first;
  each_copy([&] { with_decodes_ = formed_ == Formed::prompts_with_decodes || (formed_ == Formed::decodes && !waits); });
  if (prompts) return start_prompt_step_of_copies();
  if (decodes) return start_decoding_of_copies();
  go_idle();
}

/// What a copy takes of a step by itself, when the even step is taken at `scale` times its load: 1 for all copies
/// together and even.
Replica::OwnRate Replica::own_rate(const StepContents& contents, std::int64_t scale, std::int64_t all_tokens) {
  llm::StepModel& model = costs_->steps();
  llm::SpeculationModel* speculation = costs_->speculation();
  const std::int64_t decode_tokens = model_->decode_tokens(contents.decodes);
  OwnRate own;
  own.rate.fixed =
      scale * contents.attention.duration_ps + model.head(scale * (decode_tokens + contents.finishing)).duration_ps;
  if (contents.chunks > 0) {
    own.rate.fixed += model.prompt_launch().duration_ps;
    if (speculation != nullptr) own.rate.fixed += speculation->prompt_launch().duration_ps;
  }
  if (scale > 1) {
    const llm::StepPart more = model.imbalance(all_tokens, contents.prompt_tokens + decode_tokens);
    own.rate.fixed += more.duration_ps;
    own.fabric = more.fabric_ps;
  }
  if (contents.decodes == 0) return own;
  const llm::DecodeAttention& attention =
      costs_->decode_attention(scale * contents.decodes, scale * contents.load.full_tokens);
  own.rate.fixed += attention.fixed.duration_ps;
  own.rate.per_full_token = scale * attention.ps_per_full_token;
  own.rate.per_window_token = scale * attention.ps_per_window_token;
  own.until_full_tokens = attention.until_full_tokens / scale + (attention.until_full_tokens % scale == 0 ? 0 : 1);
  return own;
}

void Replica::start_prompt_step_of_copies() {
  service_.prompt_chunks_.clear();
  std::vector<StepContents> copies;
  StepContents all;
  each_copy([&] {
    StepContents& own = copies.emplace_back();
    add_contents(own);
    all += own;
  });
  const std::int64_t tokens = all.prompt_tokens + model_->decode_tokens(all.decodes);
  llm::StepPart total;
  at_best_clock(prompt_guess_, [&] {
    all.attention = {};
    std::size_t next = 0;
    each_copy([&] { all.attention += copies[next++].attention = chunks_attention(); });
    Picoseconds busiest = 0, fabric = 0;
    for (const StepContents& copy : copies) {
      if (copy.chunks == 0 && copy.decodes == 0) continue;
      const OwnRate own = own_rate(copy, model_->copies(), tokens);
      busiest = std::max(busiest, own.duration(copy.load));
      fabric = std::max(fabric, own.fabric);
    }
    total = even_part(all);
    total += costs_->steps().waiting(busiest - own_rate(all, 1, tokens).duration(all.load));
    total.fabric_ps += fabric;
    return wait_for_host(total);
  });
  service_.bubble_time_ += all.bubble;
  begin_prompt_step(total);
}

void Replica::start_decoding_of_copies() {
  StepContents all;
  each_copy([&] {
    if (with_decodes_) add_contents(all);
  });
  const std::int64_t tokens = model_->decode_tokens(all.decodes);
  Picoseconds more_fabric = 0;
  FabricPart even_fabric;
  DecodeSegment together;
  // The mean over the copies: as if even, and waiting for the busiest.
  const auto watts = [&] {
    llm::StepModel& model = costs_->steps();
    Picoseconds shared = model.tokens(tokens).duration_ps + model.host(all.decodes).duration_ps;
    if (costs_->speculation() != nullptr) shared += costs_->speculation()->drafting(tokens, all.decodes).duration_ps;
    llm::StepPart adapters;
    if (has_adapters()) adapters = adapters_part(all);
    shared += adapters.duration_ps;
    const StepRate& even = costs_->step_rate(all.decodes, all.load.full_tokens);
    even_fabric = even.fabric;
    more_fabric = 0;
    together = plan_together(all, shared, more_fabric);
    const Picoseconds reading =
        even.rate.per_full_token * all.load.full_tokens + even.rate.per_window_token * all.load.window_tokens;
    const Picoseconds waiting = together.first - (even.rate.fixed + adapters.duration_ps + reading);
    const double energy = even.fixed_energy_j + adapters.gpu_energy_j + to_seconds(reading) * even.attention_power_w +
                          model.waiting(waiting).gpu_energy_j;
    return energy / to_seconds(together.first);
  };
  if (composition_changed_ || all.load.full_tokens >= next_knot_) {
    double taken = 0.0;
    at_best_clock(decode_guess_, [&] { return taken = watts(); });
    set_gpu_power(taken);
    send_at_mean_rate(even_fabric.bytes_per_gpu, to_seconds(together.first + stretch(even_fabric.time + more_fabric)));
    composition_changed_ = false;
    next_knot_ = knot_above(all.load.full_tokens);
  } else {
    watts();
  }
  const std::int64_t to_knot = (next_knot_ - all.load.full_tokens + all.decodes - 1) / all.decodes;
  together.steps = std::min(together.steps, std::max<std::int64_t>(1, steps_with(together, to_knot)));
  const Picoseconds fabric = even_fabric.time + more_fabric;
  together.first += note_sending(fabric);
  const Picoseconds sending = begin_sending(fabric, even_fabric.bytes_per_gpu);
  if (sending > 0 || all.loading > 0) together.steps = 1;
  begin_decoding(together, sending);
  if (all.loading > 0) composition_changed_ = true;  // power of the next step is another
}

/// The longest run of decode steps of all copies, `shared` being what all of them do together in each; the most that
/// one of them waits for links between domains beyond the even step.
DecodeSegment Replica::plan_together(const StepContents& all, Picoseconds shared, Picoseconds& more_fabric) {
  const std::int64_t tokens = model_->decode_tokens(all.decodes);
  std::vector<DecodeSegment> lines;
  DecodeSegment together{.steps = DecodeSegment::kMaxSteps};
  each_copy([&] {
    if (!with_decodes_) return;
    StepContents copy;
    add_contents(copy);
    OwnRate own = own_rate(copy, model_->copies(), tokens);
    more_fabric = std::max(more_fabric, own.fabric);
    own.rate.fixed += shared;
    DecodeLimits limits = decode_limits();
    limits.next_knot = own.until_full_tokens;
    lines.push_back(batch_->plan(service_.simulation_.now(), own.rate, limits));
    together.steps = std::min(together.steps, lines.back().steps);
  });
  const DecodeSegment longest =
      *std::max_element(lines.begin(), lines.end(), [](const DecodeSegment& a, const DecodeSegment& b) {
        return a.first != b.first ? a.first < b.first : a.growth < b.growth;
      });
  for (const DecodeSegment& line : lines) together.steps = std::min(together.steps, steps_until_longer(line, longest));
  const std::int64_t steps = together.steps;
  together = longest;
  together.steps = steps;
  together.sequences = all.decodes;
  return together;
}

// ---- The end of a step --------------------------------------------------------------------------------------------

/// Books of the first steps of a run of all copies; requests that have all their tokens go to `ended_`. Copies without
/// sequences count the steps, too: a pattern of tokens is the same for all.
void Replica::book_copies(const DecodeSegment& segment, std::int64_t steps) {
  const bool decodes = over_copies([](const CopyState& copy) { return copy.with_decodes_ ? 1 : 0; }) > 0;
  each_copy([&] {
    if (!with_decodes_) {
      if (decodes && batch_->size() == 0) batch_->advance(steps);
      return;
    }
    DecodeSegment own = segment;
    own.sequences = batch_->size();
    book_decode_steps(own, steps);
    ended_.swap(service_.finished_);
  });
  service_.finished_.clear();
}

/// The first `steps` steps of a run of all copies have been made, and end now.
void Replica::decode_copies(const DecodeSegment& segment, std::int64_t steps) {
  book_copies(segment, steps);
  each_copy([&] {
    if (!with_decodes_) return;
    fresh_.clear();
    last_step_end_ = segment.end_of_step(steps);
  });
  each_copy([this] {
    const std::vector<FinishedDecode> ended = std::exchange(ended_, {});
    if (!ended.empty()) end_decodes(ended);
  });
}

}  // namespace tokenworks::jobs
