#include "sim/jobs/llm/prefix_cache.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/workload/trace_files.hpp"

using namespace tokenworks;
using namespace tokenworks::jobs;
using workload::Content;
using workload::ContentRun;
using ByTier = PrefixCache::ByTier;
using Lost = PrefixCache::Lost;

namespace {

/// A number in [low, high), as likely in the first cases as in the last.
template <class Number>
Number drawn(Number low, Number high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}

/// A content with its runs.
struct Text {
  std::vector<ContentRun> runs;
  std::int64_t unit_tokens = 1;
  std::int64_t tokens = 0;
  std::int64_t space = 0;
  Content content() const { return {.runs = runs, .unit_tokens = unit_tokens, .tokens = tokens, .space = space}; }
};

/// The same cache, block by block: a block is found by the block before it and the units that it touches, each with its
/// length. Nothing is compressed, and what leaves is searched among all blocks.
class BlockByBlock {
 public:
  BlockByBlock(std::int64_t block_tokens, std::vector<std::int64_t> rooms)
      : block_tokens_(block_tokens), rooms_(std::move(rooms)) {}

  struct Block {
    std::map<std::vector<std::int64_t>, std::unique_ptr<Block>> next;
    Block* parent = nullptr;
    std::vector<std::int64_t> name;
    std::int64_t index = 0;  ///< from 1; the root is 0
    std::int64_t pins = 0;
    std::int64_t used = 0;
    int tier = 0;
  };
  struct Pin {
    Block* last = nullptr;
    std::int64_t tokens() const { return last == nullptr ? 0 : last->index; }  ///< in blocks
  };

  ByTier match(const Text& text, std::int64_t most) const {
    ByTier result{};
    const Block* block = &root_;
    for (const std::vector<std::int64_t>& name : names(text, most)) {
      const auto found = block->next.find(name);
      if (found == block->next.end()) break;
      block = found->second.get();
      for (auto tier = static_cast<std::size_t>(block->tier); tier < result.size(); ++tier) {
        result[tier] = block->index * block_tokens_;
      }
    }
    return result;
  }

  /// Pins to `tokens`; blocks that were found in each tier, and at last those that had to be made.
  std::array<std::int64_t, 4> take(Pin& pin, const Text& text, std::int64_t tokens) {
    std::array<std::int64_t, 4> result{};
    Block* block = &root_;
    for (const std::vector<std::int64_t>& name : names(text, tokens)) {
      std::unique_ptr<Block>& next = block->next[name];
      const bool is_new = next == nullptr;
      if (is_new) {
        next = std::make_unique<Block>();
        next->parent = block;
        next->name = name;
        next->index = block->index + 1;
        ++count[0];
      }
      block = next.get();
      if (block->index <= pin.tokens()) continue;
      ++result[is_new ? 3 : static_cast<std::size_t>(block->tier)];
      --count[static_cast<std::size_t>(block->tier)];
      ++count[0];
      if (block->pins == 0 && !is_new) by_use_[block->tier].erase(key(block));
      block->tier = 0;
    }
    if (block->index <= pin.tokens()) return result;
    for (Block* above = block; above != &root_ && above != pin.last; above = above->parent) {
      if (above->pins++ == 0) ++pinned;
    }
    pin.last = block;
    return result;
  }

  void release(Pin& pin) {
    ++uses_;
    for (Block* block = pin.last; block != nullptr && block != &root_; block = block->parent) {
      block->used = uses_;
      if (--block->pins > 0) continue;
      --pinned;
      by_use_[0].insert(key(block));
    }
    pin.last = nullptr;
  }

  PrefixCache::Evicted evict(std::int64_t blocks) {
    PrefixCache::Evicted result;
    while (result.freed < blocks && push_out(0, result)) ++result.freed;
    return result;
  }

  void clear(Lost lost) {
    for (auto i = root_.next.begin(); i != root_.next.end();) {
      if (lost == Lost::everything || i->second->tier == 0) {
        forget(*i->second);
        i = root_.next.erase(i);
      } else {
        ++i;
      }
    }
  }

