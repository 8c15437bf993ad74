#pragma once

#include "capture/event.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// How the methods of `flow` and the functions of `interface` name protocols and categories
/// ([inline] compat_names). The fields of the argument `flow` always have today's names.
enum class name_age : uint8_t {
  current,     ///< as the nDPI that runs has them: "TLS", "Email"
  of_year_2017 ///< as nDPI 2.0 had them: "SSL", "EmailSync"
};

/// The names of 2017 for the numbers of a catalog.
struct names_of_2017 {
  std::vector<std::string> protocols;       ///< by protocol number
  std::vector<std::string> protocol_breeds; ///< by protocol number
  std::vector<std::string>
    protocol_categories;               ///< by protocol number; empty = that of `categories`
  std::vector<std::string> categories; ///< by category number
};

/// Protocols that are of today alone keep their names; parts of a protocol that were told apart
/// later have the name of the whole ("GTP_U" is "GTP").
names_of_2017 translate_names(const catalog& names);

/// The categories of 2017, by their numbers then.
std::span<const std::string_view> categories_of_2017() noexcept;

/// A name of today that had another one, or another category, in 2017.
struct renamed {
  std::string_view now;
  std::string_view then;
};

/// What the translation knows: protocols by name, their categories, and categories by name. Every
/// `now` of the first two is a protocol of nDPI 4.2, every one of the third a category.
std::span<const renamed> renamed_protocols() noexcept;
std::span<const renamed> moved_protocols() noexcept;
std::span<const renamed> renamed_categories() noexcept;

} // namespace flowactors
