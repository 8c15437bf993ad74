#pragma once

#include "capture/network_index.hpp"

#include <cstddef>

struct ndpi_detection_module_struct;

namespace flowactors {

/// The first place of `wanted` within the first `room` bytes of `text`, which ends sooner at a 0;
/// nullptr if there is none. What libndpi's ndpi_strnstr gives.
const char* find_in(const char* text, const char* wanted, size_t room) noexcept;

/// The networks that a module knows, after it is finalised. Of no tree if libndpi's search can't be
/// reached.
network_index index_networks(ndpi_detection_module_struct* module);

/// While it lives, this thread's searches in the tree of `index` are answered by the index.
class networks_in_use {
public:
  explicit networks_in_use(const network_index& index) noexcept;
  ~networks_in_use();
  networks_in_use(const networks_in_use&) = delete;
  networks_in_use& operator=(const networks_in_use&) = delete;
};

} // namespace flowactors