  std::int64_t pinned = 0;
  ByTier count{};

 private:
  using UseKey = std::tuple<std::int64_t, std::int64_t, Block*>;
  static UseKey key(Block* block) { return {block->used, -block->index, block}; }

  std::vector<std::vector<std::int64_t>> names(const Text& text, std::int64_t tokens) const {
    std::vector<std::int64_t> ids;
    for (const ContentRun& run : text.runs) {
      for (std::int64_t i = 0; i < run.units; ++i) ids.push_back(run.first + i);
    }
    std::vector<std::vector<std::int64_t>> result;
    for (std::int64_t end = block_tokens_; end <= std::min(tokens, text.tokens); end += block_tokens_) {
      std::vector<std::int64_t> name = {text.space, text.unit_tokens};
      for (std::int64_t unit = (end - block_tokens_) / text.unit_tokens; unit * text.unit_tokens < end; ++unit) {
        if (unit >= static_cast<std::int64_t>(ids.size())) return result;
        name.push_back(ids[static_cast<std::size_t>(unit)]);
        name.push_back(std::min(text.unit_tokens, text.tokens - unit * text.unit_tokens));
      }
      result.push_back(name);
    }
    return result;
  }

  /// The least recently used block of a tier that nothing in the tier, or in a faster one, follows.
  bool push_out(int tier, PrefixCache::Evicted& result) {
    for (const UseKey& entry : by_use_[tier]) {
      Block* block = std::get<Block*>(entry);
      const bool followed = std::any_of(block->next.begin(), block->next.end(),
                                        [&](const auto& child) { return child.second->tier <= tier; });
      if (followed) continue;
      by_use_[tier].erase(key(block));
      --count[static_cast<std::size_t>(tier)];
      int below = tier + 1;
      while (below <= static_cast<int>(rooms_.size()) && rooms_[static_cast<std::size_t>(below) - 1] == 0) ++below;
      if (below > static_cast<int>(rooms_.size())) {
        RC_ASSERT(block->next.empty());
        block->parent->next.erase(std::vector<std::int64_t>(block->name));
        return true;
      }
      block->tier = below;
      if (count[static_cast<std::size_t>(below)] == rooms_[static_cast<std::size_t>(below) - 1]) {
        RC_ASSERT(push_out(below, result));
      }
      ++count[static_cast<std::size_t>(below)];
      ++result.entered[static_cast<std::size_t>(below)];
      by_use_[below].insert(key(block));
      return true;
    }
    return false;
  }

  void forget(Block& block) {
    for (auto& [name, next] : block.next) forget(*next);
    --count[static_cast<std::size_t>(block.tier)];
    if (block.pins > 0) --pinned;
    by_use_[block.tier].erase(key(&block));
  }

