#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace flowactors {

/// What this node adds to the ledger of all: its own, and both ends of its links.
nlohmann::ordered_json cluster_ledger_json(const nlohmann::ordered_json& account);

/// What `--cluster` gives for a command, from the answers of all nodes: `nodes`, each with `node`
/// and `ok`, and its `result` or `error`. For the ledger also the `equations` of all nodes added
/// up, each hop, and whether all is `balanced`; for a reload whether all have `loaded`.
nlohmann::ordered_json cluster_result(std::string_view command,
                                      const nlohmann::ordered_json& nodes);

/// The same as text.
std::string cluster_text(const std::string& command, const nlohmann::ordered_json& result,
                         bool colour);

} // namespace flowactors
