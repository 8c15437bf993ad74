#pragma once

#include "actors/link.hpp"
#include "actors/node_ports.hpp"
#include "actors/post_line.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flowactors {

/// What the listener owns from its first moment on.
struct node_parts {
  int listener = -1; ///< a descriptor, see listen_on; -1 = `listen` makes it
  std::function<void(caf::io::abstract_broker&)> listen;
  node_identity self;
  std::shared_ptr<node_ports> ports;
  std::shared_ptr<post_office> post; ///< null = letters are not taken
};

/// The same, with what its connections say.
using node_broker = node_actor::extend<
  caf::reacts_to<caf::io::new_connection_msg>, caf::reacts_to<caf::io::new_data_msg>,
  caf::reacts_to<caf::io::connection_closed_msg>, caf::reacts_to<caf::io::acceptor_closed_msg>,
  // (from the post office) Send this.
  caf::reacts_to<letter_atom, uint64_t, shared_letter>>;

/// Each connection:
///
///   greeting (TLS) --hello--> running --bye, closed--> gone
///      |                         |
///      +---- wrong or silent, or it leaves ----> refused: the reason is sent, counted and logged,
///      then
///                                                gone
///
/// Until the greeting has come whole, a peer has 208 bytes and its timeout, and nothing that it
/// sends is kept. What a link has sent so far outlives its connections in a session; a hello of the
/// same process goes on with it.
class node_state {
public:
  static constexpr const char* name = "node";
  using pointer = node_broker::stateful_broker_pointer<node_state>;
  using clock = std::chrono::steady_clock;

  explicit node_state(pointer self) : self_(self) {}
  ~node_state();
  void start(node_parts parts);
  node_broker::behavior_type make_behavior();

private:
  struct remote_lane {
    uint64_t received = 0; ///< batches
    uint64_t done = 0;
    uint64_t told = 0; ///< of the done, as far as the sender knows
    struct batch {
      uint64_t weight, size;
    };
    std::map<uint64_t, batch> in_hand; ///< not yet done, by number
    uint32_t slots = 0;
  };

  /// What came over one link, whatever became of its connections.
  struct session {
    std::string node;
    std::string context;
    uint64_t incarnation = 0;
    std::vector<remote_lane> lanes;
    uint64_t under_way = 0; ///< events that came and are not yet done
    uint64_t credit = 0;
    caf::io::connection_handle connection; ///< invalid = there is none now
  };

  struct peer {
    channel talk;
    uint64_t of = 0; ///< session, 0 = not greeted yet
    clock::time_point heard, said;
    post_line mail;
  };

  using handle = caf::io::connection_handle;

  void accept(handle from);
  void read_on(handle from, const peer& of);
  void take_data(const caf::io::new_data_msg& data);
  std::optional<refusal> take_frame(handle from, peer& of, const frame_header& header,
                                    std::span<const char> body);
  std::optional<refusal> take_hello(handle from, peer& of, const frame_header& header,
                                    std::span<const char> body);
  std::optional<refusal> take_batch(session& of, uint64_t id, const frame_header& header,
                                    std::span<const char> body);
  std::optional<refusal> find_session(const hello_body& hello, uint64_t& id, bool& resumes);
  void welcome(handle to, session& of, bool resumes);
  std::optional<refusal> take_letter(handle from, peer& of, const frame_header& header,
                                     std::span<const char> body);
  void send(uint64_t line, const letter& what);
  void take_done(uint64_t id, uint16_t number);
  void acknowledge(session& of, uint16_t number);
  void send_away(handle from, refusal why);
  void closed(handle from);
  void drop(handle from);
  void forget(uint64_t id);
  void say(handle to, peer& of, frame_header header, std::span<const char> body = {});
  std::optional<uint32_t> free_slots();
  size_t longest_body(const peer& of) const noexcept;
  static std::string what_of(const session& of);
  void tick();
  caf::result<bool> finish();
  void end_if_done();

  pointer self_;
  node_parts parts_;
  std::map<handle, peer> peers_;
  std::map<uint64_t, session> sessions_;
  uint64_t next_session_ = 1;
  bool finishing_ = false;
  bool ended_ = false;
  caf::typed_response_promise<bool> promise_;
};

node_broker::behavior_type node(node_state::pointer self, std::shared_ptr<node_parts> parts);

} // namespace flowactors
