#include "actors/node_identity.hpp"

#include "actors/log.hpp"
#include "nodes/batch_codec.hpp"

#include <unistd.h>

#include <random>
#include <utility>

namespace flowactors {

namespace {

constexpr std::chrono::days soon{14};

} // namespace

std::string own_name(const settings& from) {
  if (!from.node.name.empty())
    return from.node.name;
  char host[longest_name]{};
  if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == 0)
    host[0] = '?';
  return host;
}

uint64_t own_incarnation() {
  static const uint64_t out = [] {
    std::random_device random;
    return (uint64_t{random()} << 32 | random()) | 1;
  }();
  return out;
}

node_identity identity_of(const settings& from, const catalog& names,
                          std::shared_ptr<tls_keys> keys) {
  return {own_name(from),      own_incarnation(), names_hash(names),
          from.node.heartbeat, from.node.timeout, std::move(keys)};
}

result<std::shared_ptr<const tls_credentials>> read_credentials(const settings& from) {
  if (from.node.certificate.empty())
    return std::shared_ptr<const tls_credentials>();
  auto out = tls_credentials::read({from.node.certificate, from.node.key, from.node.authority});
  if (const auto name = own_name(from); out && !out.value()->is_for(name))
    return error{ec::bad_setting, from.node.certificate + " is not for this node: " + name
                                    + " is none of its alternative names (tools/make-certs gives "
                                      "them; [node] name says what this node is called)"};
  return out;
}

void warn_of_credentials(const settings& from, const tls_credentials* keys) {
  if (from.node.insecure)
    log::warning(
      "node", "is insecure", "",
      "links may leave this machine though nothing encrypts them or proves who is there");
  if (keys != nullptr && keys->left() < soon)
    log::warning("node", "has a certificate that ends soon", from.node.certificate,
                 std::to_string(std::chrono::floor<std::chrono::hours>(keys->left()).count())
                   + " hours are left");
}

} // namespace flowactors
