#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace flowactors {

/// What a command of `flowactors ctl` gave, for people.
std::string ctl_text(const std::string& command, const nlohmann::ordered_json& result, bool colour);

/// A side of an equation of the ledger: "handled 5 + shed 1". Terms of 0 are left out, unless there
/// is no other.
std::string ledger_terms(const nlohmann::ordered_json& side);

/// What `top` shows over time: rates need the answer before.
class top_view {
public:
  /// The lines of one picture. `result` is an answer to "top".
  std::string picture(const nlohmann::ordered_json& result, bool colour);

private:
  struct worst_second {
    double lost = 0; ///< packets and records
    double at_s = 0; ///< of the run
  };

  nlohmann::ordered_json before_;
  worst_second worst_;
};

} // namespace flowactors
