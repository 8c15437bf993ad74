#include "lua/helpers/json_text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace flowactors {

namespace {

/// Takes what the parser finds.
class tape_writer : public nlohmann::json_sax<nlohmann::json> {
public:
  tape_writer(json_tape& out, const json_bounds& bounds) : out_(out), bounds_(bounds) {}

  bool null() override { return number_like(json_tape::kind::null, 0); }
  bool boolean(bool value) override { return number_like(json_tape::kind::boolean, value ? 1 : 0); }
  bool number_integer(number_integer_t value) override {
    return number_like(json_tape::kind::number, static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return number_like(json_tape::kind::number, static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return number_like(json_tape::kind::number, value);
  }
  bool string(string_t& value) override { return text(value); }
  bool key(string_t& value) override { return text(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(json_tape::kind::object); }
  bool start_array(size_t) override { return open(json_tape::kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& fault) override {
    const std::string_view what = fault.what();
    const size_t tag = what.find("] ");
    why_ = what.substr(tag == what.npos ? 0 : tag + 2);
    return false;
  }

  error failure() const {
    if (stopped_)
      return {ec::out_of_resources, "stopped"};
    if (out_.items.size() >= bounds_.max_values)
      return {ec::bad_format, "more than " + std::to_string(bounds_.max_values) + " values"};
    return {ec::bad_format, why_.empty() ? "arrays and objects are more than "
                                             + std::to_string(bounds_.max_depth) + " deep"
                                         : why_};
  }

private:
  // Another value is about to come; false if it is one too many, or too late.
  bool count() {
    if (!open_.empty())
      ++out_.items[open_.back()].size;
    const size_t values = out_.items.size();
    stopped_ = values % 1024 == 1023 && !bounds_.goes_on();
    return !stopped_ && values < bounds_.max_values;
  }
  bool number_like(json_tape::kind type, double value) {
    if (!count())
      return false;
    out_.items.push_back({type, 0, {value}});
    return true;
  }
  bool text(const std::string& value) {
    if (!count())
      return false;
    json_tape::item made{json_tape::kind::text, static_cast<uint32_t>(value.size()), {0}};
    made.offset = out_.texts.size();
    out_.texts += value;
    out_.items.push_back(made);
    return true;
  }
  bool open(json_tape::kind type) {
    if (static_cast<int>(open_.size()) >= bounds_.max_depth || !count())
      return false;
    open_.push_back(out_.items.size());
    out_.items.push_back({type, 0, {0}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json_tape& out_;
  const json_bounds& bounds_;
  bool stopped_ = false;
  std::vector<size_t> open_; ///< items
  std::string why_;
};

// Bytes of the UTF-8 sequence at the front; 0 = that is none (RFC 3629, section 4).
size_t sequence_size(std::string_view text) noexcept {
  const auto at = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto follows = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0), second = at(1);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool right = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second <= 0x9f);
    return right && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool right = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second <= 0x8f);
    return right && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void write_escape(char c, std::string& out) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[c & 15];
  }
}

// By byte: it stands for itself.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; ++c)
    plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_plain(char c) noexcept {
  return plain_bytes[static_cast<unsigned char>(c)];
}

} // namespace

result<void> read_json(std::string_view text, const json_bounds& bounds, json_tape& out) {
  out.items.clear();
  out.texts.clear();
  tape_writer writer{out, bounds};
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &writer))
    return {};
  return writer.failure();
}

void write_json_text(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain]))
      ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty())
      break;
    const size_t size = sequence_size(text);
    if (size == 0)
      out += "\xef\xbf\xbd";
    else if (size == 1)
      write_escape(text[0], out);
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

void write_json_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[32];
  const bool whole = std::abs(value) < 1e15 && value == std::trunc(value);
  const auto end = whole ? std::to_chars(text, text + sizeof(text), static_cast<int64_t>(value)).ptr
                         : std::to_chars(text, text + sizeof(text), value).ptr;
  out.append(text, end);
}

} // namespace flowactors