  std::int64_t block_tokens_;
  std::vector<std::int64_t> rooms_;
  Block root_;
  std::set<UseKey> by_use_[3];
  std::int64_t uses_ = 0;
};

/// Texts that share beginnings: each is the beginning of an earlier one, and something of its own.
std::vector<Text> related_texts(std::int64_t unit_tokens, std::int64_t most_tokens) {
  std::vector<Text> texts;
  std::int64_t next_id = 0;
  const int count = drawn(1, 7);
  for (int i = 0; i < count; ++i) {
    Text text;
    // A text of another space, or that counts in other units, shares nothing, whatever its ids.
    text.space = drawn(0, 10) == 0 ? 1 : 0;
    text.unit_tokens = drawn(0, 10) == 0 ? unit_tokens + 1 : unit_tokens;
    const std::int64_t most_units = (most_tokens - 1) / text.unit_tokens + 1;
    std::int64_t units = 0;
    const auto add = [&](std::int64_t first, std::int64_t length) {
      if (length <= 0) return;
      text.runs.push_back({first, length});
      units += length;
    };
    if (!texts.empty()) {
      const Text& other = texts[drawn<std::size_t>(0, texts.size())];
      std::int64_t shared = drawn<std::int64_t>(0, most_units + 1);
      for (const ContentRun& run : other.runs) {
        const std::int64_t length = std::min(shared, run.units);
        // Sometimes the same ids are written down as two runs.
        const std::int64_t cut = drawn<std::int64_t>(0, length + 1);
        add(run.first, cut);
        add(run.first + cut, length - cut);
        shared -= length;
      }
    }
    while (units<most_units&& * rc::gen::inRange(0, 3)> 0) {
      const std::int64_t length = drawn<std::int64_t>(1, most_units - units + 1);
      // A run that does not follow the one before; sometimes all branches go on with the same id.
      if (*rc::gen::arbitrary<bool>()) next_id += length + 2;
      add(*rc::gen::arbitrary<bool>() ? next_id : 1'000'000, length);
    }
    // The last unit may be partial; sometimes ids are missing at the end.
    text.tokens = std::max<std::int64_t>(0, units * text.unit_tokens - drawn<std::int64_t>(0, text.unit_tokens) +
                                                (drawn(0, 8) == 0 ? drawn<std::int64_t>(0, 40) : 0));
    texts.push_back(text);
  }
  return texts;
}

/// A pin of both caches, and what it pins the beginning of.
struct PinnedText {
  const Text* text;
  PrefixCache::Pin pin;
  BlockByBlock::Pin expected;
};

}  // namespace

