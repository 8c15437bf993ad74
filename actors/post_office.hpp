#pragma once

#include "actors/post_account.hpp"
#include "capture/result.hpp"
#include "lua/script_post.hpp"
#include "nodes/letter.hpp"
#include "nodes/serial_window.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace flowactors {

class post_office;

/// Where messages for one VM wait. It outlives the VM, whose successors go on with it.
class post_box final : public script_post {
public:
  static constexpr size_t most_waiting = 1000;
  static constexpr size_t most_waiting_bytes = 8u << 20;

  post_box(std::shared_ptr<post_office> of, std::string context);
  ~post_box() override;

  bool knows(std::string_view context) const noexcept override;
  bool send(std::string_view context, std::string_view value) noexcept override;
  bool waits() const noexcept override { return waits_.load(std::memory_order_relaxed); }
  bool take(std::string& value) noexcept override;

  /// From now on `wake` is called when something comes, from any thread; null = by nobody. It must
  /// not call back.
  void attach(std::function<void()> wake);

private:
  friend class post_office;
  const std::shared_ptr<post_office> of_;
  const std::string context_;
  std::atomic<bool> waits_{false};
  // What follows is guarded by the office's mutex.
  std::deque<std::string> waiting_;
  size_t bytes_ = 0;
  std::function<void()> wake_;
};

/// Brings messages of scripts to all VMs of a context, here and on the nodes to which there are
/// links, and from there to those behind them; and records to the output of a node to which there
/// is a link. Thread-safe, and never waits. What is sent comes once or not at all; each copy is
/// accounted for at every hop.
///
/// Each node tells the others which contexts run there or behind it, so that messages go where
/// somebody takes them. A letter that comes on two ways is taken once, by its origin and number.
///
/// What a node has not said to have come is kept. If its connection breaks, it goes over another
/// one or waits for the next; whoever has got it already knows it again. A node that is away for
/// longer than `keep` loses what was kept for it.
class post_office : public std::enable_shared_from_this<post_office> {
public:
  using peer_id = uint64_t;
  /// Called with the office locked: it must not call back.
  using sender = std::function<void(shared_letter)>;
  using clock = std::chrono::steady_clock;

  static constexpr size_t most_under_way = 1000; ///< messages and pieces of records to a node
  static constexpr size_t most_under_way_bytes = 8u << 20;

  /// `incarnation`: of this process.
  explicit post_office(uint64_t incarnation, clock::duration keep = std::chrono::seconds(5))
    : incarnation_(incarnation), keep_(keep) {}

  /// The box of a VM of this context, which from now on runs here.
  std::shared_ptr<post_box> open(const std::string& context);

  /// There is such a context, here or elsewhere.
  void introduce(const std::string& context);

  // -- records

  /// Takes whole lines of JSON for an output of this node.
  using outlet = std::function<void(std::string_view lines)>;

  /// Other nodes may send records to these outputs, and to no others.
  void set_outlets(std::map<std::string, outlet> outlets);

  /// Whether records can go now to that output of the node at this place ("host:port").
  result<void> reaches(const std::string& place, const std::string& output) const;

  enum class handed : uint8_t { took, busy, away };

  /// Sends whole lines of JSON there. With `busy` there is no room, with `away` no way.
  handed send_records(const std::string& place, const std::string& output, std::string_view lines);

  /// Waits until there may be room again, at most so long.
  void wait_for_room(std::chrono::milliseconds at_most);

  // -- for links

  /// A connection to the node is there, `place` if it was called there; `send` sends a letter over
  /// it, from any thread.
  peer_id join(const std::string& node, const std::string& place, sender send);

  /// It is gone.
  void leave(peer_id who);

  /// A letter has come over it.
  void take(peer_id from, letter what);

  /// So many letters have come there since the connection was.
  void receipt(peer_id from, uint64_t letters);

  // -- for what asks all nodes

  struct neighbour {
    std::string node;
    peer_id at; ///< the newest of its connections
  };

  /// Takes requests and answers that come (where from, what), and the end of connections (which of
  /// what node, null).
  using clerk = std::function<void(const neighbour&, shared_letter)>;
  void appoint(clerk who);

  /// The nodes to which there are connections.
  std::vector<neighbour> neighbours() const;

  /// Sends a request or an answer.
  void send(peer_id to, letter what);

  /// A number for a letter of this node.
  uint64_t next_serial();
  uint64_t incarnation() const noexcept { return incarnation_; }

  // -- the books

  /// Nothing goes anywhere any more: what is under way is lost.
  void close();

  post_accounts accounts();

private:
  friend class post_box;

  static constexpr size_t most_names = 1024;
  static constexpr size_t most_origins = 4096;
  static constexpr int most_unread = 256; ///< requests and answers, with the clerk

  /// A message, or records, that a node has not said to have come.
  struct flight {
    uint64_t number; ///< among the letters of its line
    shared_letter what;
    uint64_t units; ///< 1 message, or so many records
  };

  struct flights {
    std::deque<flight> all;
    size_t bytes = 0;

    bool has_room() const noexcept {
      return all.size() < most_under_way && bytes < most_under_way_bytes;
    }
    void push(flight what) {
      bytes += what.what->body.size();
      all.push_back(std::move(what));
    }
    flight pop() {
      auto out = std::move(all.front());
      bytes -= out.what->body.size();
      all.pop_front();
      return out;
    }
  };

  struct line {
    std::string node, place;
    sender send;
    uint64_t sent = 0; ///< letters
    uint64_t come = 0; ///< of these, those that came there
    flights under_way;
  };

  /// A node that was there a moment ago.
  struct absent {
    clock::time_point since;
    flights kept;
  };

  /// What is done once the lock is let go.
  using errands = std::vector<std::function<void()>>;

  bool send(const post_box& from, std::string_view context, std::string_view value);
  bool knows(std::string_view context) const;
  bool take(post_box& of, std::string& value);
  void close(post_box& of);
  uint64_t deliver(const std::string& context, const std::string& value, const post_box* but);
  uint64_t pass_on(const letter& what, const std::string& but);
  void take_names(const std::string& node, const std::string& list);
  void take_message(const std::string& node, const letter& what);
  void take_records(letter what, errands& later);
  void hand_to_clerk(const neighbour& from, letter what, errands& later);
  void tell_all(const std::string& to);
  void tell(const std::set<std::string>& names, const std::string& but);
  void put(line& to, shared_letter what);
  void put(line& to, flight what);
  void put_kept(line& to);
  line* line_to(const std::string& node);
  const line* line_at(const std::string& place) const;
  bool is_new(uint64_t origin, uint64_t serial);
  post_account& books_of(const letter& what) noexcept;
  void lose(flights& what);
  void forget_absent(clock::time_point now);

  const uint64_t incarnation_;
  const clock::duration keep_;
  mutable std::mutex mutex_; ///< of all that follows
  std::condition_variable room_;
  std::multimap<std::string, post_box*, std::less<>> boxes_;
  std::map<std::string, outlet> outlets_;
  std::set<std::string, std::less<>> known_;
  std::map<peer_id, line> lines_;
  std::map<std::string, absent> absent_;                            ///< by node
  std::map<std::string, std::set<std::string, std::less<>>> heard_; ///< names, by node
  std::map<uint64_t, serial_window> windows_;                       ///< by origin
  std::deque<uint64_t> origins_;                                    ///< oldest first
  clerk clerk_;
  std::shared_ptr<std::atomic<int>> unread_ = std::make_shared<std::atomic<int>>(0);
  uint64_t next_serial_ = 0;
  peer_id next_peer_ = 1;
  post_accounts books_;
};

} // namespace flowactors
