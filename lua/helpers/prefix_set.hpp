#pragma once

#include "lua/helpers/ip_prefix.hpp"
#include "lua/helpers/keyed_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

namespace flowactors {

/// Networks with a label each; an address finds the smallest network that it is in. A binary trie
/// of each family without one-way branches (Patricia): look-up walks at most one node a bit of the
/// longest match, in practice about the logarithm of the number of networks.
class prefix_set {
public:
  explicit prefix_set(helper_memory& memory) noexcept
    : nodes_(memory), labels_(memory, most_labels) {}

  /// Adds a network, or gives it another label. `label` of kind none = the network's own text.
  /// False = no memory.
  bool add(const ip_prefix& network, scalar label) noexcept;

  /// True if it was there.
  bool remove(const ip_prefix& network) noexcept;

  static constexpr uint32_t none = 0;

  /// The number of the smallest network around an address, or none. Valid until the next change.
  uint32_t match(const ip_prefix& address) const noexcept;
  const ip_prefix& network(uint32_t found) const noexcept { return nodes_[found].network; }
  /// Of kind none if it has no label of its own.
  scalar label(uint32_t found) const noexcept;

  uint32_t size() const noexcept { return size_; }
  void clear() noexcept;

  static constexpr char letter = 'p';
  void save(byte_writer& out) const noexcept;
  restored restore(byte_reader& in) noexcept;

private:
  static constexpr uint32_t most_labels = 1u << 24;
  static constexpr uint32_t no_network = 0, own_text = 1, first_label = 2;

  struct node {
    ip_prefix network;
    uint32_t child[2] = {none, none};
    uint32_t mark = no_network; ///< or own_text, or a label's entry + first_label
  };
  struct nothing {};

  uint32_t make_node(const ip_prefix& network, uint32_t mark) noexcept;
  uint32_t* find_place(const ip_prefix& network) noexcept;
  bool mark_of(scalar label, uint32_t& mark) noexcept;

  block<node> nodes_; ///< 0 is not used
  keyed_table<nothing> labels_;
  uint32_t taken_ = 1;
  uint32_t roots_[2] = {none, none}; ///< IPv4, IPv6
  uint32_t size_ = 0;
};

} // namespace flowactors
