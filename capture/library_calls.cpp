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

thread_local constinit module_answers* known = nullptr;
thread_local constinit const ndpi_patricia_tree_t* last_tree = nullptr;

/// The function of libndpi that ours stands before.
template <class F>
F* original(const char* name) noexcept {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

ndpi_patricia_node_t* search_tree(ndpi_patricia_tree_t* tree, ndpi_prefix_t* prefix) {
  static auto* const search =
    original<decltype(ndpi_patricia_search_best)>("ndpi_patricia_search_best");
  last_tree = tree;
  return search(tree, prefix);
}

network_index index_networks(ndpi_detection_module_struct* module) {
  in_addr any{htonl(0x08080808)}; // a public one: of private ones the tree is not asked
  last_tree = nullptr;
  ndpi_network_ptree_match(module, &any);
  return network_index{last_tree};
}

} // namespace

module_answers::module_answers(ndpi_detection_module_struct* module)
  : networks(index_networks(module)) {}

answers_in_use::answers_in_use(module_answers& answers) noexcept {
  known = &answers;
}

answers_in_use::~answers_in_use() {
  known = nullptr;
}

} // namespace flowactors

extern "C" {

using flowactors::known;
using flowactors::module_answers;
using flowactors::original;

// Asked up to ten times a flow about its two addresses: a quarter of the time for flows of one
// packet.
ndpi_patricia_node_t* ndpi_patricia_search_best(ndpi_patricia_tree_t* tree, ndpi_prefix_t* prefix) {
  if (known != nullptr && known->networks.is_of(tree) && prefix != nullptr
      && prefix->family == AF_INET && prefix->bitlen == 32) {
    const auto answer = known->networks.find(ntohl(prefix->add.sin.s_addr));
    if (answer.known)
      return answer.node;
  }
  return flowactors::search_tree(tree, prefix);
}

// A host's name is looked for among those of protocols and of categories, and judged by its
// letters, several times a flow. The answers depend on the name alone.
int ndpi_match_string_subprotocol(ndpi_detection_module_struct* module, char* text, u_int length,
                                  ndpi_protocol_match_result* found) {
  static auto* const match =
    original<decltype(ndpi_match_string_subprotocol)>("ndpi_match_string_subprotocol");
  if (known == nullptr || text == nullptr || length == 0 || *text == '\0')
    return match(module, text, length, found);
  const auto answer = known->names.find(
    {text, length}, [](auto& answers) -> auto& { return answers.protocol; },
    [&] {
      module_answers::match fresh{};
      fresh.result = match(module, text, length, &fresh.found);
      return fresh;
    });
  *found = answer.found;
  return answer.result;
}

int ndpi_match_custom_category(ndpi_detection_module_struct* module, char* name, u_int length,
                               ndpi_protocol_category_t* found) {
  static auto* const match =
    original<decltype(ndpi_match_custom_category)>("ndpi_match_custom_category");
  if (known == nullptr || name == nullptr || length == 0 || *name == '\0' || found == nullptr)
    return match(module, name, length, found);
  const auto answer = known->names.find(
    {name, length}, [](auto& answers) -> auto& { return answers.custom_category; },
    [&] {
      module_answers::category fresh{};
      fresh.result = match(module, name, length, &fresh.found);
      return fresh;
    });
  *found = answer.found;
  return answer.result;
}

// Of a flow with a master protocol libndpi says no without a look at the name; and where it says
// yes it notes a risk, so that it is asked again.
int ndpi_check_dga_name(ndpi_detection_module_struct* module, ndpi_flow_struct* flow, char* name,
                        u_int8_t is_hostname) {
  static auto* const check = original<decltype(ndpi_check_dga_name)>("ndpi_check_dga_name");
  if (known == nullptr || name == nullptr
      || (flow != nullptr && flow->detected_protocol_stack[1] != NDPI_PROTOCOL_UNKNOWN))
    return check(module, flow, name, is_hostname);
  bool fresh = false;
  const int result = known->names.find(
    name, [&](auto& answers) -> auto& { return answers.generated[is_hostname != 0 ? 1 : 0]; },
    [&] {
      fresh = true;
      return check(module, flow, name, is_hostname);
    });
  return fresh || result == 0 ? result : check(module, flow, name, is_hostname);
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
