#pragma once

#include "actors/link_account.hpp"
#include "actors/messages.hpp"
#include "actors/node_identity.hpp"
#include "actors/post_office.hpp"
#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// The links that carry letters, one to each node that runs contexts or has outputs for this one,
/// for the supervisor, in whose thread everything here happens. They are connections of their own:
/// a message, a record or a question waits behind no events.
class letter_links {
public:
  using pointer = supervisor_actor::pointer;

  /// Who this node is for others, and what the links carry; before `set`.
  void introduce(node_identity identity, std::shared_ptr<post_office> post);

  /// Links to the nodes of these contexts and outputs, and to no others. One that is no longer
  /// needed ends when what it has is there.
  void set(pointer self, const settings& values);

  /// Takes the end of an actor that was not asked to end; true if it was one of these.
  bool take_down(pointer self, const caf::down_msg& down);

  /// Asks all for their books, as context_set does.
  void ask(pointer self, caf::duration at_most, const std::function<void()>& asked,
           std::function<void()> answered);

  /// Ends them once what they have is there, or their node was away too long, and calls `done`.
  void finish(pointer self, std::function<void()> done);

  /// The books when they were last asked for.
  std::vector<link_account> accounts() const;

private:
  struct entry {
    std::string at;
    context_actor handle; ///< invalid = it has ended
    bool leaving = false;
    bool quiet = false; ///< a context has a link to the same node
    link_account books;
  };

  void spawn(pointer self, entry& of) const;
  void end(pointer self, entry& of);
  void one_ended(entry& of);

  node_identity identity_;
  std::shared_ptr<post_office> post_;
  std::vector<std::unique_ptr<entry>> entries_; ///< also those that have ended
  size_t running_ = 0;
  std::function<void()> done_;
};

} // namespace flowactors
