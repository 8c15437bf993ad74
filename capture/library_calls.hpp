#pragma once

#include "capture/name_answers.hpp"
#include "capture/network_index.hpp"

#include <ndpi/ndpi_api.h>

#include <cstddef>

namespace flowactors {

/// The first place of `wanted` within the first `room` bytes of `text`, which ends sooner at a 0;
/// nullptr if there is none. What libndpi's ndpi_strnstr gives.
const char* find_in(const char* text, const char* wanted, size_t room) noexcept;

/// What a module of nDPI answers over and over while it works: whom addresses and names belong to.
struct module_answers {
  /// Of a module that is finalised. Without networks if libndpi's search can't be reached.
  explicit module_answers(ndpi_detection_module_struct* module);

  struct match {
    int result;
    ndpi_protocol_match_result found;
  };

  struct category {
    int result;
    ndpi_protocol_category_t found;
  };

  struct of_name {
    remembered<match> protocol;
    remembered<category> custom_category;
    remembered<int> generated[2]; // by algorithm, [1] as a host's name
  };

  network_index networks;
  name_answers<of_name> names;
};

/// While it lives, what libndpi asks itself on this thread is answered by `answers`, which must be
/// of the module at work.
class answers_in_use {
public:
  explicit answers_in_use(module_answers& answers) noexcept;
  ~answers_in_use();
  answers_in_use(const answers_in_use&) = delete;
  answers_in_use& operator=(const answers_in_use&) = delete;
};

} // namespace flowactors
