#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct _ndpi_patricia_node_t;
struct _ndpi_patricia_tree_t;

namespace flowactors {

/// nDPI's tree of IPv4 networks (30,000, by whom they belong to) as a table: what holds an address
/// is found in two reads and not by a walk of twenty steps. The tree has to outlive it, unchanged.
class network_index {
public:
  network_index() = default; ///< of no tree

  /// Of `tree`; of no tree if it has more networks than fit.
  explicit network_index(const _ndpi_patricia_tree_t* tree);

  bool is_of(const _ndpi_patricia_tree_t* tree) const noexcept {
    return tree_ != nullptr && tree == tree_;
  }

  struct answer {
    bool known; ///< false: ask the tree
    _ndpi_patricia_node_t* node;
  };

  /// The smallest network that holds an address (in host order), nullptr if there is none.
  answer find(uint32_t address) const noexcept;

private:
  // A word is 0 for no network, up to `most` the number of a node from 1 on, `deeper` for networks
  // that only the tree tells apart; in the table of /16, from `first_part` on, a part of 256 words.
  using word = uint16_t;
  static constexpr word most = 0x7ffe;
  static constexpr word deeper = 0x7fff;
  static constexpr word first_part = 0x8000;

  bool fill();
  void collect(_ndpi_patricia_node_t* head);
  size_t count_parts() const;
  bool put(uint32_t address, unsigned bits, word value);
  word* part_of(uint32_t address);

  const _ndpi_patricia_tree_t* tree_ = nullptr;
  std::vector<_ndpi_patricia_node_t*> nodes_;
  std::vector<word> table_; // by the first 16 bits of an address
  std::vector<word> parts_; // by the next 8
};

} // namespace flowactors
