#pragma once

#include "actors/messages.hpp"
#include "actors/post_office.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace flowactors {

/// What the actor that asks all nodes owns from its first moment on.
struct cluster_parts {
  std::string node; ///< this one
  std::shared_ptr<post_office> post;
  supervisor_actor boss; ///< answers for this node
  bool trusts = false;   ///< others may ask: they have shown who they are, or need not
};

/// Carries a request to every node that can be reached over links, once, and the answers back: each
/// node asks all but the one that asked it, waits for those and adds its own. One that gives no
/// answer in time, or goes, has an entry that says so.
///
///   (request) --ask all others, and this node--> awaiting --the last came, or time is over-->
///   (answer)
///
/// Each hop waits a fifth less than the one before, so that answers are there in time.
class cluster_state {
public:
  static constexpr const char* name = "cluster";

  explicit cluster_state(cluster_actor::stateful_pointer<cluster_state> self) : self_(self) {}
  ~cluster_state();
  void start(cluster_parts parts);
  cluster_actor::behavior_type make_behavior();

private:
  using key = std::pair<uint64_t, uint64_t>; ///< origin, serial

  struct call {
    caf::typed_response_promise<std::string> promise; ///< of this node's own
    uint64_t from = 0;                                ///< connection, 0 = it is this node's own
    std::map<uint64_t, std::string> awaited;          ///< nodes by connection; 0 = this one
    std::vector<std::string> answers;                 ///< entries, each an object
    size_t bytes = 0;                                 ///< of them
  };

  caf::result<std::string> ask(const std::string& command, uint32_t patience_ms);
  void begin(const key& which, call made, const post_office::neighbour& from,
             const std::string& command, uint32_t patience_ms, uint8_t hops);
  void answer_self(const key& which, const std::string& command);
  void take(const post_office::neighbour& from, const shared_letter& what);
  void take_answer(const post_office::neighbour& from, const letter& what);
  void take_entry(const key& which, uint64_t of, std::vector<std::string> entries);
  void time_is_over(const key& which);
  void conclude(const key& which);
  void reply(uint64_t to, const key& which, std::string list);
  std::string failure(const std::string& node, const std::string& why) const;

  cluster_actor::stateful_pointer<cluster_state> self_;
  cluster_parts parts_;
  std::map<key, call> calls_;
  std::deque<key> answered_; ///< the last of them
};

cluster_actor::behavior_type cluster(cluster_actor::stateful_pointer<cluster_state> self,
                                     cluster_parts parts);

} // namespace flowactors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flowactors::cluster_parts)
