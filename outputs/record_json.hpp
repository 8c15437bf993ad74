#pragma once

#include "outputs/record_batch.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace flowactors {

/// Makes lines of JSON from records: one object and a newline each, as docs/outputs.md describes
/// them and tests/outputs.schema.json holds them to. Names that Suricata's EVE has for the same
/// thing are EVE's. Bytes that are no UTF-8 become U+FFFD.
class record_json {
public:
  /// `names` outlives the writer; null = numbers have no names.
  record_json(const catalog* names, uint16_t community_id_seed);
  ~record_json();
  record_json(const record_json&) = delete;
  record_json& operator=(const record_json&) = delete;

  /// Writes the batch's records in place of what was written before.
  void write(const record_batch& batch);

  std::string_view text() const noexcept;

  /// Where each line ends: the offset behind its newline.
  std::span<const size_t> line_ends() const noexcept { return ends_; }

private:
  struct impl;
  std::unique_ptr<impl> impl_;
  std::vector<size_t> ends_;
};

} // namespace flowactors
