#include "nodes/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace flowactors {

namespace {

constexpr long longest_chain = 16 * 1024; // bytes of certificates that a stranger may send
constexpr int deepest_chain = 4;
constexpr unsigned names_only = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;

template <auto function>
struct call_it {
  template <class T>
  void operator()(T* x) const noexcept {
    function(x);
  }
};

using context_ptr = std::unique_ptr<SSL_CTX, call_it<SSL_CTX_free>>;
using session_ptr = std::unique_ptr<SSL, call_it<SSL_free>>;
using method_ptr = std::unique_ptr<BIO_METHOD, call_it<BIO_meth_free>>;
using checker_ptr = std::unique_ptr<X509_STORE_CTX, call_it<X509_STORE_CTX_free>>;

/// The newest error of OpenSSL in this thread, which forgets them all.
std::string openssl_trouble() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown trouble";
}

/// What keeps this user from reading the file; empty = nothing.
std::string unreadable(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr)
    return std::strerror(errno);
  std::fclose(file);
  return {};
}

/// Of a key with a password, which nobody is there to type.
int no_password(char*, int, int, void*) {
  return 0;
}

bool names(X509* certificate, const std::string& name) {
  if (certificate == nullptr || name.empty() || name.front() == '.') // a dot would mean all below
    return false;
  return X509_check_ip_asc(certificate, name.c_str(), 0) == 1
         || X509_check_host(certificate, name.c_str(), name.size(), names_only, nullptr) == 1;
}

/// What is wrong with our own certificate in the eyes of our own authority; empty = nothing.
std::string own_trouble(SSL_CTX& context) {
  const checker_ptr check(X509_STORE_CTX_new());
  STACK_OF(X509)* between = nullptr;
  SSL_CTX_get0_chain_certs(&context, &between);
  if (check == nullptr
      || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(&context),
                             SSL_CTX_get0_certificate(&context), between)
           != 1)
    return openssl_trouble();
  if (X509_verify_cert(check.get()) == 1)
    return {};
  const auto why = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  return X509_verify_cert_error_string(why);
}

refusal refusal_of_verdict(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return refusal::expired_certificate;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return refusal::other_certificate;
    default:
      return refusal::foreign_certificate;
  }
}

/// Alerts with which a peer says that it does not like our certificate.
bool is_about_certificates(int alert) {
  return (alert >= SSL_AD_NO_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN)
         || alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_ACCESS_DENIED
         || alert == SSL_AD_CERTIFICATE_REQUIRED;
}

} // namespace

// -- credentials ----------------------------------------------------------------------------------

struct tls_credentials::parts {
  context_ptr context;
};

