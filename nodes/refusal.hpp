#pragma once

#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Why a node was sent away, or what it sent was not taken. X-macro: name, sentence.
#define FLOWACTORS_REFUSALS(X)                                                    \
  X(not_flowactors, "what came is not what flowactors says")                      \
  X(out_of_turn, "a frame came that has no place there")                          \
  X(too_long, "a frame claims to be longer than any may be")                      \
  X(damaged, "the checksum does not hold")                                        \
  X(bad_greeting, "the greeting contradicts itself")                              \
  X(other_version, "the node speaks another version of the protocol")             \
  X(other_layout, "flow records are laid out in another way there")               \
  X(other_names, "nDPI or the local networks differ there")                       \
  X(same_name, "another node of this name is linked already, or it is this node") \
  X(no_such_context, "the context does not run here")                             \
  X(too_many_lanes, "there are as many lanes as there may be")                    \
  X(too_many_peers, "there are as many connections as there may be")              \
  X(twice, "a batch came again")                                                  \
  X(gap, "a batch is missing")                                                    \
  X(over_credit, "more events came than there was credit for")                    \
  X(bad_events, "a batch has events that can't be")                               \
  X(bad_letter, "a letter contradicts itself")                                    \
  X(silent, "nothing came for too long")                                          \
  X(left, "the peer left before it had said who it is")                           \
  X(not_tls, "what came is not TLS")                                              \
  X(no_certificate, "the peer shows no certificate")                              \
  X(foreign_certificate, "the certificate is not of the authority known here")    \
  X(expired_certificate, "the certificate is over, or not valid yet")             \
  X(other_certificate, "the certificate is for another name")                     \
  X(certificate_refused, "the peer does not accept the certificate shown here")   \
  X(broken_tls, "what came is no TLS 1.3, or was changed on its way")

enum class refusal : uint8_t {
#define X(name, text) name,
  FLOWACTORS_REFUSALS(X)
#undef X
};

inline constexpr size_t refusal_count = 0
#define X(name, text) +1
  FLOWACTORS_REFUSALS(X)
#undef X
  ;

/// The reason's name in reports ("gap"), and a sentence.
const char* to_string(refusal reason) noexcept;
const char* sentence_of(refusal reason) noexcept;

} // namespace flowactors
