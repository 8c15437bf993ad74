#include "outputs/record_json.hpp"

#include "outputs/flow_json.hpp"

namespace flowactors {

struct record_json::impl {
  impl(const catalog* of, uint16_t with) : out(text), names(of), seed(with) {}

  void write(const flow_event& event) {
    out.begin(text);
    write_flow(out, event, names, seed);
    out.end();
  }

  /// The body is JSON already: its members go on behind those of the envelope.
  void write(const script_record& record) {
    out.begin(text);
    const size_t before = text.GetSize();
    envelope(record);
    const char* const comma = text.GetSize() == before ? "" : ",";
    if (record.body.size() <= 2) { // nothing in it
      raw("}");
    } else if (record.body.starts_with("[")) {
      raw(comma);
      raw("\"values\":");
      raw(record.body);
      raw("}");
    } else {
      raw(comma);
      raw(record.body.substr(1));
    }
  }

  void write(const record_line& line) { raw(line.text); }

  void envelope(const script_record& record) {
    const auto own = [&record](size_t key) { return (record.own_keys >> key & 1) != 0; };
    if (!own(0))
      out.time("timestamp", record.now_ns);
    if (!own(1))
      out.text("event_type", "script");
    if (!own(2) && record.flow_id != 0)
      out.number("flow_id", record.flow_id);
    if (!own(3))
      out.text("context", record.context);
    if (!own(4))
      out.text("script", record.script);
  }

  void raw(std::string_view bytes) {
    char* const at = text.Push(bytes.size());
    bytes.copy(at, bytes.size());
  }

  rapidjson::StringBuffer text;
  json_members out;
  const catalog* names;
  uint16_t seed;
};

record_json::record_json(const catalog* names, uint16_t seed)
  : impl_(std::make_unique<impl>(names, seed)) {}

record_json::~record_json() = default;

void record_json::write(const record_batch& batch) {
  impl_->text.Clear();
  ends_.clear();
  batch.each([this](const auto& record) {
    impl_->write(record);
    impl_->text.Put('\n');
    ends_.push_back(impl_->text.GetSize());
  });
}

std::string_view record_json::text() const noexcept {
  return {impl_->text.GetString(), impl_->text.GetSize()};
}

} // namespace flowactors