TEST_CASE("prefix cache: counts, matches and evictions are those of a cache that keeps every block", "[jobs]") {
  std::int64_t moved_down = 0, fetched_blocks = 0, partly = 0;
  const bool holds = rc::check("equivalence", [&] {
    const auto unit_tokens = *rc::gen::element<std::int64_t>(1, 16, 24, 64, 512);
    const auto block_tokens = *rc::gen::element<std::int64_t>(1, 16, 32);
    const std::int64_t most_tokens = std::max(3 * unit_tokens, drawn<std::int64_t>(2, 13) * block_tokens) + 1;
    std::vector<std::int64_t> rooms;
    const int lower_tiers = drawn(0, PrefixCache::kMostTiers);
    rooms.reserve(PrefixCache::kMostTiers);
    for (int i = 0; i < lower_tiers; ++i) {
      rooms.push_back(drawn(0, 6) == 0 ? 0 : drawn<std::int64_t>(1, 2 + 2 * most_tokens / block_tokens));
    }
    const std::vector<Text> texts = related_texts(unit_tokens, most_tokens);
    PrefixCache cache({.block_tokens = block_tokens, .tier_blocks = rooms});
    BlockByBlock expected(block_tokens, rooms);
    std::vector<PinnedText> pins;
    const auto some_tokens = [&] { return drawn<std::int64_t>(0, most_tokens + 40); };
    const auto some_pin = [&]() -> PinnedText& { return pins[drawn<std::size_t>(0, pins.size())]; };
    std::int64_t in_tree = 0;  // blocks that went in and did not go out

    const int actions = drawn(1, 200);
    for (int i = 0; i < actions; ++i) {
      const int what = pins.size() > 4 ? 12 : drawn(0, 20);
      if (what < 5 || (pins.empty() && what < 16)) {
        const Text& text = texts[drawn<std::size_t>(0, texts.size())];
        PinnedText pinned{&text, {}, {}};
        const std::int64_t tokens = some_tokens();
        pinned.pin = cache.pin(text.content(), tokens);
        expected.take(pinned.expected, text, std::min(tokens, expected.match(text, tokens)[0]));
        RC_ASSERT(pinned.pin.tokens() == pinned.expected.tokens() * block_tokens);
        pins.push_back(pinned);
      } else if (what < 10) {
        PinnedText& pinned = some_pin();
        const std::int64_t tokens = some_tokens();
        const PrefixCache::Extended got = cache.extend(pinned.pin, pinned.text->content(), tokens);
        const auto [gpu, first, second, created] = expected.take(pinned.expected, *pinned.text, tokens);
        RC_ASSERT(got.present == gpu);
        RC_ASSERT(got.inserted == created + first + second);
        RC_ASSERT(pinned.pin.tokens() == pinned.expected.tokens() * block_tokens);
        in_tree += created;
      } else if (what < 12) {
        PinnedText& pinned = some_pin();
        const std::int64_t tokens = some_tokens();
        const ByTier got = cache.fetch(pinned.pin, pinned.text->content(), tokens);
        const auto [gpu, first, second, created] =
            expected.take(pinned.expected, *pinned.text, expected.match(*pinned.text, tokens)[2]);
        RC_ASSERT(created == 0);
        RC_ASSERT(got == (ByTier{gpu, first, second}));
        RC_ASSERT(pinned.pin.tokens() == pinned.expected.tokens() * block_tokens);
        fetched_blocks += first + second;
      } else if (what < 16) {
        const std::size_t which = drawn<std::size_t>(0, pins.size());
        cache.release(pins[which].pin);
        expected.release(pins[which].expected);
        RC_ASSERT(pins[which].pin.tokens() == 0);
        pins.erase(pins.begin() + static_cast<std::ptrdiff_t>(which));
      } else if (what < 19 || drawn(0, 5) > 0) {
        const std::int64_t evictable = cache.gpu_blocks() - cache.pinned_blocks();
        const std::int64_t blocks = drawn<std::int64_t>(0, evictable + 3);
        const std::int64_t before = cache.gpu_blocks() + cache.tier_blocks(1) + cache.tier_blocks(2);
        const PrefixCache::Evicted got = cache.evict(blocks);
        const PrefixCache::Evicted want = expected.evict(blocks);
        RC_ASSERT(got.freed == want.freed);
        RC_ASSERT(got.entered == want.entered);
        RC_ASSERT(got.freed == std::min(blocks, evictable));
        in_tree -= before - (cache.gpu_blocks() + cache.tier_blocks(1) + cache.tier_blocks(2));
        moved_down += got.entered[1] + got.entered[2];
        partly += got.freed > 0 && got.freed < evictable ? 1 : 0;
      } else {
        const Lost lost = *rc::gen::element(Lost::everything, Lost::gpu_memory);
        cache.clear(lost);
        expected.clear(lost);
        RC_ASSERT(cache.gpu_blocks() == 0);
        RC_ASSERT(cache.pinned_blocks() == 0);
        if (lost == Lost::everything) RC_ASSERT(cache.nodes() == 0);
        for (PinnedText& pinned : pins) pinned.expected.last = nullptr;
        // Old pins are empty; some are used again, the others released to no effect.
        for (std::size_t p = 0; p < pins.size(); p += 2) cache.release(pins[p].pin), expected.release(pins[p].expected);
        in_tree = cache.tier_blocks(1) + cache.tier_blocks(2);
      }
      RC_ASSERT(cache.gpu_blocks() == expected.count[0]);
      RC_ASSERT(cache.pinned_blocks() == expected.pinned);
      RC_ASSERT(cache.tier_blocks(1) == expected.count[1]);
      RC_ASSERT(cache.tier_blocks(2) == expected.count[2]);
      RC_ASSERT(cache.gpu_blocks() + cache.tier_blocks(1) + cache.tier_blocks(2) == in_tree);
      for (int tier = 1; tier <= lower_tiers; ++tier) {
        RC_ASSERT(cache.tier_blocks(tier) <= rooms[static_cast<std::size_t>(tier) - 1]);
      }
      for (const Text& text : texts) {
        const std::int64_t most = some_tokens();
        RC_ASSERT(cache.match(text.content(), most).tokens == expected.match(text, most));
      }
      for (const PinnedText& pinned : pins) {
        RC_ASSERT(cache.match(pinned.text->content(), pinned.text->tokens).tokens[0] >=
                  pinned.expected.tokens() * block_tokens);
      }
    }
    for (PinnedText& pinned : pins) cache.release(pinned.pin);
    RC_ASSERT(cache.pinned_blocks() == 0);
    const std::int64_t left = cache.gpu_blocks();
    RC_ASSERT(cache.evict(left + drawn(0, 2)).freed == left);
    RC_ASSERT(cache.gpu_blocks() == 0);
    if (rooms.empty()) RC_ASSERT(cache.nodes() == 0);
    cache.clear(Lost::everything);
    RC_ASSERT(cache.nodes() == 0);
    for (const Text& text : texts) RC_ASSERT(cache.match(text.content(), most_tokens).tokens == ByTier{});
  });
  REQUIRE(holds);
  // The interleavings reach what they are meant to test.
  CHECK(moved_down > 1000);
  CHECK(fetched_blocks > 100);
  CHECK(partly > 50);
}

