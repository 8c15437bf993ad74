#pragma once

#include "bench/generate_frames.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace flowactors::bench {

/// When the made traffic begins: 2017-07-01 00:00:00 UTC.
inline constexpr int64_t begin_ns = 1'498'867'200'000'000'000;

/// What the capture files found at `paths` (files and folders) hold, over and over with other
/// client addresses until there are about `packets` of them, interleaved over 300 s. All Ethernet;
/// frames that can't be, and frames that were cut, are left out. False, with a line on standard
/// error, if there is nothing to read.
bool generate_mixed(capture_file& out, uint64_t packets, std::span<const std::string> paths);

/// `flows` short flows, `concurrent` of them at a time: 40 % HTTP (8 packets), 20 % TLS hellos (5),
/// 25 % DNS (2), 15 % UDP that no one knows (3).
void generate_flows(capture_file& out, uint64_t flows, uint64_t concurrent);

/// `flows` TCP SYNs from as many sources, to a few servers.
void generate_single(capture_file& out, uint64_t flows);

/// `flows` downloads side by side, `packets` in all, `bytes` a frame on average (two frames of
/// data, one acknowledgement).
void generate_bulk(capture_file& out, uint64_t packets, uint64_t bytes, uint64_t flows);

} // namespace flowactors::bench
