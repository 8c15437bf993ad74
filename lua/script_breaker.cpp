#include "lua/script_breaker.hpp"

namespace flowactors {

bool script_breaker::breach(int64_t now_ns, bool grave) {
  if (!closed() || limits_->on_limit == limit_action::keep)
    return false;
  if (limits_->on_limit == limit_action::stop || state_ == state::trial) {
    state_ = state::off;
    return true;
  }
  while (!recent_.empty() && now_ns - recent_.front() > limits_->within.count())
    recent_.pop_front();
  recent_.push_back(now_ns);
  if (!grave && recent_.size() < limits_->breaches)
    return false;
  recent_.clear();
  state_ = state::suspended;
  since_ns_ = now_ns;
  return true;
}

bool script_breaker::advance(int64_t now_ns) noexcept {
  if (state_ == state::suspended && now_ns - since_ns_ >= limits_->retry_after.count())
    state_ = state::trial;
  else if (state_ == state::trial && now_ns - since_ns_ >= limits_->within.count())
    state_ = state::running;
  else
    return false;
  since_ns_ = now_ns;
  return true;
}

const char* to_string(script_breaker::state state) noexcept {
  switch (state) {
    case script_breaker::state::running:
      return "running";
    case script_breaker::state::suspended:
      return "suspended";
    case script_breaker::state::trial:
      return "trial";
    case script_breaker::state::off:
      break;
  }
  return "off";
}

} // namespace flowactors
