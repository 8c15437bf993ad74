#include "outputs/summary.hpp"

#include "outputs/figures.hpp"
#include "outputs/text_table.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr size_t most_protocols = 10;

/// "idle 12, end_of_input 3": what is not zero, most first.
std::string listed(std::vector<named_count> counts) {
  std::erase_if(counts, [](const auto& c) { return c.second == 0; });
  std::ranges::stable_sort(counts, std::greater{}, &named_count::second);
  std::string out;
  for (const auto& [name, count] : counts)
    out += (out.empty() ? "" : ", ") + name + " " + grouped(count);
  return out;
}

/// What was counted as lost or refused, with a word of what it is.
std::string losses(const report& from) {
  auto counts = from.packets.undecoded;
  counts.emplace_back("filtered", from.packets.filtered);
  counts.emplace_back("kernel_dropped", from.packets.kernel_dropped);
  counts.emplace_back("interface_dropped", from.packets.interface_dropped);
  counts.emplace_back("unread", from.packets.unread);
  counts.emplace_back("late", from.packets.late);
  return listed(std::move(counts));
}

std::string headline(const report& from) {
  std::string out = grouped(from.packets.seen) + " packets, " + bytes(from.packets.bytes) + ", "
                    + grouped(from.flows.created) + " flows in " + seconds(from.elapsed_s);
  if (from.elapsed_s > 0)
    out += " ("
           + grouped(static_cast<uint64_t>(static_cast<double>(from.packets.seen) / from.elapsed_s))
           + " packets/s)";
  return out + "; processor " + seconds(from.user_s + from.system_s) + ", memory "
         + bytes(from.peak_rss_bytes) + "\n";
}

std::string protocols(const report& from, bool colour) {
  auto all = from.protocols;
  if (all.empty())
    return {};
  std::ranges::stable_sort(all, std::greater{}, &report::protocol::packets);
  uint64_t whole = 0;
  for (const auto& p : all)
    whole += p.packets;
  text_table out({"protocol", "packets", "share", "bytes", "flows"}, 1);
  report::protocol others;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& p = all[i];
    if (i < most_protocols || all.size() == most_protocols + 1) {
      out.add(
        {p.name, grouped(p.packets), percent(p.packets, whole), bytes(p.bytes), grouped(p.flows)});
      continue;
    }
    others.packets += p.packets;
    others.bytes += p.bytes;
    others.flows += p.flows;
  }
  if (all.size() > most_protocols + 1)
    out.add({std::to_string(all.size() - most_protocols) + " others", grouped(others.packets),
             percent(others.packets, whole), bytes(others.bytes), grouped(others.flows)});
  return "\n" + out.text(colour);
}

std::string outputs(const report& from, bool colour) {
  if (from.outputs.empty())
    return {};
  text_table out({"output", "lost", "records", "written", "bytes"}, 2);
  for (const auto& o : from.outputs) {
    const auto lost = listed(o.lost);
    out.add(
      {o.name, lost.empty() ? "-" : lost, grouped(o.taken), grouped(o.written), bytes(o.bytes)});
  }
  return "\n" + out.text(colour);
}

uint64_t total(const std::vector<named_count>& counts) {
  uint64_t out = 0;
  for (const auto& [name, count] : counts)
    out += count;
  return out;
}

std::string contexts(const report& from, bool colour) {
  if (from.contexts.empty())
    return {};
  text_table out({"context", "state", "lost", "events", "handled", "batches", "restarts"}, 3);
  std::string reasons;
  for (const auto& c : from.contexts) {
    uint64_t taken = 0, handled = 0, batches = 0;
    std::vector<named_count> lost;
    for (const auto& l : c.lanes) {
      taken += total(l.taken);
      handled += total(l.handled);
      batches += l.batches;
      for (size_t i = 0; i < l.lost.size(); ++i) {
        if (lost.size() <= i)
          lost.emplace_back(l.lost[i].first, 0);
        lost[i].second += total(l.lost[i].second);
      }
    }
    const auto text = listed(std::move(lost));
    out.add({c.name, c.state, text.empty() ? "-" : text, grouped(taken), grouped(handled),
             grouped(batches), grouped(c.restarts)});
    for (const auto& l : c.links)
      if (l.state != "ended")
        reasons += c.name + " at " + l.at + " is " + l.state + ": " + l.trouble + "\n";
    if (!c.reason.empty())
      reasons += c.name + ": " + c.reason + "\n";
  }
  return "\n" + out.text(colour) + reasons;
}

std::string scripts(const report& from, bool colour) {
  if (from.callbacks.empty())
    return {};
  text_table out({"script", "callback", "calls", "errors", "mean", "p99", "max"}, 2);
  for (const auto& c : from.callbacks)
    out.add({c.script, c.name, grouped(c.calls), grouped(c.errors), nanoseconds(c.ns_mean),
             nanoseconds(c.ns_p99), nanoseconds(c.ns_max)});
  std::string text = "\n" + out.text(colour);
  for (const auto& c : from.conditions)
    if (c.state != "running")
      text += c.script + " is " + c.state + ": " + c.reason + "\n";
  return text;
}

std::string ledger(const report& from, bool colour) {
  if (from.balanced())
    return "\nledger: balanced, " + std::to_string(from.ledger.size()) + " equations\n";
  std::string out = std::string("\n") + (colour ? "\x1b[1;31m" : "") + "ledger: does not balance"
                    + (colour ? "\x1b[0m" : "") + "\n";
  for (const auto& e : from.ledger)
    if (!e.balanced())
      out += "  " + e.text() + "\n";
  return out;
}

} // namespace

std::string summary(const report& from, bool colour) {
  std::string out = headline(from);
  if (const auto text = listed(from.node.refused); !text.empty())
    out += "nodes and strangers refused: " + text + "\n";
  if (const auto text = losses(from); !text.empty())
    out += "packets not taken in or out of order: " + text + "\n";
  if (const auto text = listed(from.flows.ended); !text.empty())
    out += "flows ended: " + text + "; at most " + grouped(from.flows.peak) + " at a time\n";
  out += protocols(from, colour) + scripts(from, colour) + contexts(from, colour)
         + outputs(from, colour);
  if (from.output.lost_bytes != 0)
    out += "\nscripts wrote " + bytes(from.output.written_bytes) + ", of which "
           + bytes(from.output.lost_bytes) + " were lost\n";
  if (from.output.dropped_bytes != 0)
    out += "\nscripts wrote " + bytes(from.output.dropped_bytes)
           + " more than the limit of a second; they were dropped\n";
  return out + ledger(from, colour);
}

} // namespace flowactors