TEST_CASE("prefix cache: a prompt is found as far as it agrees, in whole blocks", "[jobs]") {
  PrefixCache cache({.block_tokens = 16, .tier_blocks = {}});
  const Text first{{{100, 50}}, 1, 50};
  CHECK(cache.match(first.content(), 50).tokens == ByTier{0, 0, 0});
  PrefixCache::Pin pin = cache.pin(first.content(), 50);
  CHECK(pin.tokens() == 0);
  const PrefixCache::Extended extended = cache.extend(pin, first.content(), 50);  // 50 = 3 blocks and 2 tokens
  CHECK(extended.inserted == 3);
  CHECK(extended.present == 0);
  CHECK(pin.tokens() == 48);
  CHECK(cache.gpu_blocks() == 3);
  CHECK(cache.pinned_blocks() == 3);
  CHECK(cache.match(first.content(), 47).tokens == ByTier{32, 32, 32});  // whole blocks of 47 tokens

  // 40 tokens in common: the third block is another one, and both stay.
  const Text second{{{100, 40}, {900, 24}}, 1, 64};
  CHECK(cache.match(second.content(), 64).tokens[0] == 32);
  PrefixCache::Pin other = cache.pin(second.content(), 63);
  CHECK(other.tokens() == 32);
  CHECK(cache.extend(other, second.content(), 64).inserted == 2);
  CHECK(cache.gpu_blocks() == 5);
  CHECK(cache.nodes() == 5);  // the root, 1-32, 33-40, and two ends: the pin keeps the first two apart

  // The first prompt has computed again what the other has: nothing is new.
  PrefixCache::Pin again;
  const PrefixCache::Extended twice = cache.extend(again, second.content(), 64);
  CHECK(twice.inserted == 0);
  CHECK(twice.present == 4);
  cache.release(again);
  cache.release(again);  // empty: nothing happens
  CHECK(cache.pinned_blocks() == 5);
  CHECK(cache.evict(10).freed == 0);

  cache.release(pin);
  CHECK(cache.pinned_blocks() == 4);
  CHECK(cache.evict(10).freed == 1);  // what only the first prompt has
  CHECK(cache.match(first.content(), 50).tokens[0] == 32);
  cache.release(other);
  CHECK(cache.evict(10).freed == 4);
  CHECK(cache.nodes() == 0);
}

TEST_CASE("prefix cache: thousands of units are one node below the root, however they were computed", "[jobs]") {
  PrefixCache cache({.block_tokens = 16, .tier_blocks = {4096}});
  const Text text{{{0, 64000}}, 1, 64000};
  PrefixCache::Pin pin;
  for (std::int64_t tokens = 1000; tokens <= 64000; tokens += 1000) cache.extend(pin, text.content(), tokens);
  CHECK(cache.nodes() == 2);
  PrefixCache::Pin part = cache.pin(text.content(), 999);
  CHECK(part.tokens() == 992);
  CHECK(cache.nodes() == 3);
  cache.release(part);
  cache.release(pin);
  CHECK(cache.nodes() == 2);
  for (int i = 0; i < 1000; ++i) CHECK(cache.evict(1).entered[1] == 1);
  CHECK(cache.nodes() == 3);  // what is still in GPU memory, and what is not
  CHECK(cache.match(text.content(), 64000).tokens == ByTier{48000, 64000, 64000});
}

