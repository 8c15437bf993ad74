#pragma once

#include <filesystem>

namespace flowactors::bench {

/// CPU time of a program of numbers, the best of some runs, each in a fresh VM with the JIT on.
struct program_cost {
  double plain_ms = 0;
  double limited_ms = 0; ///< with the countdown in it, and a clock read at each refill
};
program_cost cost_of_program(const std::filesystem::path& program);

/// What a protected call of an empty function takes, median of bursts.
struct call_cost {
  double plain_ns = 0;
  double counted_ns = 0; ///< with the countdown in it, and each call made known to the guard
  double entered_ns = 0; ///< and with a way out of the VM laid before each call, as one by one
};
call_cost cost_of_call();

} // namespace flowactors::bench
