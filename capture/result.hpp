#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace flowactors {

/// What can go wrong, a sentence per value. The text of an `error` says where and with what.
enum class ec : uint8_t {
  /// The file, folder or interface does not exist.
  not_found,
  /// The thing exists, but this user may not use it.
  no_permission,
  /// The thing is of another kind than was asked for (a folder instead of a file, say).
  wrong_kind,
  /// The bytes are not in the format that they claim or were asked to be.
  bad_format,
  /// The input ends in the middle of a record.
  truncated,
  /// The format is known, but this variant of it is not supported.
  unsupported,
  /// A setting, an option or a filter has a value that can't be used.
  bad_setting,
  /// A script can't be loaded.
  bad_script,
  /// A script failed while it ran.
  script_failed,
  /// Reading or writing failed.
  io_failed,
  /// Memory, descriptors or another resource of the machine ran out.
  out_of_resources,
  /// A library does not behave as the version that this was built for.
  bad_library,
};

/// The name of a code, as logs and tests show it ("not_found").
const char* to_string(ec code) noexcept;

/// A code, and a sentence that names the thing, what was found and the way out.
struct error {
  ec code;
  std::string what;
};

/// A value or an error. Look before you take: `value()` on an error ends the process.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : data_(std::move(value)) {}
  result(error failure) : data_(std::move(failure)) {}

  explicit operator bool() const noexcept { return data_.index() == 0; }
  T& value() & noexcept { return *std::get_if<0>(&data_); }
  const T& value() const& noexcept { return *std::get_if<0>(&data_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&data_)); }
  T& operator*() & noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const error& failure() const noexcept { return *std::get_if<1>(&data_); }

private:
  std::variant<T, error> data_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(error failure) : failure_(std::move(failure)), failed_(true) {}

  explicit operator bool() const noexcept { return !failed_; }
  const error& failure() const noexcept { return failure_; }

private:
  error failure_{};
  bool failed_ = false;
};

} // namespace flowactors
