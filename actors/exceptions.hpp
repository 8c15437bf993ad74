#pragma once

#include <caf/all.hpp>

#include <exception>

namespace flowactors {

/// The reason of an actor that an exception ends: its text, as CAF would keep it from the log and
/// print it on standard output, between what scripts write.
inline caf::error reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& what) {
    return caf::make_error(caf::sec::runtime_error, what.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, "an exception of an unknown kind");
  }
}

/// To be called before the actor handles anything.
template <class Actor>
void tell_exceptions(Actor* self) {
  self->set_exception_handler([](std::exception_ptr& thrown) { return reason_of(thrown); });
}

} // namespace flowactors
