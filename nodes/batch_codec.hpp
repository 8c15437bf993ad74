#pragma once

#include "capture/flow_batch.hpp"
#include "nodes/frame.hpp"

#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace flowactors {

/// Hash of all that makes records of this build differ from another's: layout, sizes, byte order.
uint64_t layout_hash() noexcept;

/// Hash of the names behind the numbers in records.
uint64_t names_hash(const catalog& names) noexcept;

/// Appends the batch as a frame: the number of units of its texts, then its texts and its entries
/// as they stand in memory, packed (nodes/packing.hpp). Lane, serial and value are the header's.
void append_batch(std::vector<char>& out, const flow_batch& batch, frame_header header);

/// The most bytes that the body of a batch may have: 4096 events, their text, and the longest text
/// of one flow, none of which gets smaller by packing.
size_t longest_batch() noexcept;

/// Reads the body of a batch from a node that may lie: what is not a batch that could have been
/// sent is refused, and memory is taken for what the body has masks for, at most longest_batch().
/// `slots`: added to the slots of its flows, in place of what the sender's workers added.
std::variant<std::shared_ptr<const flow_batch>, refusal> read_batch(const frame_header& header,
                                                                    std::span<const char> body,
                                                                    uint32_t slots);

} // namespace flowactors
