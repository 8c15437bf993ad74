#pragma once

#include "outputs/json_text.hpp"
#include "outputs/record_batch.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>

namespace flowactors {

/// The library's writer, with members written as `key, value`.
class json_members {
public:
  explicit json_members(rapidjson::StringBuffer& out) : writer_(out) {}

  void begin(rapidjson::StringBuffer& out) {
    writer_.Reset(out);
    writer_.StartObject();
  }
  void end() { writer_.EndObject(); }
  void open(std::string_view key) {
    name(key);
    writer_.StartObject();
  }
  void text(std::string_view key, std::string_view value) {
    name(key);
    item(value);
  }
  /// Leaves the member out if the text is empty.
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty())
      text(key, value);
  }
  void number(std::string_view key, uint64_t value) {
    name(key);
    writer_.Uint64(value);
  }
  void boolean(std::string_view key, bool value) {
    name(key);
    writer_.Bool(value);
  }
  void time(std::string_view key, int64_t ns) {
    char out[eve_time_size];
    const size_t size = write_eve_time(ns, out);
    text(key, {out, size});
  }
  void open_list(std::string_view key) {
    name(key);
    writer_.StartArray();
  }
  void item(std::string_view value) {
    value = valid_utf8(value, scratch_);
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void item(uint64_t value) { writer_.Uint64(value); }
  void end_list() { writer_.EndArray(); }

private:
  void name(std::string_view key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  }

  rapidjson::Writer<rapidjson::StringBuffer> writer_;
  std::string scratch_;
};

/// Writes the members of a flow's record into the object that is open.
void write_flow(json_members& out, const flow_event& event, const catalog* names,
                uint16_t community_id_seed);

} // namespace flowactors
