#include "capture/network_index.hpp"

#include <ndpi/ndpi_api.h>

#include <algorithm>

namespace flowactors {

network_index::network_index(const _ndpi_patricia_tree_t* tree) : tree_(tree) {
  if (tree_ == nullptr || !fill())
    *this = network_index{};
}

network_index::answer network_index::find(uint32_t address) const noexcept {
  word found = table_[address >> 16];
  if (found >= first_part)
    found = parts_[(found - first_part) * size_t{256} + ((address >> 8) & 255)];
  if (found == deeper)
    return {false, nullptr};
  return {true, found == 0 ? nullptr : nodes_[found - 1]};
}

bool network_index::fill() {
  collect(tree_->head);
  if (nodes_.size() > most)
    return false;
  // Smaller networks come later and take their share of the larger ones.
  std::ranges::stable_sort(nodes_, {},
                           [](const _ndpi_patricia_node_t* node) { return node->prefix->bitlen; });
  table_.resize(1 << 16);
  parts_.reserve(256 * count_parts());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const ndpi_prefix_t& network = *nodes_[i]->prefix;
    if (network.family != AF_INET
        || !put(ntohl(network.add.sin.s_addr), network.bitlen, static_cast<word>(i + 1)))
      return false;
  }
  return true;
}

void network_index::collect(_ndpi_patricia_node_t* head) {
  nodes_.reserve(static_cast<size_t>(std::max(tree_->num_active_node, 0)));
  std::vector<_ndpi_patricia_node_t*> waiting{head};
  while (!waiting.empty()) {
    _ndpi_patricia_node_t* node = waiting.back();
    waiting.pop_back();
    if (node == nullptr)
      continue;
    if (node->prefix != nullptr)
      nodes_.push_back(node);
    waiting.push_back(node->l);
    waiting.push_back(node->r);
  }
}

size_t network_index::count_parts() const {
  std::vector<bool> divided(1 << 16);
  for (const _ndpi_patricia_node_t* node : nodes_)
    if (node->prefix->bitlen > 16)
      divided[ntohl(node->prefix->add.sin.s_addr) >> 16] = true;
  return static_cast<size_t>(std::ranges::count(divided, true));
}

bool network_index::put(uint32_t address, unsigned bits, word value) {
  if (bits <= 16) {
    const uint32_t first = bits == 0 ? 0 : (address >> 16) & ~((1U << (16 - bits)) - 1);
    std::fill_n(table_.begin() + first, size_t{1} << (16 - bits), value);
    return true;
  }
  word* part = part_of(address);
  if (part == nullptr)
    return false;
  if (bits > 24) {
    part[(address >> 8) & 255] = deeper;
    return true;
  }
  const uint32_t first = (address >> 8) & 255 & ~((1U << (24 - bits)) - 1);
  std::fill_n(part + first, size_t{1} << (24 - bits), value);
  return true;
}

network_index::word* network_index::part_of(uint32_t address) {
  word& whole = table_[address >> 16];
  if (whole < first_part) {
    const size_t number = parts_.size() / 256;
    if (number > UINT16_MAX - first_part)
      return nullptr;
    parts_.insert(parts_.end(), 256, whole);
    whole = static_cast<word>(first_part + number);
  }
  return parts_.data() + (whole - first_part) * size_t{256};
}

} // namespace flowactors
