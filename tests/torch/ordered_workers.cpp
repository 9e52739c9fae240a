// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Threads that make numbered products. Built with the thread sanitizer where the compiler has one: the queue holds
// nothing of LibTorch, so every access is seen.
#include "torch/ordered_workers.hpp"

#include <barrier>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <set>
#include <stdexcept>
#include <string>

namespace te = tenon::torch_engine;

namespace {

/// Counts how many of it there are.
class Counted {
 public:
  explicit Counted(std::uint64_t number) : number_(number) { count(1); }
  Counted(Counted&& other) noexcept : number_(other.number_) { count(1); }
  Counted& operator=(Counted&&) = default;
  ~Counted() { count(-1); }
  std::uint64_t number() const { return number_; }

  static inline std::atomic<int> alive{0}, most{0};

 private:
  static void count(int change) {
    const int now = alive += change;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
  }
  std::uint64_t number_;
};

using Numbers = te::OrderedWorkers<std::uint64_t>;

void nothing() {}

/// Work whose length changes from job to job, so that threads overtake each other.
std::uint64_t uneven(std::uint64_t job) {
  volatile std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < (job * 7919) % 2000; ++i) sum = sum + i;
  return job;
}

}  // namespace

BOOST_AUTO_TEST_CASE(products_come_in_order_from_any_number_of_threads) {
  for (const std::size_t workers : {1u, 2u, 3u, 8u}) {
    for (const std::size_t capacity : {1u, 2u, 16u}) {
      Numbers queue(workers, capacity, nothing);
      queue.start(500, [](std::size_t, std::uint64_t job, const te::Wanted&) { return uneven(job); });
      for (std::uint64_t job = 0; job < 500; ++job) BOOST_REQUIRE_EQUAL(queue.take(), job);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_more_products_are_made_than_there_is_room_for) {
  constexpr std::size_t capacity = 6;
  std::atomic<std::uint64_t> taken{0};
  std::atomic<bool> overrun{false};
  Counted::alive = 0;
  Counted::most = 0;
  {
    te::OrderedWorkers<Counted> queue(3, capacity, nothing);
    queue.start(1000, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
      if (job >= taken + capacity) overrun = true;
      return Counted(uneven(job));
    });
    for (std::uint64_t job = 0; job < 300; ++job) {
      ++taken;  // before: the thread that is woken by take() may look at once
      BOOST_REQUIRE_EQUAL(queue.take().number(), job);
    }
  }
  BOOST_TEST(!overrun);
  // Each product in a slot, and some of each thread's and the consumer's on their way there and back.
  BOOST_TEST(Counted::most <= static_cast<int>(capacity) + 3 * 3 + 2);
  BOOST_TEST(Counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(threads_work_at_the_same_time) {
  std::barrier together(3);
  Numbers queue(3, 6, nothing);
  queue.start(300, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
    together.arrive_and_wait();  // for ever, if one thread did everything
    return job;
  });
  for (std::uint64_t job = 0; job < 300; ++job) BOOST_REQUIRE_EQUAL(queue.take(), job);
}

BOOST_AUTO_TEST_CASE(each_job_is_made_once_by_a_thread_with_a_number_of_its_own) {
  std::mutex mutex;
  std::multiset<std::uint64_t> made;
  std::set<std::size_t> workers;
  std::set<std::pair<std::size_t, std::thread::id>> pairs;
  std::barrier together(4);
  {
    Numbers queue(4, 8, nothing);
    queue.start(100, [&](std::size_t worker, std::uint64_t job, const te::Wanted&) {
      together.arrive_and_wait();
      const std::lock_guard lock(mutex);
      made.insert(job);
      workers.insert(worker);
      pairs.emplace(worker, std::this_thread::get_id());
      return job;
    });
    for (std::uint64_t job = 0; job < 100; ++job) queue.take();
  }
  BOOST_TEST(made.size() == 100u);
  BOOST_TEST((std::set<std::uint64_t>(made.begin(), made.end()).size()) == 100u);
  BOOST_CHECK((workers == std::set<std::size_t>{0, 1, 2, 3}));
  BOOST_TEST(pairs.size() == 4u);
}

BOOST_AUTO_TEST_CASE(every_thread_is_prepared_before_the_first_job) {
  std::atomic<int> prepared{0};
  Numbers queue(4, 4, [&] { ++prepared; });
  BOOST_TEST(prepared == 4);
}

BOOST_AUTO_TEST_CASE(an_error_comes_in_its_place_again_and_again) {
  Numbers queue(4, 8, nothing);
  queue.start(1'000'000, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
    if (job == 50) throw std::runtime_error("fifty");
    if (job == 52) throw 52;
    return uneven(job);
  });
  const auto fails = [&] {
    BOOST_CHECK_EXCEPTION(queue.take(), std::runtime_error,
                          [](const auto& error) { return std::string(error.what()) == "fifty"; });
  };
  for (std::uint64_t job = 0; job < 50; ++job) BOOST_REQUIRE_EQUAL(queue.take(), job);
  fails();
  fails();
  queue.start(2, [](std::size_t, std::uint64_t job, const te::Wanted&) { return job + 7; });
  BOOST_TEST(queue.take() == 7u);
  BOOST_TEST(queue.take() == 8u);
}

BOOST_AUTO_TEST_CASE(nothing_is_begun_after_an_error) {
  std::atomic<std::uint64_t> begun{0};
  Numbers queue(1, 8, nothing);
  queue.start(100, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
    ++begun;
    if (job == 3) throw std::runtime_error("three");
    return job;
  });
  for (std::uint64_t job = 0; job < 3; ++job) queue.take();
  BOOST_CHECK_THROW(queue.take(), std::runtime_error);
  // The only thread has by now done whatever it had begun.
  queue.start(1, [](std::size_t, std::uint64_t job, const te::Wanted&) { return job; });
  queue.take();
  BOOST_TEST(begun == 4u);
}

