#pragma once

#include "actors/lane.hpp"
#include "actors/messages.hpp"
#include "actors/node_identity.hpp"
#include "actors/post_line.hpp"
#include "nodes/channel.hpp"
#include "nodes/route.hpp"
#include "nodes/sockets.hpp"

#include <caf/io/all.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What a link owns from its first moment on.
struct link_parts {
  std::string context; ///< empty = it carries letters alone, and has neither lanes nor a route
  bool quiet = false;  ///< another link tells the log of the same troubles
  endpoint to;
  uint32_t place = 0; ///< in the route
  std::shared_ptr<route> nodes;
  node_identity self;
  std::vector<std::shared_ptr<lane>> lanes; ///< one from each worker
  std::shared_ptr<context_end> last;        ///< written at the end, whatever ends it
  std::shared_ptr<post_office> post;        ///< null = letters are not taken
  /// Makes the connection; null = over TCP, in a thread of its own.
  std::function<caf::expected<caf::io::connection_handle>(caf::io::abstract_broker&)> dial;
};

/// Stands in for a context that runs on another node: as a context does it, it takes the batches of
/// its lanes, and settles one when the other node says that it is done.
using link_actor =
  context_actor::extend<caf::reacts_to<caf::io::new_data_msg>,
                        caf::reacts_to<caf::io::connection_closed_msg>,
                        // (from the thread that dials) This descriptor, or -1 and why not.
                        caf::reacts_to<dialed_atom, int, std::string>,
                        // (from the post office) Send this.
                        caf::reacts_to<letter_atom, uint64_t, shared_letter>,
                        // (to itself) Look at the clock.
                        caf::reacts_to<tick_atom>>;

///   unconnected --run, or the pause is over--> connecting --dialed--> shaking hands (TLS, hello)
///        ^                                         |                       |
///        |                                      failed                 welcome
///        |                                         v                       v
///        +----------- the pause begins ---------- lost <-- closed, --- running --bye--> leaving
///                                                   silent or wrong
///
/// What was sent and is not yet done stays in hand. After a new connection the other node says how
/// much of it has come, and the rest is sent again; if it is another process by then, it is lost.
/// When a link is lost for longer than the timeout and the context has other nodes, those get its
/// share until it is there again. Credit bounds what is under way, and so what waits in the
/// connection's buffers.
class link_state {
public:
  static constexpr const char* name = "link";
  using pointer = link_actor::stateful_broker_pointer<link_state>;
  using clock = std::chrono::steady_clock;

  explicit link_state(pointer self) : self_(self) {}
  ~link_state();
  void start(link_parts parts);
  link_actor::behavior_type make_behavior();

private:
  /// A batch that was sent.
  struct flight {
    uint64_t first;
    std::shared_ptr<const flow_batch> batch;
    clock::time_point sent;
  };

  struct sender {
    std::shared_ptr<lane> from;
    std::deque<flight> in_hand; ///< oldest first
    uint64_t done = 0;          ///< batches; also the number of the oldest in hand
    uint64_t expected = 0;      ///< sequence number of the next event
    int64_t marked_ns = 0;
  };

  enum class phase { unconnected, connecting, shaking_hands, running, leaving };

  // -- the connection
  void dial_now();
  void take_dialed(int fd, const std::string& why);
  void greet(caf::io::connection_handle over);
  void take_data(const caf::io::new_data_msg& data);
  bool take_frame(const frame_header& header, std::span<const char> body);
  bool take_welcome(std::span<const char> body);
  bool take_ack(const frame_header& header);
  bool take_letter(const frame_header& header, std::span<const char> body);
  void send(uint64_t line, const letter& what);
  void take_refusal(std::span<const char> body);
  std::string trouble_of(refusal wrong) const;
  void closed();
  void lose(const std::string& why);
  void tick();
  void go_missing();
  void say(frame_kind kind, std::span<const char> body = {}, uint64_t serial = 0);
  void read_on();
  void spoke();

  // -- the lanes
  void run();
  void pump();
  bool send_next(sender& of);
  void send(uint16_t lane_number, uint64_t serial, flight& what);
  void send_mark(sender& of, uint16_t lane_number);
  void resume(const welcome_body& welcome);
  void begin_anew();

  // -- the end
  caf::result<context_snapshot> finish();
  context_end retire();
  void end_if_done();
  void end();
  bool given_up() const;
  bool is_late() const;
  std::string what_for() const;
  context_snapshot snapshot() const;

  pointer self_;
  link_parts parts_;
  std::vector<sender> senders_;
  phase phase_ = phase::unconnected;
  caf::io::connection_handle connection_;
  channel talk_;
  uint64_t known_ = 0; ///< the other node's incarnation, 0 = none yet
  std::string peer_;
  uint64_t credit_ = 0; ///< events
  uint64_t under_way_ = 0;
  size_t turn_ = 0;       ///< the lane whose turn it is
  uint32_t failures_ = 0; ///< in a row
  std::string told_;      ///< the last trouble that was logged
  clock::time_point heard_, said_, lost_since_, retry_at_;
  bool missing_ = false; ///< the share has gone to others
  bool finishing_ = false;
  bool ended_ = false;
  context_snapshot counted_;
  link_account books_;
  post_line mail_;
  caf::typed_response_promise<context_snapshot> promise_;
};

link_actor::behavior_type link(link_state::pointer self, std::shared_ptr<link_parts> parts);

} // namespace flowactors
