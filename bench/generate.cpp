// Makes capture files to measure with, the same in every run.
#include "bench/generate.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace flowactors;

namespace {

constexpr const char* usage =
  "usage: bench-generate OUT mixed PACKETS CAPTURE|FOLDER...  small captures, many times\n"
  "       bench-generate OUT flows FLOWS CONCURRENT           short flows (at most 16,000,000)\n"
  "       bench-generate OUT single FLOWS                     flows of one packet\n"
  "       bench-generate OUT bulk PACKETS BYTES FLOWS         downloads; BYTES a frame (60..1029)\n"
  "Prints what it wrote: packets, bytes of frames.\n";

/// All of the text as a number from `least` to `most`.
std::optional<uint64_t> number(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

/// Writes the file that the arguments ask for; nothing if they can't be understood.
std::optional<bool> generate(bench::capture_file& out, const std::string& kind,
                             const std::vector<std::string>& arguments) {
  constexpr uint64_t most = 1'000'000'000, most_flows = 16'000'000;
  const auto argument = [&](size_t index, uint64_t least, uint64_t limit) {
    return index < arguments.size() ? number(arguments[index], least, limit) : std::nullopt;
  };
  if (kind == "mixed" && arguments.size() >= 2) {
    const auto packets = argument(0, 1, most);
    if (packets)
      return bench::generate_mixed(out, *packets, std::span{arguments}.subspan(1));
  } else if (kind == "flows" && arguments.size() == 2) {
    const auto flows = argument(0, 1, most_flows), concurrent = argument(1, 1, most_flows);
    if (flows && concurrent)
      return bench::generate_flows(out, *flows, *concurrent), true;
  } else if (kind == "single" && arguments.size() == 1) {
    const auto flows = argument(0, 1, most);
    if (flows)
      return bench::generate_single(out, *flows), true;
  } else if (kind == "bulk" && arguments.size() == 3) {
    const auto packets = argument(0, 1, most), bytes = argument(1, 60, 1029),
               flows = argument(2, 1, 1000);
    if (packets && bytes && flows)
      return bench::generate_bulk(out, *packets, *bytes, *flows), true;
  }
  return std::nullopt;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs(usage, stderr);
    return 2;
  }
  bench::capture_file out{argv[1]};
  if (out.failed())
    return 1;
  const auto done = generate(out, argv[2], {argv + 3, argv + argc});
  if (!done) {
    std::fputs(usage, stderr);
    return 2;
  }
  if (!*done || !out.close())
    return 1;
  std::printf("%llu %llu\n", static_cast<unsigned long long>(out.packets()),
              static_cast<unsigned long long>(out.bytes()));
}
