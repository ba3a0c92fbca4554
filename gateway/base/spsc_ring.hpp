// A ring of preallocated items between one producer and one consumer thread. Nothing is allocated
// or locked per item; the consumer sleeps on a semaphore while there is nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <semaphore>
#include <vector>

namespace omnisonde {

template <typename T>
class SpscRing {
 public:
  /// @param size  items, each a copy of `prototype` (so its buffers are allocated once)
  SpscRing(std::size_t size, const T& prototype) : items_(size, prototype) {}

  /// Producer: the next item to fill, or null while the ring is full.
  [[nodiscard]] T* begin_write() {
    if (written_.load(std::memory_order_relaxed) - read_.load(std::memory_order_acquire) ==
        items_.size()) {
      return nullptr;
    }
    return &items_[written_.load(std::memory_order_relaxed) % items_.size()];
  }
  /// Producer: hands over the item of begin_write().
  void end_write() {
    written_.fetch_add(1, std::memory_order_release);
    ready_.release();
  }

  /// Consumer: the oldest item, waiting at most `time`; null when there is none.
  template <typename Rep, typename Period>
  [[nodiscard]] T* begin_read(std::chrono::duration<Rep, Period> time) {
    if (!ready_.try_acquire_for(time)) return nullptr;
    return &items_[read_.load(std::memory_order_relaxed) % items_.size()];
  }
  /// Items written and not yet given back, as they are now. Any thread.
  [[nodiscard]] std::size_t waiting() const noexcept {
    const std::size_t read = read_.load(std::memory_order_acquire);  // first: it only follows
    return written_.load(std::memory_order_acquire) - read;
  }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

  /// Consumer: gives the item of begin_read() back.
  void end_read() { read_.fetch_add(1, std::memory_order_release); }

 private:
  std::vector<T> items_;
  std::atomic<std::size_t> written_{0}, read_{0};
  std::counting_semaphore<> ready_{0};
};

}  // namespace omnisonde