TEST_CASE("prefix cache: a unit's name is its id, its length and its space", "[jobs]") {
  PrefixCache cache({.block_tokens = 16, .tier_blocks = {}});
  const Text whole{{{7, 2}}, 64, 128};
  const Text partial{{{7, 2}}, 64, 112};  // its second unit has 48 tokens
  PrefixCache::Pin pin;
  CHECK(cache.extend(pin, partial.content(), 112).inserted == 7);
  CHECK(cache.match(whole.content(), 128).tokens[0] == 64);
  CHECK(cache.match(partial.content(), 112).tokens[0] == 112);
  const Text in_other_units{{{7, 2}}, 128, 256};
  CHECK(cache.match(in_other_units.content(), 256).tokens[0] == 0);
  const Text elsewhere{{{7, 2}}, 64, 112, 1};
  CHECK(cache.match(elsewhere.content(), 112).tokens[0] == 0);
  // A unit that has been computed in part is found so far.
  CHECK(cache.extend(pin, partial.content(), 112).inserted == 0);
  PrefixCache::Pin other;
  CHECK(cache.extend(other, whole.content(), 100).inserted == 2);  // tokens 65 to 96
  CHECK(cache.match(whole.content(), 128).tokens[0] == 96);
}

TEST_CASE("prefix cache: the least recently used leaves first, and tails before beginnings", "[jobs]") {
  PrefixCache cache({.block_tokens = 16, .tier_blocks = {3, 4}});
  const Text a{{{0, 4}, {10, 4}}, 16, 128};
  const Text b{{{0, 4}, {20, 4}}, 16, 128};
  PrefixCache::Pin pin_a, pin_b;
  cache.extend(pin_a, a.content(), 128);
  cache.extend(pin_b, b.content(), 128);
  cache.release(pin_b);  // older than a; their common beginning is a's
  CHECK(cache.pinned_blocks() == 8);
  cache.release(pin_a);
  CHECK(cache.gpu_blocks() == 12);

  PrefixCache::Evicted evicted = cache.evict(3);
  CHECK(evicted.freed == 3);
  CHECK(evicted.entered == ByTier{0, 3, 0});
  CHECK(cache.match(b.content(), 128).tokens == ByTier{80, 128, 128});
  CHECK(cache.match(a.content(), 128).tokens == ByTier{128, 128, 128});
  evicted = cache.evict(3);  // one of b and two of a; b's last three go down
  CHECK(evicted.entered == ByTier{0, 3, 3});
  CHECK(cache.match(b.content(), 128).tokens == ByTier{64, 80, 128});
  CHECK(cache.match(a.content(), 128).tokens == ByTier{96, 128, 128});
  evicted = cache.evict(2);  // the last tier has room for one more: one of seven is gone
  CHECK(evicted.entered == ByTier{0, 2, 2});
  CHECK(cache.match(b.content(), 128).tokens == ByTier{64, 64, 112});
  CHECK(cache.match(a.content(), 128).tokens == ByTier{64, 112, 128});
  CHECK(cache.tier_blocks(1) == 3);
  CHECK(cache.tier_blocks(2) == 4);

  // What is fetched leaves its tier.
  PrefixCache::Pin pin = cache.pin(a.content(), 127);
  CHECK(pin.tokens() == 64);
  CHECK(cache.fetch(pin, a.content(), 127) == ByTier{0, 3, 0});
  CHECK(pin.tokens() == 112);
  CHECK(cache.extend(pin, a.content(), 128).inserted == 1);  // computed, though the drives have it
  CHECK(cache.gpu_blocks() == 8);
  CHECK(cache.tier_blocks(1) == 0);
  CHECK(cache.tier_blocks(2) == 3);
  cache.release(pin);

  // b's end remains on the drives, but what it follows is lost.
  cache.clear(Lost::gpu_memory);
  CHECK(cache.gpu_blocks() == 0);
  CHECK(cache.tier_blocks(2) == 0);
  CHECK(cache.nodes() == 0);
}

