#include "outputs/record_batch.hpp"

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

constexpr size_t unit = sizeof(uint64_t);
static_assert(alignof(flow_record) <= unit && alignof(flow_text) <= unit);

constexpr size_t padded(size_t bytes) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

char* put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

} // namespace

record_batch::header& record_batch::append(size_t bytes) {
  const size_t at = words_.size();
  words_.resize(at + (sizeof(header) + padded(bytes)) / unit);
  auto& head = *reinterpret_cast<header*>(&words_[at]);
  head.words = static_cast<uint32_t>(words_.size() - at);
  ++count_;
  return head;
}

void record_batch::add(const script_record& from) {
  const auto context = from.context.substr(0, UINT16_MAX);
  header& head = append(context.size() + from.script.size() + from.body.size());
  head.of = origin::script;
  head.kind_or_keys = from.own_keys;
  head.context_size = static_cast<uint16_t>(context.size());
  head.script_size = static_cast<uint32_t>(from.script.size());
  head.body_size = static_cast<uint32_t>(from.body.size());
  head.now_ns = from.now_ns;
  head.flow_id = from.flow_id;
  put(put(put(reinterpret_cast<char*>(&head + 1), context), from.script), from.body);
}

void record_batch::add(const flow_event& from) {
  const size_t text_bytes = std::max<size_t>(from.text->size, sizeof(flow_text));
  header& head = append(padded(sizeof(flow_record)) + text_bytes);
  head.of = origin::flow;
  head.kind_or_keys = static_cast<uint8_t>(from.kind);
  head.now_ns = from.now_ns;
  char* const body = reinterpret_cast<char*>(&head + 1);
  std::memcpy(body, from.flow, sizeof(flow_record));
  char* const text = body + padded(sizeof(flow_record));
  if (from.text->size < sizeof(flow_text)) // the block of flows without any text
    std::memset(text, 0, sizeof(flow_text));
  else
    std::memcpy(text, from.text, text_bytes);
}

void record_batch::add(const record_line& from) {
  header& head = append(from.text.size());
  head.of = origin::node;
  head.body_size = static_cast<uint32_t>(from.text.size());
  put(reinterpret_cast<char*>(&head + 1), from.text);
}

script_record record_batch::record_at(const header* head) noexcept {
  const char* const context = reinterpret_cast<const char*>(head + 1);
  const char* const script = context + head->context_size;
  const char* const body = script + head->script_size;
  return {{context, head->context_size},
          {script, head->script_size},
          {body, head->body_size},
          head->now_ns,
          head->flow_id,
          head->kind_or_keys};
}

flow_event record_batch::event_at(const header* head) noexcept {
  const char* const body = reinterpret_cast<const char*>(head + 1);
  return {static_cast<event_kind>(head->kind_or_keys), head->now_ns,
          reinterpret_cast<const flow_record*>(body),
          reinterpret_cast<const flow_text*>(body + padded(sizeof(flow_record)))};
}

void record_batch::clear() noexcept {
  words_.clear();
  count_ = 0;
}

void record_batch::swap(record_batch& other) noexcept {
  words_.swap(other.words_);
  std::swap(count_, other.count_);
}

} // namespace flowactors
