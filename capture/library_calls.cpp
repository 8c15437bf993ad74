// Calls inside libndpi that come to functions of ours, since the dynamic linker prefers the
// program's. All give what the originals give; tests/capture/library_calls.cpp and
// plain_format.cpp compare them.

#include "capture/library_calls.hpp"

#include "capture/network_index.hpp"
#include "capture/plain_format.hpp"

#include <dlfcn.h>
#include <ndpi/ndpi_api.h>

#include <cstdarg>
#include <cstring>

namespace flowactors {

const char* find_in(const char* text, const char* wanted, size_t room) noexcept {
  const size_t size = std::strlen(wanted);
  if (size == 0)
    return text;
  if (room == 0) // libndpi asks so about packets without payload, and with a null text
    return nullptr;
  return static_cast<const char*>(memmem(text, strnlen(text, room), wanted, size));
}

namespace {

thread_local constinit const network_index* known_networks = nullptr;
thread_local constinit const ndpi_patricia_tree_t* last_tree = nullptr;

using network_search = ndpi_patricia_node_t* (*)(ndpi_patricia_tree_t*, ndpi_prefix_t*);

ndpi_patricia_node_t* search_tree(ndpi_patricia_tree_t* tree, ndpi_prefix_t* prefix) {
  static const auto original =
    reinterpret_cast<network_search>(dlsym(RTLD_NEXT, "ndpi_patricia_search_best"));
  last_tree = tree;
  return original(tree, prefix);
}

} // namespace

network_index index_networks(ndpi_detection_module_struct* module) {
  in_addr any{htonl(0x08080808)}; // a public one: of private ones the tree is not asked
  last_tree = nullptr;
  ndpi_network_ptree_match(module, &any);
  return network_index{last_tree};
}

networks_in_use::networks_in_use(const network_index& index) noexcept {
  known_networks = &index;
}

networks_in_use::~networks_in_use() {
  known_networks = nullptr;
}

} // namespace flowactors

extern "C" {

// Asked up to ten times a flow about its two addresses: a quarter of the time for flows of one
// packet.
ndpi_patricia_node_t* ndpi_patricia_search_best(ndpi_patricia_tree_t* tree, ndpi_prefix_t* prefix) {
  using flowactors::known_networks;
  if (known_networks != nullptr && known_networks->is_of(tree) && prefix != nullptr
      && prefix->family == AF_INET && prefix->bitlen == 32) {
    const auto answer = known_networks->find(ntohl(prefix->add.sin.s_addr));
    if (answer.known)
      return answer.node;
  }
  return flowactors::search_tree(tree, prefix);
}

// Dissectors look for words in payloads, a dozen times a packet of an unknown protocol.
char* ndpi_strnstr(const char* text, const char* wanted, size_t room) {
  return const_cast<char*>(flowactors::find_in(text, wanted, room));
}

// JA3 fingerprints are built by a snprintf for each cipher and extension, 70 for a TLS flow: a
// sixth of all instructions on short flows. What plain_format doesn't know goes the C library's
// way. Sanitizers have a function of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

int __vsnprintf_chk(char*, size_t, int, size_t, const char*, va_list);

int __snprintf_chk(char* out, size_t room, int flag, size_t size, const char* format, ...) {
  va_list arguments;
  if (size >= room) {
    va_start(arguments, format);
    const int length = flowactors::plain_format(out, room, format, arguments);
    va_end(arguments);
    if (length >= 0)
      return length;
  }
  va_start(arguments, format);
  const int length = __vsnprintf_chk(out, room, flag, size, format, arguments);
  va_end(arguments);
  return length;
}

#endif

} // extern "C"