TEST_CASE("prefix cache: lower tiers outlast GPU memory where they hold a beginning", "[jobs]") {
  PrefixCache cache({.block_tokens = 1, .tier_blocks = {100}});
  const Text a{{{0, 10}}, 1, 10};
  const Text b{{{50, 10}}, 1, 10};
  PrefixCache::Pin pin;
  cache.extend(pin, a.content(), 10);
  cache.release(pin);
  cache.extend(pin, b.content(), 10);
  cache.evict(10);
  cache.clear(Lost::gpu_memory);
  CHECK(cache.match(a.content(), 10).tokens == ByTier{0, 10, 10});
  CHECK(cache.match(b.content(), 10).tokens == ByTier{0, 0, 0});
  CHECK(cache.gpu_blocks() + cache.pinned_blocks() == 0);
  cache.release(pin);  // from before: empty
  CHECK(cache.extend(pin, b.content(), 10).inserted == 10);

  // Both begin with the same 10 tokens, less than a block: no block of one is lost with the other.
  PrefixCache large({.block_tokens = 16, .tier_blocks = {100}});
  const Text c{{{0, 4}}, 10, 40};
  const Text d{{{0, 1}, {50, 3}}, 10, 40};
  PrefixCache::Pin pin_c, pin_d;
  large.extend(pin_c, c.content(), 40);
  large.extend(pin_d, d.content(), 40);
  large.release(pin_c);
  CHECK(large.evict(2).entered == ByTier{0, 2, 0});
  large.clear(Lost::gpu_memory);  // d was pinned
  CHECK(large.match(c.content(), 40).tokens == ByTier{0, 32, 32});
  CHECK(large.match(d.content(), 40).tokens == ByTier{0, 0, 0});
  CHECK(large.nodes() == 3);
  CHECK(large.fetch(pin_c, c.content(), 40) == ByTier{0, 2, 0});
  large.clear(Lost::gpu_memory);
  CHECK(large.nodes() == 0);

  // Nor does the common part outlast them.
  PrefixCache only_gpu({.block_tokens = 16, .tier_blocks = {}});
  only_gpu.extend(pin_c = {}, c.content(), 40);
  only_gpu.extend(pin_d = {}, d.content(), 40);
  CHECK(only_gpu.nodes() == 4);
  only_gpu.release(pin_c);
  only_gpu.release(pin_d);
  CHECK(only_gpu.evict(4).freed == 4);
  CHECK(only_gpu.nodes() == 0);
}

TEST_CASE("prefix cache: prompts without ids share nothing, impossible rooms are refused", "[jobs]") {
  PrefixCache cache({.block_tokens = 16, .tier_blocks = {}});
  PrefixCache::Pin pin = cache.pin(Content{.tokens = 1000}, 1000);
  const PrefixCache::Extended extended = cache.extend(pin, Content{.tokens = 1000}, 1000);
  CHECK(extended.inserted + extended.present == 0);
  CHECK(pin.tokens() == 0);
  CHECK_THROWS_AS(PrefixCache({.block_tokens = 0, .tier_blocks = {}}), std::invalid_argument);
  CHECK_THROWS_AS(PrefixCache({.block_tokens = 1, .tier_blocks = {-1}}), std::invalid_argument);
  CHECK_THROWS_AS(PrefixCache({.block_tokens = 1, .tier_blocks = {1, 1, 1}}), std::invalid_argument);
}

