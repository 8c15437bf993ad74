#include "lua/helpers/prefix_set.hpp"

#include <algorithm>

namespace flowactors {

bool prefix_set::add(const ip_prefix& network, scalar label) noexcept {
  uint32_t mark = own_text;
  // Two nodes at most; made before anything changes.
  if (taken_ + 2 > nodes_.size() && !nodes_.grow(std::max<size_t>(16, nodes_.size() * 2)))
    return false;
  if (!mark_of(label, mark))
    return false;
  uint32_t* const place = find_place(network);
  const uint32_t found = *place;
  if (found == none) {
    *place = make_node(network, mark);
  } else if (nodes_[found].network == network) {
    size_ -= nodes_[found].mark != no_network ? 1 : 0;
    nodes_[found].mark = mark;
  } else {
    // They part before the end of what is there: a node stands where they do.
    const unsigned common =
      std::min<unsigned>(network.length, network.common(nodes_[found].network));
    const bool around = common == network.length;
    const uint32_t made = make_node(network.cut(common), around ? mark : no_network);
    *place = made;
    nodes_[made].child[nodes_[found].network.bit(common) ? 1 : 0] = found;
    if (!around)
      nodes_[made].child[network.bit(common) ? 1 : 0] = make_node(network, mark);
  }
  ++size_;
  return true;
}

bool prefix_set::remove(const ip_prefix& network) noexcept {
  const uint32_t found = *find_place(network);
  if (found == none || !(nodes_[found].network == network) || nodes_[found].mark == no_network)
    return false;
  nodes_[found].mark = no_network;
  --size_;
  return true;
}

uint32_t prefix_set::match(const ip_prefix& address) const noexcept {
  uint32_t best = none;
  for (uint32_t at = roots_[address.is_ipv6 ? 1 : 0]; at != none;) {
    const node& here = nodes_[at];
    if (!here.network.covers(address))
      break;
    if (here.mark != no_network)
      best = at;
    if (here.network.length >= address.length)
      break;
    at = here.child[address.bit(here.network.length) ? 1 : 0];
  }
  return best;
}

scalar prefix_set::label(uint32_t found) const noexcept {
  const uint32_t mark = nodes_[found].mark;
  return mark >= first_label ? labels_.key(mark - first_label) : scalar{};
}

void prefix_set::clear() noexcept {
  nodes_.clear();
  labels_.clear();
  taken_ = 1;
  size_ = 0;
  roots_[0] = roots_[1] = none;
}

void prefix_set::save(byte_writer& out) const noexcept {
  out.put(size_);
  for (uint32_t i = 1; i < taken_; ++i) {
    const node& from = nodes_[i];
    if (from.mark == no_network)
      continue;
    out.put(from.network.high);
    out.put(from.network.low);
    out.put(from.network.length);
    out.put(static_cast<uint8_t>(from.network.is_ipv6));
    const scalar own = label(i);
    out.put(static_cast<uint8_t>(own.kind != scalar_kind::none));
    if (own.kind != scalar_kind::none)
      out.put(own);
  }
}

restored prefix_set::restore(byte_reader& in) noexcept {
  for (auto left = in.take<uint32_t>(); left > 0 && in.ok(); --left) {
    ip_prefix network;
    network.high = in.take<uint64_t>();
    network.low = in.take<uint64_t>();
    network.length = in.take<uint8_t>();
    network.is_ipv6 = in.take<uint8_t>() != 0;
    const bool labelled = in.take<uint8_t>() != 0;
    const scalar label = labelled ? in.take_scalar() : scalar{};
    if (!in.ok() || network.length > network.longest() || !(network.cut(network.length) == network))
      return restored::damaged;
    if (!add(network, label))
      return restored::no_memory;
  }
  return in.at_end() ? restored::whole : restored::damaged;
}

uint32_t prefix_set::make_node(const ip_prefix& network, uint32_t mark) noexcept {
  nodes_[taken_] = {network, {none, none}, mark};
  return taken_++;
}

// Where the node of a network stands, or where it belongs: on nothing, or on a node that it parts
// from.
uint32_t* prefix_set::find_place(const ip_prefix& network) noexcept {
  uint32_t* place = &roots_[network.is_ipv6 ? 1 : 0];
  while (*place != none) {
    node& here = nodes_[*place];
    if (!here.network.covers(network) || here.network.length == network.length)
      break;
    place = &here.child[network.bit(here.network.length) ? 1 : 0];
  }
  return place;
}

// The label's entry: equal labels are kept once.
bool prefix_set::mark_of(scalar label, uint32_t& mark) noexcept {
  if (label.kind == scalar_kind::none)
    return true;
  const uint64_t hash = labels_.hash(label);
  uint32_t entry = labels_.find(label, hash);
  if (entry == labels_.none)
    entry = labels_.insert(label, hash);
  mark = entry + first_label;
  return entry != labels_.none;
}

} // namespace flowactors
