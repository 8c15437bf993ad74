#include "bench/generate.hpp"
#include "bench/generate_copies.hpp"
#include "capture/source.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <tuple>

namespace flowactors::bench {

namespace {

constexpr int64_t second = 1'000'000'000, span_ns = 300 * second, longest_ns = 60 * second;

/// A frame in the store, and what changes in a copy of it.
struct stored_frame {
  int64_t time_ns; ///< since its capture's first frame
  size_t bytes_at;
  size_t patches_at;
  uint32_t length;
  uint32_t patch_count;
};

struct capture_range {
  size_t from, to; ///< its frames
};

struct store {
  std::vector<uint8_t> bytes;
  std::vector<patch> patches;
  std::vector<stored_frame> frames;
  std::vector<capture_range> captures;
  uint64_t left_out = 0;
};

/// One frame of one copy, and when it is on the wire.
struct appearance {
  int64_t time_ns;
  uint32_t frame;
  uint16_t copy;
};

void keep(store& to, const frame& in, int64_t begin, address_mover& mover) {
  std::vector<uint8_t> bytes = as_ethernet(in);
  if (bytes.empty()) {
    ++to.left_out;
    return;
  }
  const size_t patches = to.patches.size();
  mover.find(bytes, to.patches);
  // Frames keep their order even where their capture's clock went back.
  const bool first = to.captures.back().from == to.frames.size();
  const int64_t time = std::max(in.time_ns - begin, first ? 0 : to.frames.back().time_ns);
  to.frames.push_back({time, to.bytes.size(), patches, static_cast<uint32_t>(bytes.size()),
                       static_cast<uint32_t>(to.patches.size() - patches)});
  to.bytes.insert(to.bytes.end(), bytes.begin(), bytes.end());
}

/// Takes in a capture file. One that can't be read, or not to its end, is said and gives what it
/// has.
void load(store& to, const std::string& path) {
  auto opened = open_path(path, "");
  if (!opened) {
    std::fprintf(stderr, "bench-generate: left out: %s\n", opened.failure().what.c_str());
    return;
  }
  address_mover mover;
  std::vector<frame> batch(64);
  std::optional<int64_t> begin;
  to.captures.push_back({to.frames.size(), to.frames.size()});
  while (!(*opened)->at_end()) {
    const auto count = (*opened)->read(batch);
    if (!count) {
      std::fprintf(stderr, "bench-generate: %s\n", count.failure().what.c_str());
      break;
    }
    for (const frame& in : std::span{batch}.first(count.value())) {
      begin = begin.value_or(in.time_ns);
      keep(to, in, *begin, mover);
    }
  }
  to.captures.back().to = to.frames.size();
}

/// Files as they are, folders as the captures in them, in the order of their names.
std::vector<std::string> files_of(std::span<const std::string> paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code fault;
    if (!fs::is_directory(path, fault)) {
      files.push_back(path);
      continue;
    }
    const size_t from = files.size();
    for (fs::directory_iterator entry{path, fault}, end; !fault && entry != end;
         entry.increment(fault))
      if (entry->path().extension() == ".pcap" || entry->path().extension() == ".pcapng")
        files.push_back(entry->path().string());
    std::sort(files.begin() + static_cast<ptrdiff_t>(from), files.end());
  }
  return files;
}

/// All frames of all copies, in the order of their time. A copy begins anywhere in the span; what
/// took long is told faster.
std::vector<appearance> schedule(const store& from, size_t copies) {
  std::vector<appearance> all;
  all.reserve(from.frames.size() * copies);
  sequence chance{3};
  for (const auto [begin, end] : from.captures) {
    if (begin == end)
      continue;
    const int64_t lasted = from.frames[end - 1].time_ns, lasts = std::min(lasted, longest_ns);
    const double pace =
      lasted > lasts ? static_cast<double>(lasts) / static_cast<double>(lasted) : 1;
    for (size_t copy = 0; copy < copies; ++copy) {
      const auto start = static_cast<int64_t>(chance.below(static_cast<uint64_t>(span_ns - lasts)));
      for (size_t index = begin; index < end; ++index) {
        const auto after =
          static_cast<int64_t>(static_cast<double>(from.frames[index].time_ns) * pace);
        all.push_back({start + after, static_cast<uint32_t>(index), static_cast<uint16_t>(copy)});
      }
    }
  }
  std::sort(all.begin(), all.end(), [](const appearance& a, const appearance& b) {
    return std::tie(a.time_ns, a.copy, a.frame) < std::tie(b.time_ns, b.copy, b.frame);
  });
  return all;
}

} // namespace

bool generate_mixed(capture_file& out, uint64_t packets, std::span<const std::string> paths) {
  store held;
  for (const std::string& path : files_of(paths))
    load(held, path);
  if (held.frames.empty()) {
    std::fputs("bench-generate: there is no frame in these captures\n", stderr);
    return false;
  }
  const uint64_t count = held.frames.size();
  const size_t copies = std::clamp<uint64_t>((packets + count / 2) / count, 1, 65536);
  std::fprintf(stderr,
               "bench-generate: %zu copies of %llu frames in %zu captures; %llu frames left out\n",
               copies, static_cast<unsigned long long>(count), held.captures.size(),
               static_cast<unsigned long long>(held.left_out));
  std::vector<uint8_t> bytes;
  for (const appearance& next : schedule(held, copies)) {
    const stored_frame& frame = held.frames[next.frame];
    const auto begin = held.bytes.begin() + static_cast<ptrdiff_t>(frame.bytes_at);
    bytes.assign(begin, begin + frame.length);
    apply(std::span{held.patches}.subspan(frame.patches_at, frame.patch_count), next.copy, bytes);
    out.add(begin_ns + next.time_ns, bytes);
  }
  return true;
}

} // namespace flowactors::bench
