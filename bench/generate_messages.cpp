#include "bench/generate_messages.hpp"

#include "bench/generate_frames.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace flowactors::bench {

namespace {

/// Appends fields in network order.
class writer {
public:
  void u8(uint64_t value) { bytes_.push_back(static_cast<uint8_t>(value)); }
  void u16(uint64_t value) { u8(value >> 8), u8(value); }
  void u32(uint64_t value) { u16(value >> 16), u16(value); }
  void text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void random(size_t count, sequence chance) {
    while (count-- > 0)
      u8(chance.next() >> 32);
  }

  /// What `body` appends, behind its length in `width` bytes.
  template <class Body>
  void sized(size_t width, Body body) {
    const size_t at = bytes_.size();
    bytes_.resize(at + width);
    body();
    const size_t length = bytes_.size() - at - width;
    for (size_t index = 0; index < width; ++index)
      bytes_[at + index] = static_cast<uint8_t>(length >> (8 * (width - 1 - index)));
  }

  /// A TLS extension.
  template <class Body>
  void extension(uint16_t type, Body body) {
    u16(type);
    sized(2, body);
  }

  message take() { return std::move(bytes_); }

private:
  message bytes_;
};

message from_text(std::string_view text) {
  return {text.begin(), text.end()};
}

bool newest_tls(uint64_t chance) noexcept {
  return chance & 1;
}

/// The session identifier, that both hellos show.
sequence session(uint64_t chance) noexcept {
  return sequence{scramble(chance, 11)};
}

void client_extensions(writer& to, uint64_t chance) {
  to.extension(
    0, [&] { to.sized(2, [&] { to.u8(0), to.sized(2, [&] { to.text(host_name(chance)); }); }); });
  to.extension(0xff01, [&] { to.u8(0); });
  to.extension(10, [&] { to.sized(2, [&] { to.u16(29), to.u16(23), to.u16(24); }); });
  to.extension(11, [&] { to.sized(1, [&] { to.u8(0); }); });
  to.extension(16, [&] {
    to.sized(2, [&] {
      to.sized(1, [&] { to.text("h2"); });
      to.sized(1, [&] { to.text("http/1.1"); });
    });
  });
  to.extension(13, [&] {
    to.sized(2, [&] {
      for (const int algorithm : {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501})
        to.u16(algorithm);
    });
  });
  if (!newest_tls(chance))
    return;
  to.extension(51, [&] {
    to.sized(
      2, [&] { to.u16(29), to.sized(2, [&] { to.random(32, sequence{scramble(chance, 13)}); }); });
  });
  to.extension(43, [&] { to.sized(1, [&] { to.u16(0x0304), to.u16(0x0303); }); });
}

/// The header and the question of both directions.
void dns_question(writer& to, uint64_t chance, uint16_t flags, uint16_t answers) {
  to.u16(scramble(chance, 17));
  to.u16(flags), to.u16(1), to.u16(answers), to.u16(0), to.u16(0);
  const std::string name = host_name(chance);
  std::string_view rest = name;
  while (!rest.empty()) {
    const size_t dot = rest.find('.');
    to.sized(1, [&] { to.text(rest.substr(0, dot)); });
    rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
  }
  to.u8(0), to.u16(1), to.u16(1);
}

} // namespace

std::string host_name(uint64_t chance) {
  static constexpr std::array<const char*, 8> hosts{"www", "api",  "static", "mail",
                                                    "img", "news", "shop",   "login"};
  const uint64_t picked = scramble(chance & 4095, 7);
  return std::string{hosts[picked & 7]} + "." + std::to_string(picked >> 3 & 511) + "-site.example";
}

message http_request(uint64_t chance) {
  static constexpr std::array<const char*, 4> agents{
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/115.0", "curl/7.88.1", "Wget/1.21.3",
    "python-requests/2.28.1"};
  const uint64_t picked = scramble(chance, 3);
  return from_text("GET /articles/" + std::to_string(picked % 100000)
                   + ".html HTTP/1.1\r\nHost: " + host_name(chance)
                   + "\r\nUser-Agent: " + agents[picked >> 20 & 3]
                   + "\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip\r\n"
                     "Connection: close\r\n\r\n");
}

message http_response(uint64_t chance) {
  const uint64_t picked = scramble(chance, 4);
  const std::string body(100 + picked % 400, 'a');
  return from_text(std::string{"HTTP/1.1 "} + (picked >> 30 & 15 ? "200 OK" : "404 Not Found")
                   + "\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\n"
                     "Content-Length: "
                   + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

message tls_client_hello(uint64_t chance) {
  writer to;
  to.u8(22), to.u16(0x0301);
  to.sized(2, [&] {
    to.u8(1);
    to.sized(3, [&] {
      to.u16(0x0303), to.random(32, sequence{scramble(chance, 10)});
      to.sized(1, [&] { to.random(32, session(chance)); });
      to.sized(2, [&] {
        if (newest_tls(chance))
          to.u16(0x1301), to.u16(0x1302), to.u16(0x1303);
        for (const int cipher : {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8})
          to.u16(cipher);
        // A few kinds of clients, as JA3 tells them apart.
        if (chance & 2)
          to.u16(0x009c), to.u16(0x009d);
        if (chance & 4)
          to.u16(0x002f), to.u16(0x0035);
      });
      to.sized(1, [&] { to.u8(0); });
      to.sized(2, [&] { client_extensions(to, chance); });
    });
  });
  return to.take();
}

message tls_server_hello(uint64_t chance) {
  writer to;
  to.u8(22), to.u16(0x0303);
  to.sized(2, [&] {
    to.u8(2);
    to.sized(3, [&] {
      to.u16(0x0303), to.random(32, sequence{scramble(chance, 12)});
      to.sized(1, [&] { to.random(32, session(chance)); });
      to.u16(newest_tls(chance) ? 0x1301 : 0xc02f), to.u8(0);
      to.sized(2, [&] {
        if (newest_tls(chance)) {
          to.extension(51, [&] {
            to.u16(29), to.sized(2, [&] { to.random(32, sequence{scramble(chance, 14)}); });
          });
          to.extension(43, [&] { to.u16(0x0304); });
        } else {
          to.extension(0xff01, [&] { to.u8(0); });
          to.extension(16, [&] { to.sized(2, [&] { to.sized(1, [&] { to.text("h2"); }); }); });
        }
      });
    });
  });
  return to.take();
}

message dns_query(uint64_t chance) {
  writer to;
  dns_question(to, chance, 0x0100, 0);
  return to.take();
}

message dns_answer(uint64_t chance) {
  writer to;
  dns_question(to, chance, 0x8180, 1);
  to.u16(0xc00c), to.u16(1), to.u16(1), to.u32(300);
  to.sized(2, [&] { to.u32(0xc6120000u | (scramble(chance, 18) & 0xffff)); });
  return to.take();
}

message noise(uint64_t chance) {
  writer to;
  const uint64_t picked = scramble(chance, 20);
  to.random(20 + picked % 181, sequence{picked});
  return to.take();
}

} // namespace flowactors::bench
