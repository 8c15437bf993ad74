#pragma once

#include "lua/helpers/hyperloglog.hpp"
#include "lua/helpers/keyed_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

#include <optional>

namespace flowactors {

/// How many different values each key had within a window of time. Up to 64 values a key they are
/// remembered by their hashes and the number is exact; beyond that a HyperLogLog estimates it. The
/// window is made of two halves: a number has everything of the half that is not over yet and of
/// the one before, so it reaches back between `window / 2` and `window`.
///
/// The hash of values is fixed, so that a capture always gives the same estimate; who chooses
/// values for that can spoil an estimate, but neither time nor memory.
class distinct {
public:
  struct options {
    int64_t window_ns = 60'000'000'000; ///< at least 1 ms; 0 = nothing is forgotten
    uint32_t max_keys = 4096;           ///< the least recently added is evicted
    uint32_t precision = 12;            ///< 4 to 16; standard error 1.04 / sqrt(2^precision)
  };

  distinct(helper_memory& memory, const options& from) noexcept;
  ~distinct() { clear(); }

  /// Adds a value at `when_ns` (a time before the key's last half counts as that half). Gives the
  /// number of different ones, a whole number; nothing when there is no memory.
  std::optional<double> add(scalar key, scalar value, int64_t when_ns) noexcept;

  /// The number in the window that ends at `when_ns`. What is over then is forgotten.
  double count(scalar key, int64_t when_ns) noexcept;

  /// Keys with a value in the window that ends at `when_ns`. Forgets the others.
  uint32_t size(int64_t when_ns) noexcept;

  void clear() noexcept;
  uint64_t evicted() const noexcept { return evicted_; }

  static constexpr char letter = 'd';
  void save(byte_writer& out) const noexcept;
  /// Adds keys that are not there yet. other_options: the precision or the window was another.
  restored restore(byte_reader& in) noexcept;

  static constexpr uint32_t most_sparse = 64;

private:
  struct registers;

  // What a key has seen. Sparse: hashes, whose lowest bit says whether they came in this half.
  struct sketch {
    int64_t half = 0; ///< number of the half that is not over
    uint64_t* hashes = nullptr;
    registers* dense = nullptr; ///< null = sparse
    uint32_t count = 0;         ///< of hashes
    uint32_t room = 0;          ///< for hashes
    double estimate = 0;        ///< of `dense`
  };

  int64_t half_of(int64_t when_ns) const noexcept;
  uint32_t make(scalar key, uint64_t hash, int64_t half) noexcept;
  void forget(uint32_t entry) noexcept;
  void go_on(sketch& kept, int64_t half) noexcept;
  void reset(sketch& kept) noexcept;
  bool take(sketch& kept, uint64_t hash) noexcept;
  bool take_sparse(sketch& kept, uint64_t hash) noexcept;
  void take_dense(sketch& kept, uint64_t hash) noexcept;
  bool make_dense(sketch& kept) noexcept;
  void survey(sketch& kept) noexcept;
  uint8_t* previous(sketch& kept) const noexcept;
  uint8_t* current(sketch& kept) const noexcept;
  size_t dense_size() const noexcept;
  bool restore_sketch(byte_reader& in, sketch& kept) noexcept;
  static double number(const sketch& kept) noexcept;

  int64_t half_ns_;
  hyperloglog shape_;
  keyed_table<sketch> sketches_;
  uint64_t evicted_ = 0;
};

} // namespace flowactors
