#pragma once

#include "actors/control_server.hpp"
#include "actors/messages.hpp"

#include <string>
#include <string_view>

namespace flowactors {

/// What the control socket answers to a command, as docs/control.md has it: one JSON object,
/// `{"ok": true, "result": ...}` or `{"ok": false, "error": "..."}`. The function asks `boss` and
/// waits for it, a bounded time.
control_server::answerer control_answers(caf::actor_system& system, supervisor_actor boss);

/// What a node answers to a command for all nodes, "ledger" or "status"; empty = it is none of
/// these.
std::string cluster_answer(std::string_view command, const run_status& from);

std::string reload_answer(const reload_result& from);
std::string refusal_answer(const std::string& why);

/// The answer to a command that asks how it goes; empty = it is none of these.
std::string status_answer(std::string_view command, const run_status& from);

} // namespace flowactors
