#pragma once

#include "capture/result.hpp"
#include "nodes/refusal.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flowactors {

/// Where a node's certificate, its key and the authority that it trusts lie, as PEM.
struct tls_files {
  std::string certificate; ///< the node's own first, then those between it and the authority
  std::string key;
  std::string authority;
};

/// What a node proves itself with, and whom it believes. Shared by all its connections;
/// thread-safe.
class tls_credentials {
public:
  /// Reads the files and looks whether they belong together. ec::io_failed, ec::bad_setting: the
  /// message names the file and what is wrong with it.
  static result<std::shared_ptr<const tls_credentials>> read(const tls_files& files);

  ~tls_credentials();
  tls_credentials(const tls_credentials&) = delete;
  tls_credentials& operator=(const tls_credentials&) = delete;

  /// Whether the certificate names this node, or this host.
  bool is_for(const std::string& name) const;

  /// Until the certificate is over; negative = since it is.
  std::chrono::seconds left() const;

private:
  friend class tls_session;
  struct parts;
  explicit tls_credentials(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

/// The credentials of a node as they are now: a reload may bring others. Connections that stand
/// keep those that they began with. Thread-safe.
class tls_keys {
public:
  explicit tls_keys(std::shared_ptr<const tls_credentials> first) : now_(std::move(first)) {}

  std::shared_ptr<const tls_credentials> now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  void set(std::shared_ptr<const tls_credentials> next) {
    const std::lock_guard lock(mutex_);
    now_ = std::move(next);
  }

private:
  mutable std::mutex mutex_; ///< of what follows
  std::shared_ptr<const tls_credentials> now_;
};

/// TLS 1.3 over bytes that somebody else moves: both sides show a certificate of their authority,
/// and sessions are not resumed. Errors stay: after one, the connection is of no use.
class tls_session {
public:
  /// The side that was called; any certificate of the authority will do until `is_peer`.
  static std::unique_ptr<tls_session> accept(std::shared_ptr<const tls_credentials> own);

  /// The side that calls; the other one's certificate has to name this host or address. The first
  /// bytes for it are appended.
  static std::unique_ptr<tls_session> call(std::shared_ptr<const tls_credentials> own,
                                           const std::string& host, std::vector<char>& wire);

  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  /// Takes what came; the bytes have to last until `read` has given 0.
  void take(std::span<const char> came);

  /// True once both have shown who they are.
  bool stands() const noexcept { return stands_; }

  /// Fills the buffer as far as there is something; 0 = there is nothing more yet. Greets the other
  /// side first if that is not yet done. What has to be answered is appended to the wire.
  std::variant<size_t, refusal> read(std::span<char> into, std::vector<char>& wire);

  /// Appends it to the wire, sealed. Only once the session stands.
  void write(std::span<const char> what, std::vector<char>& wire);

  /// Whether the other side's certificate names this node.
  bool is_peer(const std::string& name) const;

  /// What OpenSSL says of the error, for the log.
  const std::string& trouble() const noexcept { return trouble_; }

private:
  struct transport; ///< from and to memory
  struct parts;
  explicit tls_session(std::unique_ptr<parts> p);
  refusal give_up(int code);
  std::optional<refusal> greet();

  std::unique_ptr<parts> parts_;
  bool stands_ = false;
  std::optional<refusal> failed_;
  std::string trouble_;
};

} // namespace flowactors