tls_credentials::tls_credentials(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
tls_credentials::~tls_credentials() = default;

result<std::shared_ptr<const tls_credentials>> tls_credentials::read(const tls_files& files) {
  for (const auto* path : {&files.certificate, &files.key, &files.authority})
    if (const auto why = unreadable(*path); !why.empty())
      return error{ec::io_failed, "can't read " + *path + ": " + why};
  const auto wrong = [](const std::string& path, const std::string& what) {
    return error{ec::bad_setting, path + " " + what};
  };
  ERR_clear_error();
  context_ptr context(SSL_CTX_new(TLS_method()));
  auto* c = context.get();
  if (c == nullptr || SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1
      || SSL_CTX_set_ciphersuites(
           c, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
           != 1)
    return error{ec::bad_library, "OpenSSL offers no TLS 1.3: " + openssl_trouble()};
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(c, longest_chain);
  SSL_CTX_set_verify_depth(c, deepest_chain);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_default_passwd_cb(c, no_password);
  if (SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1)
    return wrong(files.certificate, "is no certificate in PEM: " + openssl_trouble());
  if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return wrong(files.key, "is no key in PEM without a password, or not that of "
                              + files.certificate + ": " + openssl_trouble());
  if (SSL_CTX_check_private_key(c) != 1)
    return wrong(files.key, "is not the key of " + files.certificate + ": " + openssl_trouble());
  if (SSL_CTX_load_verify_locations(c, files.authority.c_str(), nullptr) != 1)
    return wrong(files.authority, "is no certificate in PEM: " + openssl_trouble());
  if (const auto why = own_trouble(*c); !why.empty())
    return wrong(files.certificate, "would be refused by " + files.authority + ": " + why);
  auto p = std::make_unique<parts>();
  p->context = std::move(context);
  return std::shared_ptr<const tls_credentials>(new tls_credentials(std::move(p)));
}

bool tls_credentials::is_for(const std::string& name) const {
  return names(SSL_CTX_get0_certificate(parts_->context.get()), name);
}

std::chrono::seconds tls_credentials::left() const {
  int days = 0;
  int seconds = 0;
  const auto* end = X509_get0_notAfter(SSL_CTX_get0_certificate(parts_->context.get()));
  ASN1_TIME_diff(&days, &seconds, nullptr, end);
  return std::chrono::days(days) + std::chrono::seconds(seconds);
}

// -- session --------------------------------------------------------------------------------------

/// What OpenSSL reads from and writes to in place of a socket.
struct tls_session::transport {
  std::span<const char> came;
  std::vector<char>* wire = nullptr;

  static transport& of(BIO* bio) { return *static_cast<transport*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    auto& from = of(bio).came;
    BIO_clear_retry_flags(bio);
    if (from.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t n = std::min(from.size(), static_cast<size_t>(size));
    std::memcpy(into, from.data(), n);
    from = from.subspan(n);
    return static_cast<int>(n);
  }

  static int write(BIO* bio, const char* from, int size) {
    auto& wire = *of(bio).wire;
    wire.insert(wire.end(), from, from + size);
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const method_ptr only = [] {
      method_ptr out(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory of a link"));
      BIO_meth_set_read(out.get(), read);
      BIO_meth_set_write(out.get(), write);
      BIO_meth_set_ctrl(out.get(), control);
      return out;
    }();
    return only.get();
  }
};

struct tls_session::parts {
  std::shared_ptr<const tls_credentials> own;
  transport moved; ///< before the session, which has its address
  session_ptr ssl;
  bool first = true; ///< nothing has come yet

  explicit parts(std::shared_ptr<const tls_credentials> keys)
    : own(std::move(keys)), ssl(SSL_new(own->parts_->context.get())) {
    BIO* bio = BIO_new(transport::method());
    if (ssl == nullptr || bio == nullptr)
      throw std::bad_alloc();
    BIO_set_data(bio, &moved);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
  }
};

tls_session::tls_session(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
tls_session::~tls_session() = default;

std::unique_ptr<tls_session> tls_session::accept(std::shared_ptr<const tls_credentials> own) {
  std::unique_ptr<tls_session> out(new tls_session(std::make_unique<parts>(std::move(own))));
  SSL_set_accept_state(out->parts_->ssl.get());
  return out;
}

std::unique_ptr<tls_session> tls_session::call(std::shared_ptr<const tls_credentials> own,
                                               const std::string& host, std::vector<char>& wire) {
  std::unique_ptr<tls_session> out(new tls_session(std::make_unique<parts>(std::move(own))));
  auto* ssl = out->parts_->ssl.get();
  SSL_set_connect_state(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) {
    SSL_set_hostflags(ssl, names_only);
    SSL_set1_host(ssl, host.c_str());
    SSL_set_tlsext_host_name(ssl, host.c_str());
  }
  out->parts_->moved.wire = &wire;
  out->greet();
  return out;
}

void tls_session::take(std::span<const char> came) {
  constexpr char handshake = 22;
  if (std::exchange(parts_->first, came.empty()) && !came.empty() && came.front() != handshake)
    failed_ = failed_.value_or(refusal::not_tls);
  parts_->moved.came = came;
}

std::variant<size_t, refusal> tls_session::read(std::span<char> into, std::vector<char>& wire) {
  parts_->moved.wire = &wire;
  if (!failed_ && !stands_)
    greet();
  if (failed_)
    return *failed_;
  size_t n = 0;
  if (!stands_ || into.empty())
    return n;
  ERR_clear_error();
  const int code = SSL_read_ex(parts_->ssl.get(), into.data(), into.size(), &n);
  if (code == 1 || SSL_get_error(parts_->ssl.get(), code) == SSL_ERROR_WANT_READ)
    return n;
  return give_up(code);
}

std::optional<refusal> tls_session::greet() {
  ERR_clear_error();
  const int code = SSL_do_handshake(parts_->ssl.get());
  if (code == 1) {
    stands_ = true;
    SSL_clear_mode(parts_->ssl.get(), SSL_MODE_RELEASE_BUFFERS); // that is for strangers
  } else if (SSL_get_error(parts_->ssl.get(), code) != SSL_ERROR_WANT_READ) {
    give_up(code);
  }
  return failed_;
}

refusal tls_session::give_up(int code) {
  auto* ssl = parts_->ssl.get();
  const auto first = ERR_peek_error();
  const int reason = ERR_GET_REASON(first);
  const bool closed = SSL_get_error(ssl, code) == SSL_ERROR_ZERO_RETURN;
  trouble_ = closed ? "closed by the peer" : openssl_trouble();
  ERR_clear_error();
  if (closed)
    failed_ = refusal::left;
  else if (ERR_GET_LIB(first) == ERR_LIB_SSL && reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    failed_ = refusal::no_certificate;
  else if (ERR_GET_LIB(first) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
    failed_ = is_about_certificates(reason - SSL_AD_REASON_OFFSET) ? refusal::certificate_refused
                                                                   : refusal::broken_tls;
  else if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
    failed_ = refusal_of_verdict(verdict);
    trouble_ = X509_verify_cert_error_string(verdict);
  } else {
    failed_ = refusal::broken_tls;
  }
  return *failed_;
}

void tls_session::write(std::span<const char> what, std::vector<char>& wire) {
  parts_->moved.wire = &wire;
  ERR_clear_error();
  size_t written = 0;
  if (!failed_ && !what.empty()) {
    const int code = SSL_write_ex(parts_->ssl.get(), what.data(), what.size(), &written);
    if (code != 1)
      give_up(code);
  }
}

bool tls_session::is_peer(const std::string& name) const {
  return names(SSL_get0_peer_certificate(parts_->ssl.get()), name);
}

} // namespace flowactors
