#pragma once

#include "capture/result.hpp"

#include <string>
#include <string_view>

/// What the program says about itself: lines of component, verb, object, on standard error or in a
/// file. Thread-safe. Never called for a packet.
namespace flowactors::log {

enum class level { trace, debug, info, warning, error, off };

/// From now on, lines of at least `least` ("trace" ... "off") go to `file`, or to standard error if
/// that is empty. Before the first call, warnings and errors go to standard error.
result<void> start(const std::string& least, const std::string& file);

/// From now on, lines of at least `least` are logged.
void set_level(const std::string& least);

/// Opens the file anew, after it was moved away. On an error the old one stays.
result<void> reopen();

/// One line: `component verb object: detail`.
void line(level severity, std::string_view component, std::string_view verb,
          std::string_view object, std::string_view detail = {}) noexcept;

inline void debug(std::string_view component, std::string_view verb, std::string_view object,
                  std::string_view detail = {}) noexcept {
  line(level::debug, component, verb, object, detail);
}
inline void info(std::string_view component, std::string_view verb, std::string_view object,
                 std::string_view detail = {}) noexcept {
  line(level::info, component, verb, object, detail);
}
inline void warning(std::string_view component, std::string_view verb, std::string_view object,
                    std::string_view detail = {}) noexcept {
  line(level::warning, component, verb, object, detail);
}
inline void error(std::string_view component, std::string_view verb, std::string_view object,
                  std::string_view detail = {}) noexcept {
  line(level::error, component, verb, object, detail);
}

/// True if standard error is a terminal that a progress line makes sense on.
bool on_terminal() noexcept;

/// Shows a line on the terminal that the next one, or a line of the log, takes the place of. Empty
/// = takes it away.
void show_progress(std::string_view text) noexcept;

} // namespace flowactors::log