namespace {

/// A recorded prompt by its blocks of 512 tokens; `tokens` counts the last one as it is or as a whole one.
std::vector<Text> prompts(const std::string& path, bool whole_blocks) {
  const auto reader = open_trace("mooncake", path, PromptBlocks::keep);
  std::vector<Text> texts;
  while (const auto record = reader->next()) {
    Text text{{}, 512, record->input_tokens, 0};
    for (const std::int64_t id : reader->prompt_blocks()) {
      if (!text.runs.empty() && text.runs.back().first + text.runs.back().units == id) {
        ++text.runs.back().units;
      } else {
        text.runs.push_back({id, 1});
      }
    }
    if (whole_blocks) text.tokens = 512 * static_cast<std::int64_t>(reader->prompt_blocks().size());
    texts.push_back(std::move(text));
  }
  return texts;
}

struct Replay {
  double share = 0.0;  ///< of blocks that were there
  std::int64_t nodes = 0;
  double ns_per_request = 0.0;
};

/// One request after another, with room for so many blocks.
Replay replay(const std::vector<Text>& texts, std::int64_t block_tokens, std::int64_t room) {
  PrefixCache cache({.block_tokens = block_tokens, .tier_blocks = {}});
  std::int64_t found = 0, all = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const Text& text : texts) {
    const Content content = text.content();
    PrefixCache::Pin pin = cache.pin(content, content.tokens);
    found += pin.tokens() / block_tokens;
    all += content.tokens / block_tokens;
    const std::int64_t wanted = cache.gpu_blocks() + (content.tokens - pin.tokens()) / block_tokens - room;
    if (wanted > 0) cache.evict(wanted);
    cache.extend(pin, content, content.tokens);
    cache.release(pin);
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  CHECK(cache.gpu_blocks() <= room);
  return {.share = static_cast<double>(found) / static_cast<double>(all),
          .nodes = cache.nodes(),
          .ns_per_request = taken.count() / static_cast<double>(texts.size())};
}

constexpr std::int64_t kUnlimited = std::int64_t{1} << 60;

}  // namespace

// The shares are counted from the files themselves: ids of the leading path that an earlier prompt had, of all ids
// (36.64 % and 63.96 %).
TEST_CASE("prefix cache: recorded prompts hit as often as their trace says", "[jobs]") {
  for (const auto& [name, share] : {std::pair{"traces/mooncake_fast25_conversation.jsonl.gz", 0.366},
                                    std::pair{"traces/mooncake_fast25_synthetic.jsonl.gz", 0.640}}) {
    const auto path = shared_data(name);
    if (!path) {
      WARN(skipped_without(name));
      continue;
    }
    const std::vector<Text> texts = prompts(*path, true);
    const Replay unlimited = replay(texts, 512, kUnlimited);
    std::printf("%s: %.2f %% of blocks hit, %lld nodes, %.0f ns a request\n", name, 100 * unlimited.share,
                static_cast<long long>(unlimited.nodes), unlimited.ns_per_request);
    CHECK_THAT(unlimited.share, WithinAbs(share, 0.001));

    const std::vector<Text> as_they_are = prompts(*path, false);
    const Replay small_blocks = replay(as_they_are, 16, kUnlimited);
    std::printf("  blocks of 16 tokens: %.2f %% hit, %lld nodes, %.0f ns a request\n", 100 * small_blocks.share,
                static_cast<long long>(small_blocks.nodes), small_blocks.ns_per_request);
  }
}

TEST_CASE("prefix cache: recorded prompts hit less the less room there is", "[jobs]") {
  const std::string name = "traces/mooncake_fast25_conversation.jsonl.gz";
  const auto path = shared_data(name);
  if (!path) {
    WARN(skipped_without(name));
    return;
  }
  const std::vector<Text> texts = prompts(*path, true);
  double before = replay(texts, 512, kUnlimited).share;
  const double most = before;
  std::int64_t room = 182'790;  // distinct blocks of the trace: all fits
  for (int i = 0; i < 10; ++i, room /= 2) {
    const Replay result = replay(texts, 512, room);
    std::printf("room for %lld blocks: %.2f %% of blocks hit, %lld nodes, %.0f ns a request\n",
                static_cast<long long>(room), 100 * result.share, static_cast<long long>(result.nodes),
                result.ns_per_request);
    CHECK(result.share <= before);
    if (i == 0) CHECK(result.share == most);
    if (i == 9) CHECK(result.share < 0.8 * most);
    before = result.share;
  }
}
