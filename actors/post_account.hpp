#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Why a copy of a message, or a record for another node, did not arrive. X-macro: name, sentence.
#define FLOWACTORS_POST_LOSSES(X)                                                         \
  X(queue_full, "as many as may wait were waiting for the VM, or on the way to the node") \
  X(unreachable, "nobody has that context or output now, or the node was away too long")  \
  X(too_far, "it had been passed on as often as a letter may be")                         \
  X(with_vm, "the VM's context was removed before it took it")                            \
  X(damaged, "another node sent what is no value, or no line of JSON")

enum class post_loss : uint8_t {
#define X(name, text) name,
  FLOWACTORS_POST_LOSSES(X)
#undef X
};

inline constexpr size_t post_loss_count = 0
#define X(name, text) +1
  FLOWACTORS_POST_LOSSES(X)
#undef X
  ;

/// The reason's name in reports.
const char* to_string(post_loss reason) noexcept;

/// What is on its way between VMs and to other nodes:
/// copies = taken + passed_on + waiting + lost.
struct post_account {
  uint64_t copies = 0;
  uint64_t taken = 0;     ///< by VMs, or outputs, here
  uint64_t passed_on = 0; ///< other nodes said that they have come
  uint64_t waiting = 0;   ///< for a VM, or for that word
  std::array<uint64_t, post_loss_count> lost{};
  uint64_t come = 0;  ///< from other nodes
  uint64_t again = 0; ///< of these, those that had come before, on another way

  void lose(post_loss why, uint64_t units = 1) noexcept { lost[static_cast<size_t>(why)] += units; }
};

/// The books of all post.
struct post_accounts {
  post_account messages;
  post_account records;
  uint64_t unheard = 0; ///< requests and answers of other nodes that came too fast
};

} // namespace flowactors
