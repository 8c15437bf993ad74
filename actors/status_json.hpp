#pragma once

#include "actors/run_status.hpp"

#include <nlohmann/json.hpp>

namespace flowactors {

// How a run goes, as JSON (docs/control.md). `account` is its report, parsed.

nlohmann::ordered_json status_json(const run_status& from, const nlohmann::ordered_json& account);
nlohmann::ordered_json contexts_json(const run_status& from, const nlohmann::ordered_json& account);

/// The scripts of the report, each with its state and its callbacks.
nlohmann::ordered_json scripts_json(const nlohmann::ordered_json& account);

} // namespace flowactors
