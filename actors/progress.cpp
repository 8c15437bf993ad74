#include "actors/progress.hpp"

#include "outputs/figures.hpp"

#include <algorithm>

namespace flowactors {

std::string progress_line(const capture_progress& now, double elapsed_s) {
  const auto rate =
    elapsed_s > 0 ? static_cast<uint64_t>(static_cast<double>(now.packets) / elapsed_s) : 0;
  std::string out = grouped(now.packets) + " packets  " + grouped(rate) + " packets/s";
  if (now.total_bytes == 0 || now.done_bytes == 0)
    return out;
  const double share =
    std::min(1.0, static_cast<double>(now.done_bytes) / static_cast<double>(now.total_bytes));
  const double left_s = elapsed_s / share - elapsed_s;
  return std::to_string(static_cast<int>(share * 100)) + " %  " + out + "  " + seconds(left_s)
         + " left";
}

} // namespace flowactors
