#include "nodes/batch_codec.hpp"

#include "nodes/packing.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace flowactors {

namespace {

constexpr size_t most_events = 4096;
constexpr size_t longest_text = 16384; // 19 pieces of 512 bytes, with the head
constexpr size_t most_text = most_events * flow_batch::text_of_event + longest_text;
constexpr uint32_t slot_mask = (1u << 24) - 1;

// FNV-1a (Fowler, Noll, Vo), 64 bits.
constexpr uint64_t fnv_start = 0xcbf29ce484222325u;
constexpr uint64_t fnv(uint64_t hash, std::string_view bytes) noexcept {
  for (const char c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

bool is_sane(const flow_text& text, size_t room, bool is_first) noexcept {
  const bool empty = is_first && text.size == 0; // nothing but a head
  if (room < sizeof(text) || text.size > room || (!empty && text.size < sizeof(text)))
    return false;
  // Between the size and who wrote it there are spans and nothing else.
  constexpr size_t spans =
    (offsetof(flow_text, writer) - sizeof(uint32_t)) / sizeof(flow_text_span);
  flow_text_span all[spans];
  std::memcpy(all, reinterpret_cast<const char*>(&text) + sizeof(uint32_t), sizeof(all));
  bool out = true;
  for (const auto& span : all)
    out = out && uint32_t{span.offset} + span.length <= (empty ? 0 : text.size);
  return out;
}

bool is_sane(const flow_record& flow) noexcept {
  const bool bounded = flow.client_text_length - 1u < sizeof(flow.client_text)
                       && flow.server_text_length - 1u < sizeof(flow.server_text);
  const bool known = (flow.ip_version == 4 || flow.ip_version == 6) && flow.end < end_reason_count
                     && flow.state <= static_cast<uint8_t>(tcp_state::midstream)
                     && flow.detection <= static_cast<uint8_t>(detection_state::guessed)
                     && flow.tunnel <= static_cast<uint8_t>(tunnel_kind::tzsp)
                     && flow.bytes_trend <= 3 && flow.packets_trend <= 3;
  const bool finite =
    std::isfinite(flow.client_bytes_per_s + flow.server_bytes_per_s + flow.client_packets_per_s
                  + flow.server_packets_per_s + flow.top_bytes_per_s + flow.top_packets_per_s);
  return bounded && known && finite;
}

} // namespace

uint64_t layout_hash() noexcept {
  uint64_t out = fnv(fnv_start, flow_layout_text);
  for (const uint64_t number :
       {uint64_t{flow_layout_version}, uint64_t{sizeof(flow_batch::entry)},
        uint64_t{alignof(flow_batch::entry)}, uint64_t{end_reason_count},
        uint64_t{event_kind_count}, uint64_t{std::endian::native == std::endian::little}})
    out = fnv(out, {reinterpret_cast<const char*>(&number), sizeof(number)});
  return out;
}

uint64_t names_hash(const catalog& names) noexcept {
  uint64_t out = fnv_start;
  for (const auto* list :
       {&names.protocols, &names.protocol_breeds, &names.categories, &names.breeds,
        &names.confidences, &names.risks, &names.local_networks}) {
    for (const auto& name : *list)
      out = fnv(fnv(out, name), {"\n", 1});
    out = fnv(out, {"\t", 1});
  }
  return out;
}

/// What is still to be unpacked.
struct packed_units {
  std::span<const char> masks, numbers;

  /// False if there is too little.
  bool take(size_t units, void* to) noexcept {
    const size_t used = unpack(masks.first(units), numbers, static_cast<char*>(to));
    if (used > numbers.size())
      return false;
    masks = masks.subspan(units);
    numbers = numbers.subspan(used);
    return true;
  }

  bool is_over() const noexcept { return masks.empty() && numbers.empty(); }
};

/// Reads and writes batches as bytes.
class flow_batch_codec {
public:
  static void append(std::vector<char>& out, const flow_batch& batch) {
    const auto texts = static_cast<uint32_t>(batch.arena_.size());
    const auto* const size = reinterpret_cast<const char*>(&texts);
    out.insert(out.end(), size, size + sizeof(texts));
    const size_t masks_at = out.size();
    out.resize(masks_at + texts + batch.entries_.size() * units_of_entry);
    pack(bytes_of(batch.arena_), out, masks_at);
    pack(bytes_of(batch.entries_), out, masks_at + texts);
  }

  static std::shared_ptr<const flow_batch> read(size_t count, std::span<const char> body,
                                                uint32_t slots) {
    uint32_t texts = 0;
    if (body.size() < sizeof(texts))
      return nullptr;
    std::memcpy(&texts, body.data(), sizeof(texts));
    body = body.subspan(sizeof(texts));
    const size_t units = texts + count * units_of_entry;
    if (texts > most_text / sizeof(flow_batch::unit) || body.size() < units)
      return nullptr;
    auto out = spare().take();
    packed_units from{body.first(units), body.subspan(units)};
    out->arena_.resize(texts);
    out->entries_.resize(count);
    if (!from.take(texts, out->arena_.data()) || !take(*out, from, slots) || !from.is_over()) {
      spare().give(std::move(out));
      return nullptr;
    }
    return {out.release(),
            [](flow_batch* read) { spare().give(std::unique_ptr<flow_batch>(read)); }};
  }

private:
  static constexpr size_t units_of_entry = sizeof(flow_batch::entry) / packing_unit;
  static_assert(sizeof(flow_batch::entry) % packing_unit == 0
                && sizeof(flow_batch::unit) == packing_unit);

  template <class T>
  static std::span<const char> bytes_of(const std::vector<T>& from) {
    return {reinterpret_cast<const char*>(from.data()), from.size() * sizeof(T)};
  }

  /// Batches that were read, to be filled again while they are in the cache: new memory for each
  /// would cost a sixth of what it takes to receive one. Never destroyed, since batches may outlive
  /// everything.
  static flow_batch_store& spare() {
    static auto* const out = new flow_batch_store;
    return *out;
  }

  /// Unpacks each event, checks it while it is in the nearest cache, and counts.
  static bool take(flow_batch& batch, packed_units& from, uint32_t slots) {
    const size_t units = batch.arena_.size();
    const auto text_at = [&](uint32_t number) {
      const size_t room = number < units ? (units - number) * sizeof(flow_batch::unit) : 0;
      return room >= sizeof(flow_text)
             && is_sane(*reinterpret_cast<const flow_text*>(batch.arena_.data() + number), room,
                        number == 0);
    };
    if (!text_at(0))
      return false;
    for (auto& each : batch.entries_) {
      if (!from.take(units_of_entry, &each))
        return false;
      uint8_t kind;
      std::memcpy(&kind, &each.kind, sizeof(kind));
      if (kind >= event_kind_count || !is_sane(each.flow)
          || (each.flow.text != 0 && !text_at(each.flow.text)))
        return false;
      ++batch.kinds_[kind];
      each.flow.slot = (each.flow.slot & slot_mask) + slots;
    }
    return true;
  }

  static_assert(std::is_trivially_copyable_v<flow_batch::entry>);
};

void append_batch(std::vector<char>& out, const flow_batch& batch, frame_header header) {
  const size_t begin = begin_frame(out);
  flow_batch_codec::append(out, batch);
  header.kind = frame_kind::batch;
  header.count = static_cast<uint32_t>(batch.size());
  finish_frame(out, begin, header);
}

size_t longest_batch() noexcept {
  constexpr size_t unpacked = most_events * sizeof(flow_batch::entry) + most_text;
  return sizeof(uint32_t) + unpacked + unpacked / packing_unit;
}

std::variant<std::shared_ptr<const flow_batch>, refusal> read_batch(const frame_header& header,
                                                                    std::span<const char> body,
                                                                    uint32_t slots) {
  if (!is_whole(header, body))
    return refusal::damaged;
  if (header.count == 0 || header.count > most_events)
    return refusal::bad_events;
  auto out = flow_batch_codec::read(header.count, body, slots);
  if (out == nullptr)
    return refusal::bad_events;
  return out;
}

} // namespace flowactors
