#include "sim/jobs/llm/end_heap.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "sim/jobs/llm/request_queue.hpp"
#include "tests/catch.hpp"

using namespace tokenworks::jobs;

TEST_CASE("end heap: gives the first end, whatever was pushed, popped and removed", "[jobs][law]") {
  CHECK(rc::check("as a sorted list", [] {
    EndHeap heap;
    std::vector<EndHeap::End> list;
    std::int32_t admissions = 0;
    const auto operations = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
    for (const int operation : operations) {
      if (operation < 6) {
        const EndHeap::End end{*rc::gen::inRange<std::int64_t>(0, 30), ++admissions, admissions};
        heap.push(end);
        list.push_back(end);
      } else if (!list.empty() && operation < 8) {
        list.erase(list.begin());
        heap.pop();
      } else if (!list.empty()) {
        const auto at = list.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(list));
        heap.remove(at->request);
        list.erase(at);
      }
      std::sort(list.begin(), list.end(), [](const EndHeap::End& a, const EndHeap::End& b) { return a.before(b); });
      RC_ASSERT(heap.size() == list.size());
      RC_ASSERT(heap.empty() == list.empty());
      RC_ASSERT(std::distance(heap.begin(), heap.end()) == std::ssize(list));
      if (!list.empty()) RC_ASSERT(heap.front().request == list.front().request);
    }
  }));
}

TEST_CASE("request queue: first in, first out, with places at both ends", "[jobs]") {
  RequestQueue queue;
  for (RequestId id = 0; id < 40; ++id) queue.push_back(id);
  queue.push_front(99);
  CHECK(queue.size() == 41);
  CHECK(queue.at(0) == 99);
  CHECK(queue.at(3) == 2);
  CHECK(queue.at(41) == kNoRequest);
  CHECK(queue.remove(1));
  CHECK_FALSE(queue.remove(1));
  CHECK(queue.pop_front() == 99);
  CHECK(queue.pop_front() == 0);
  CHECK(queue.pop_front() == 2);
  for (RequestId id = 40; id < 200; ++id) queue.push_back(id);
  RequestId expected = 3;
  while (!queue.empty()) CHECK(queue.pop_front() == expected++);
  CHECK(expected == 200);
}
