#pragma once

#include <cstdint>

namespace flowactors::bench {

/// CPU time of the calling thread, in seconds.
double thread_cpu_s();

/// CPU time of a thread of this process, by its number.
double cpu_s_of(int thread);

/// CPU time of the whole process, threads that are gone included.
double process_cpu_s();

/// The most memory that the process had at any time, in bytes.
uint64_t peak_memory();

} // namespace flowactors::bench