BOOST_AUTO_TEST_CASE(starting_anew_waits_for_nobody_and_drops_what_was) {
  std::latch entered(1), leave(1);
  Numbers queue(2, 4, nothing);
  queue.start(100, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
    if (job == 0) {
      entered.count_down();
      leave.wait();
    }
    return job;
  });
  entered.wait();
  queue.start(10, [](std::size_t, std::uint64_t job, const te::Wanted&) { return 1000 + job; });
  for (std::uint64_t job = 0; job < 10; ++job) {
    BOOST_REQUIRE_EQUAL(queue.take(), 1000 + job);
    if (job == 5) leave.count_down();
  }
  for (std::uint64_t round = 0; round < 300; ++round) {
    queue.start(100, [round](std::size_t, std::uint64_t job, const te::Wanted&) { return round * 1000 + uneven(job); });
    for (std::uint64_t job = 0; job < round % 7; ++job) BOOST_REQUIRE_EQUAL(queue.take(), round * 1000 + job);
  }
}

BOOST_AUTO_TEST_CASE(what_was_cancelled_is_not_wanted_and_its_function_is_let_go) {
  const auto owned = std::make_shared<int>(0);
  std::latch entered(1);
  Numbers queue(1, 2, nothing);
  queue.start(10, [&entered, owned](std::size_t, std::uint64_t job, const te::Wanted& wanted) {
    if (job == 0) entered.count_down();
    while (wanted()) std::this_thread::yield();
    return job;
  });
  entered.wait();
  queue.cancel();
  queue.start(1, [](std::size_t, std::uint64_t, const te::Wanted& wanted) { return std::uint64_t{wanted()}; });
  BOOST_TEST(queue.take() == 1u);
  BOOST_TEST(owned.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(the_end_does_not_wait_for_jobs_that_were_not_begun) {
  std::atomic<std::uint64_t> begun{0};
  {
    Numbers queue(2, 4, nothing);
    queue.start(UINT64_MAX, [&](std::size_t, std::uint64_t job, const te::Wanted&) {
      ++begun;
      return job;
    });
    for (int i = 0; i < 10; ++i) queue.take();
  }
  BOOST_TEST(begun <= 14u);
  const Numbers never_started(3, 3, nothing);
}
