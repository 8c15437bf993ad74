#include "outputs/record_lines.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <string>

namespace flowactors {

namespace {

/// Lets everything pass but what is too deep, or no object.
struct judge : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, judge> {
  static constexpr int deepest = 128;
  int depth = 0;

  bool Default() { return depth != 0; }
  bool StartObject() { return ++depth <= deepest; }
  bool EndObject(rapidjson::SizeType) { return depth-- != 0; }
  bool StartArray() { return depth != 0 && ++depth <= deepest; }
  bool EndArray(rapidjson::SizeType) { return depth-- != 0; }
};

} // namespace

bool are_record_lines(std::string_view lines) noexcept {
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (lines.empty() || lines.back() != '\n')
    return false;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    rapidjson::MemoryStream in(line.data(), line.size());
    rapidjson::Reader reader;
    judge handler;
    if (!line.starts_with('{') || reader.Parse<flags>(in, handler).IsError())
      return false;
  }
  return true;
}

} // namespace flowactors
