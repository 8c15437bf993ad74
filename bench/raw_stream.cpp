#include "bench/raw_stream.hpp"

#include "bench/sample_flows.hpp"
#include "bench/thread_costs.hpp"
#include "nodes/batch_codec.hpp"
#include "nodes/sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace flowactors::bench {

namespace {

constexpr uint32_t batch_events = 256;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(2);
}

/// Frames as a link makes them, enough of them that they are not all in the nearest cache.
std::vector<std::vector<char>> make_frames() {
  sample_flows from{flow_mix::mixed};
  std::vector<std::vector<char>> out(8);
  size_t next = 0;
  for (auto& each : out) {
    flow_batch_writer writer(0, batch_events);
    while (!writer.full()) {
      auto& flow = from.flows[next++ % sample_flows::count];
      const auto& text = *reinterpret_cast<const flow_text*>(from.arena() + size_t{flow.text} * 16);
      writer.add(event_kind::updated, flow, text, static_cast<int64_t>(next));
    }
    append_batch(each, *writer.finish(), {});
  }
  return out;
}

bool read_whole(int fd, char* to, size_t size) {
  while (size != 0) {
    const ssize_t got = recv(fd, to, size, 0);
    if (got <= 0)
      return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

void write_whole(int fd, const std::vector<char>& from) {
  for (size_t done = 0; done < from.size();) {
    const ssize_t put = send(fd, from.data() + done, from.size() - done, MSG_NOSIGNAL);
    if (put < 0)
      fail("send");
    done += static_cast<size_t>(put);
  }
}

} // namespace

void run_raw_receiver() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener, 1) != 0
      || getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    fail("listen");
  std::printf("{\"port\": %u}\n", ntohs(at.sin_port));
  std::fflush(stdout);
  const int from = accept(listener, nullptr, nullptr);
  const double before = process_cpu_s();
  uint64_t bytes = 0, events = 0;
  frame_header header;
  std::vector<char> body(longest_batch());
  while (read_whole(from, reinterpret_cast<char*>(&header), sizeof(header))
         && read_whole(from, body.data(), header.length)) {
    bytes += sizeof(header) + header.length;
    events += header.count;
  }
  std::printf("{\"cpu_s\": %.6f, \"events\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n",
              process_cpu_s() - before, events, bytes);
}

void run_raw_sender(uint16_t port, double seconds) {
  const auto frames = make_frames();
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  const int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(to, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0)
    fail("connect");
  const double before = process_cpu_s();
  const auto since = std::chrono::steady_clock::now();
  const auto took = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  };
  uint64_t events = 0;
  while (took() < seconds)
    for (const auto& each : frames) {
      write_whole(to, each);
      events += batch_events;
    }
  shutdown(to, SHUT_WR);
  char end = 0;
  while (recv(to, &end, 1, 0) > 0) { // until the other side has all of it
  }
  std::printf("{\"cpu_s\": %.6f, \"events\": %" PRIu64 ", \"took_s\": %.6f}\n",
              process_cpu_s() - before, events, took());
  close(to);
}

} // namespace flowactors::bench
