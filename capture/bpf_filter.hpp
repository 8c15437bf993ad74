#pragma once

#include "capture/packet.hpp"
#include "capture/result.hpp"

#include <memory>
#include <string>
#include <vector>

struct bpf_program;

namespace flowactors {

/// A BPF filter for frames of files: libpcap compiles the text once for each link type that comes.
class bpf_filter {
public:
  /// `text` empty = everything passes.
  explicit bpf_filter(std::string text);
  ~bpf_filter();
  bpf_filter(const bpf_filter&) = delete;
  bpf_filter& operator=(const bpf_filter&) = delete;

  bool empty() const noexcept { return text_.empty(); }

  /// Makes the program for that link type, with libpcap's words where the text is no filter for it,
  /// or not one for files.
  result<void> prepare(link_type link);

  /// True if the frame passes. Its link type was prepared.
  bool passes(const frame& f) const noexcept;

private:
  struct entry {
    link_type link;
    bpf_program* program; ///< ours, from libpcap
  };
  const entry* find(link_type link) const noexcept;

  std::string text_;
  std::vector<entry> programs_;
};

} // namespace flowactors
