#include "actors/system.hpp"

#include <caf/io/middleman.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace flowactors {

system_config::system_config(bool network) {
  if (network)
    load<caf::io::middleman>();
  add_message_types<caf::id_block::flowactors>();
  // Otherwise CAF reads caf-application.ini from the working directory.
  std::istringstream nothing;
  parse(std::vector<std::string>{}, nothing);
  // Work stealing costs a percent of a core while idle.
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", size_t{2});
  // A batch takes two. After 50, as CAF has it, answers come in bursts, and both ends of a busy
  // link wait for each other.
  set("middleman.max-consecutive-reads", size_t{4});
}

} // namespace flowactors
