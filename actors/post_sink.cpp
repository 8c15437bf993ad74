#include "actors/post_sink.hpp"

#include <utility>

namespace flowactors {

namespace {

constexpr size_t piece_bytes = 64u << 10;

/// Whole lines of a letter's size, or one that is longer.
std::string_view piece_of(std::string_view lines) {
  const auto last = lines.substr(0, piece_bytes).rfind('\n');
  return lines.substr(0, (last == lines.npos ? lines.find('\n') : last) + 1);
}

class post_sink final : public record_sink {
public:
  post_sink(std::shared_ptr<post_office> post, std::string place, std::string output)
    : post_(std::move(post)), place_(std::move(place)), output_(std::move(output)) {}

  result<void> open() override { return post_->reaches(place_, output_); }

  sink_outcome write(std::string_view lines) override {
    const auto piece = piece_of(lines);
    switch (post_->send_records(place_, output_, piece)) {
      case post_office::handed::took:
        return {sink_outcome::kind::took, piece.size(), {}, false};
      case post_office::handed::busy:
        post_->wait_for_room(longest_wait);
        return {sink_outcome::kind::busy, 0, {}, false};
      case post_office::handed::away:
        break;
    }
    return {sink_outcome::kind::away, 0, "the node at " + place_ + " is gone", false};
  }

  result<void> reopen() override { return {}; }
  record_loss loss() const noexcept override { return record_loss::unreachable; }
  const std::string& name() const noexcept override { return place_; }

private:
  const std::shared_ptr<post_office> post_;
  const std::string place_, output_;
};

} // namespace

std::unique_ptr<record_sink> make_post_sink(std::shared_ptr<post_office> post,
                                            const std::string& place, const std::string& output) {
  return std::make_unique<post_sink>(std::move(post), place, output);
}

} // namespace flowactors
