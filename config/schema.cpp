#include "config/schema.hpp"

#include "config/quantity.hpp"

#include <array>
#include <limits>

namespace flowactors {

namespace {

using enum value_kind;

constexpr uint64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
constexpr uint64_t ms = 1'000'000, second = 1000 * ms, year = 365 * 24 * 3600 * second;
constexpr auto applies = reload_effect::applies;
constexpr auto rereads = reload_effect::rereads;
constexpr auto waits = reload_effect::waits;

template <class Map>
std::vector<std::string> names_of(const Map& sections) {
  std::vector<std::string> out;
  for (const auto& [name, values] : sections)
    out.push_back(name);
  return out;
}

constexpr std::array sections{
  setting_section{
    "capture",
    "Where packets come from. At least one of interface and read must be given, here or with -i "
    "and -r."},
  setting_section{"decode", "How frames become packets."},
  setting_section{"flows", "How packets become flows. All times are packet times."},
  setting_section{"dpi", "What nDPI does to tell the protocol of a flow."},
  setting_section{"scripts", "The Lua scripts that see the flows."},
  setting_section{"inline",
                  "The scripts in callbacks/user_scripts/inline, which run at their packet, and "
                  "their limits (docs/sandbox.md)."},
  setting_section{
    "context",
    "The scripts in callbacks/user_scripts/NAME, which run beside the capture in Lua VMs of their "
    "own and get the events in batches (docs/contexts.md). There may be many, each with a name of "
    "its own.",
    [](const settings& s) { return names_of(s.contexts); }},
  setting_section{"report", "The account at the end of a run."},
  setting_section{"shutdown", "The end of a run by INT or TERM."},
  setting_section{"log", "What the program says about itself."},
  setting_section{"node", "This process among others that share its work (docs/cluster.md)."},
  setting_section{"control", "Where flowactors ctl asks and tells the running program."},
  setting_section{
    "output",
    "A place where records go as lines of JSON (docs/outputs.md): what scripts emit, and flows. "
    "There may be many, each with a name of its own. Without one that takes what scripts emit, it "
    "goes to standard output, in order with what they write there.",
    [](const settings& s) { return names_of(s.outputs); }},
};

// The member is named once: it gives the section, the key and the place.
#define KEY(part, name, ...) KEY_OF(#part, part, name, __VA_ARGS__)
#define KEY_OF(section, part, name, ...)                                                          \
  setting_key {                                                                                   \
    section, #name,                                                                               \
      [](settings& s, const std::string&) -> setting_member { return &s.part.name; }, __VA_ARGS__ \
  }
#define KEY_OF_EACH(section, part, name, ...)                          \
  setting_key {                                                        \
    section, #name,                                                    \
      [](settings& s, const std::string& instance) -> setting_member { \
        return &s.part[instance].name;                                 \
      },                                                               \
      __VA_ARGS__                                                      \
  }

constexpr std::array keys{
  KEY(capture, interface, {.kind = names}, waits,
      "Network interfaces to listen on. Each gets capture workers of its own."),
  KEY(
    capture, read, {.kind = inputs, .dash = true}, waits,
    "Capture files (pcap, pcapng), folders of them (read in name order), or - for standard input."),
  KEY(capture, filter, {.kind = text}, applies,
      "BPF filter as in tcpdump (pcap-filter(7)); packets that it refuses are not seen at all. "
      "Empty = all packets. With files among the inputs a change waits for a restart."),
  KEY(capture, snap_length, {.kind = integer, .least = 64, .most = 262144, .unit = "bytes"}, waits,
      "How much of each frame is kept. Interfaces only."),
  KEY(capture, buffer, {.kind = value_kind::size, .least = mib, .most = 4 * gib}, waits,
      "Kernel memory that holds packets until they are read. More of it survives longer bursts. "
      "Interfaces only."),
  KEY(capture, promiscuous, {.kind = boolean}, waits,
      "Whether frames for other machines are captured too. Interfaces only."),
  KEY(capture, immediate, {.kind = boolean}, waits,
      "Whether each frame is handed over as it comes, instead of in blocks: less delay, more "
      "work. Interfaces only."),
  KEY(capture, wait, {.kind = duration, .least = ms, .most = 10 * second, .step = ms}, waits,
      "How long a block may wait to fill. Interfaces only."),
  KEY(
    capture, workers, {.kind = integer, .least = 1, .most = 64}, waits,
    "Capture workers of each input: threads that share out its flows by their addresses, each "
    "with a flow table, scripts and (on interfaces) buffer of its own. At most one for each core."),
  KEY(
    capture, on_input_loss, {.kind = choice, .choices = "end retry"}, waits,
    "What becomes of an interface that fails while it is read: end = that is a failure of the run, "
    "and the others go on; retry = it is opened again, after pauses of 50ms up to 5s. Interfaces "
    "only."),

  KEY(decode, tunnels,
      {.kind = value_kind::choices, .choices = "ipip 6in4 gre vxlan gtp capwap tzsp"}, waits,
      "Tunnels that are unwrapped, so that flows are those inside. Empty = none."),
  KEY(decode, vxlan_port, {.kind = integer, .least = 1, .most = 65535}, waits,
      "UDP port that carries VXLAN."),
  KEY(decode, gtp_port, {.kind = integer, .least = 1, .most = 65535}, waits,
      "UDP port that carries GTP-U."),
  KEY(decode, fragments, {.kind = choice, .choices = "follow drop"}, waits,
      "What happens to IP fragments after the first: follow = they count for the flow of the "
      "first one, "
      "drop = they are counted as undecoded."),
  KEY(decode, fragment_entries,
      {.kind = integer, .least = 16, .most = 1 << 20, .unit = "datagrams"}, waits,
      "How many fragmented datagrams are remembered at a time; the oldest is forgotten first."),
  KEY(decode, incomplete, {.kind = choice, .choices = "keep drop"}, waits,
      "What happens to packets that the snap length cut: keep = decoded as far as they go, "
      "drop = counted as undecoded."),
  KEY(decode, damaged, {.kind = choice, .choices = "drop read"}, waits,
      "What happens to packets whose IP header can't be right: drop = counted as undecoded, "
      "read = read on as ndpiReader does, for equal counts."),
  KEY(decode, bytes, {.kind = choice, .choices = "wire captured"}, waits,
      "What is counted as a packet's bytes: its length on the wire, or what was captured of it."),
  KEY(decode, max_headers, {.kind = integer, .least = 1, .most = 64}, waits,
      "Bound on labels, tags, extension headers and tunnels of one frame, each."),

  KEY(
    flows, max, {.kind = integer, .least = 16, .most = 16'000'000, .unit = "flows"}, waits,
    "Room in the flow table. When it is full, half-open and single-packet flows are ended first."),
  KEY(flows, idle_after, {.kind = duration, .least = second, .most = year, .zero = "never"},
      applies, "A flow ends when it had no packet for this time."),
  KEY(flows, closed_after, {.kind = duration, .least = ms, .most = year, .zero = "like idle_after"},
      applies, "A TCP flow ends this time after FIN or RST. At most idle_after."),
  KEY(flows, active_after, {.kind = duration, .least = second, .most = year, .zero = "never"},
      applies, "A flow ends at this age; the next packet begins another one."),
  KEY(flows, update_every, {.kind = duration, .least = 100 * ms, .most = year}, applies,
      "How often scripts hear of a living flow (flowUpdate), and the interval that rates are "
      "taken over."),
  KEY(flows, local_networks, {.kind = networks}, waits,
      "Networks whose addresses count as local, numbered from 0. Empty = all are remote."),
  KEY(flows, community_id_seed, {.kind = integer, .least = 0, .most = 65535}, waits,
      "Seed of the community ID. The same in all programs whose flows shall be joined by it."),

  KEY(dpi, enabled, {.kind = boolean}, waits,
      "Whether nDPI looks into the packets. Without it, every protocol is unknown."),
  KEY(dpi, guess, {.kind = boolean}, waits,
      "Whether port and address decide when nDPI gives up. Such flows are marked as guessed."),
  KEY(dpi, max_tcp_packets, {.kind = integer, .least = 1, .most = 65535, .unit = "packets"}, waits,
      "How many packets of a TCP flow nDPI gets before it gives up."),
  KEY(dpi, max_udp_packets, {.kind = integer, .least = 1, .most = 65535, .unit = "packets"}, waits,
      "How many packets of a UDP flow nDPI gets before it gives up."),
  KEY(
    dpi, protocols_file, {.kind = input_file}, waits,
    "More protocols by port, address and host name, in the format of ndpiReader -p. Empty = none."),

  KEY(scripts, enabled, {.kind = boolean}, waits,
      "Whether scripts are run. --enable-user-scripts sets it."),
  KEY(scripts, root, {.kind = folder}, applies,
      "The folder that holds callbacks/user_scripts/ and lua/modules/."),
  KEY(scripts, jit, {.kind = choice, .choices = "auto on off"}, applies,
      "Whether scripts are compiled: auto = if the machine grants executable memory, on = or "
      "fail, off = interpreted."),
  KEY(
    scripts, store_entries, {.kind = integer, .least = 16, .most = 100'000'000, .unit = "entries"},
    waits,
    "How many keys, fields, members and items ntop.setCache and the like may keep, for each input. "
    "They are kept over reloads; what does not fit is lost."),
  KEY(scripts, store_size, {.kind = value_kind::size, .least = 64 * kib, .most = 64 * gib}, waits,
      "How many bytes of names and values they may keep, for each input."),
  KEY(scripts, helper_size, {.kind = value_kind::size, .least = 64 * kib, .most = 64 * gib},
      applies,
      "How much memory the native helpers (window_counter and the like, docs/helpers.md) of all "
      "scripts of an input may take."),

  KEY_OF("inline", inline_scripts, trusted, {.kind = boolean}, applies,
         "Whether these scripts may do what the program may: open files, run programs, load C "
         "libraries. If not, they run in a sandbox."),
  KEY_OF("inline", inline_scripts, compat_names, {.kind = choice, .choices = "current 2017"},
         applies,
         "How flow.getNdpiProto(), getNdpiCategory(), dump() and interface.* name protocols, "
         "categories and breeds: current = as nDPI does now (TLS, Email), 2017 = as it did then "
         "(SSL, EmailSync). Fields of the argument flow are always current."),
  KEY_OF("inline", inline_scripts, deadline,
         {.kind = duration, .least = 100'000, .most = 10 * second, .zero = "none"}, applies,
         "How long a call of a callback may take."),
  KEY_OF("inline", inline_scripts, load_deadline,
         {.kind = duration, .least = ms, .most = 60 * second, .zero = "none"}, applies,
         "How long a file may take to load."),
  KEY_OF(
    "inline", inline_scripts, memory, {.kind = value_kind::size, .least = 4 * mib, .most = 4 * gib},
    applies,
    "How much the Lua VM of these scripts may hold. From three quarters on, scripts get errors; "
    "beyond it, the VM is built anew."),
  KEY_OF("inline", inline_scripts, output, {.kind = value_kind::size, .least = 0, .most = 64 * gib},
         applies,
         "How much these scripts may write in a second; the rest is dropped and counted, and the "
         "script that wrote most of it gets errors. 0B = no bound."),
  KEY_OF("inline", inline_scripts, pattern_steps,
         {.kind = integer, .least = 1000, .most = 1'000'000'000}, applies,
         "How many steps a search for a pattern may take (5 ns each), and eight for each byte "
         "that is searched."),
  KEY_OF("inline", inline_scripts, recursion, {.kind = integer, .least = 100, .most = 20'000},
         applies,
         "How many calls may be within each other, looked at every thousand calls. LuaJIT's stack "
         "ends before 20000."),
  KEY_OF(
    "inline", inline_scripts, on_limit, {.kind = choice, .choices = "suspend keep stop"}, applies,
    "What happens to a script that breaks its limits: suspend = it rests for a time and gets one "
    "trial, keep = it goes on, stop = it is off until the next reload."),
  KEY_OF("inline", inline_scripts, breaches, {.kind = integer, .least = 1, .most = 1'000'000},
         applies, "So many broken limits suspend a script."),
  KEY_OF("inline", inline_scripts, within, {.kind = duration, .least = ms, .most = year}, applies,
         "The time within which they count, by the clock."),
  KEY_OF(
    "inline", inline_scripts, retry_after, {.kind = duration, .least = ms, .most = year}, applies,
    "How long a suspended script rests. If it breaks a limit in its trial, it is off until the "
    "next reload."),

  KEY_OF_EACH("context", contexts, at, {.kind = names}, applies,
              "The nodes whose contexts of this name get the events, each as host:port; they share "
              "the clients among them. The scripts and most keys are theirs. Empty = this one."),
  KEY_OF_EACH("context", contexts, shards, {.kind = integer, .least = 1, .most = 64}, applies,
              "How many VMs share the work. All flows of a client meet in one of them."),
  KEY_OF_EACH(
    "context", contexts, lane, {.kind = integer, .least = 16, .most = 16'777'216, .unit = "events"},
    applies,
    "How many events may be under way from a capture worker to a shard. Files wait when "
    "there is no more room, and use that of 4 batches only, unless the context is on other "
    "nodes."),
  KEY_OF_EACH(
    "context", contexts, policy, {.kind = choice, .choices = "newest oldest sample"}, applies,
    "What an interface does then: newest = the events that come are lost, oldest = those "
    "that have waited longest, sample = every second batch that waits. They are counted."),
  KEY_OF_EACH("context", contexts, batch,
              {.kind = integer, .least = 1, .most = 4096, .unit = "events"}, applies,
              "How many events go together at most."),
  KEY_OF_EACH("context", contexts, linger, {.kind = duration, .least = ms, .most = 10 * second},
              applies, "How long an event waits for others at most."),
  KEY_OF_EACH("context", contexts, restarts, {.kind = integer, .least = 0, .most = 1'000'000},
              applies,
              "So many breakdowns of a shard are followed by a new start; one more, and the "
              "context is parked until the next reload."),
  KEY_OF_EACH("context", contexts, restarts_within, {.kind = duration, .least = ms, .most = year},
              applies, "The time within which they count."),
  KEY_OF_EACH("context", contexts, trusted, {.kind = boolean}, applies,
              "Whether these scripts may do what the program may: open files, run programs, load C "
              "libraries. If not, they run in a sandbox."),
  KEY_OF_EACH(
    "context", contexts, compat_names, {.kind = choice, .choices = "current 2017"}, applies,
    "How flow.getNdpiProto(), getNdpiCategory(), dump() and interface.* name protocols, "
    "categories and breeds: current = as nDPI does now (TLS, Email), 2017 = as it did then "
    "(SSL, EmailSync). Fields of the argument flow are always current."),
  KEY_OF_EACH("context", contexts, deadline,
              {.kind = duration, .least = 100'000, .most = 10 * second, .zero = "none"}, applies,
              "How long a call of a callback may take."),
  KEY_OF_EACH("context", contexts, load_deadline,
              {.kind = duration, .least = ms, .most = 60 * second, .zero = "none"}, applies,
              "How long a file may take to load."),
  KEY_OF_EACH(
    "context", contexts, memory, {.kind = value_kind::size, .least = 4 * mib, .most = 4 * gib},
    applies,
    "How much the Lua VM of these scripts may hold. From three quarters on, scripts get errors; "
    "beyond it, the VM is built anew."),
  KEY_OF_EACH("context", contexts, output, {.kind = value_kind::size, .least = 0, .most = 64 * gib},
              applies,
              "How much these scripts may write in a second; the rest is dropped and counted, and "
              "the script that wrote most of it gets errors. 0B = no bound."),
  KEY_OF_EACH("context", contexts, pattern_steps,
              {.kind = integer, .least = 1000, .most = 1'000'000'000}, applies,
              "How many steps a search for a pattern may take (5 ns each), and eight for each byte "
              "that is searched."),
  KEY_OF_EACH("context", contexts, recursion, {.kind = integer, .least = 100, .most = 20'000},
              applies,
              "How many calls may be within each other, looked at every thousand calls. LuaJIT's "
              "stack ends before 20000."),
  KEY_OF_EACH(
    "context", contexts, on_limit, {.kind = choice, .choices = "suspend keep stop"}, applies,
    "What happens to a script that breaks its limits: suspend = it rests for a time and gets one "
    "trial, keep = it goes on, stop = it is off until the next reload."),
  KEY_OF_EACH("context", contexts, breaches, {.kind = integer, .least = 1, .most = 1'000'000},
              applies, "So many broken limits suspend a script."),
  KEY_OF_EACH("context", contexts, within, {.kind = duration, .least = ms, .most = year}, applies,
              "The time within which they count, by the clock."),
  KEY_OF_EACH(
    "context", contexts, retry_after, {.kind = duration, .least = ms, .most = year}, applies,
    "How long a suspended script rests. If it breaks a limit in its trial, it is off until the "
    "next reload."),

  KEY(report, file, {.kind = output_file, .dash = true}, waits,
      "Where the report goes (JSON, docs/report.md). - = standard output, empty = nowhere. "
      "--report sets it."),
  KEY(report, strict_ledger, {.kind = boolean}, waits,
      "Whether it is a failure (exit code 3) when the books do not balance. --strict-ledger sets "
      "it."),
  KEY(report, summary, {.kind = boolean}, waits,
      "Whether a table of the run is printed on standard error at its end."),

  KEY(shutdown, grace, {.kind = duration, .least = ms, .most = 3600 * second, .zero = "none"},
      applies,
      "How long contexts may take then to handle what waits for them; the rest is lost and "
      "counted. A second signal ends it at once."),

  KEY(log, level, {.kind = choice, .choices = "trace debug info warning error off"}, applies,
      "The least that is logged. -v and -q set it."),
  KEY(log, file, {.kind = output_file}, waits,
      "Where the log goes; it is appended to. Empty = standard error."),

  KEY(node, name, {.kind = text}, waits,
      "How other nodes and their logs call this one, at most 64 characters; each has a name of its "
      "own. Empty = the name of the host."),
  KEY(node, listen, {.kind = text}, waits,
      "Where nodes that capture may send events for the contexts of this one, as host:port. Empty "
      "= nowhere."),
  KEY(node, certificate, {.kind = input_file}, waits,
      "This node's certificate, PEM, with those between it and the authority behind it; its "
      "alternative names are the node's name and the hosts under which others call it "
      "(tools/make-certs makes such). With it, links in and out are under TLS 1.3, and both ends "
      "show theirs. A reload reads the three files anew. Empty = links are in the open."),
  KEY(node, key, {.kind = input_file}, waits, "The key of the certificate, PEM, without password."),
  KEY(node, authority, {.kind = input_file}, waits,
      "The certificate of the authority, PEM: who has a certificate of it is let in."),
  KEY(node, insecure, {.kind = boolean}, waits,
      "Whether links may leave this machine though nothing encrypts them or proves who is there. "
      "Not together with a certificate."),
  KEY(node, heartbeat, {.kind = duration, .least = 10 * ms, .most = 60 * second}, waits,
      "How often a node without anything to say says that it is there."),
  KEY(node, timeout, {.kind = duration, .least = 20 * ms, .most = 600 * second}, waits,
      "How long a node may be silent until its link is given up and made anew."),

  KEY(control, socket, {.kind = output_file}, waits,
      "A Unix socket, made at the start for this user and root alone (docs/control.md). Empty = "
      "none."),

  KEY_OF_EACH(
    "output", outputs, kind, {.kind = choice, .choices = "file stdout unix node"}, applies,
    "Where to: a file, standard output, a stream socket of the Unix domain that another program "
    "listens at, or the output of the same name of another node."),
  KEY_OF_EACH("output", outputs, path, {.kind = output_file}, rereads,
              "The file or the socket. A file is appended to, and opened anew by a reload; so that "
              "it can be moved away."),
  KEY_OF_EACH("output", outputs, at, {.kind = text}, applies,
              "That node, as host:port where it listens."),
  KEY_OF_EACH("output", outputs, what, {.kind = choice, .choices = "both emits flows"}, applies,
              "Which records: what scripts emit, a record for each flow that has ended, or both."),
  KEY_OF_EACH("output", outputs, detected, {.kind = boolean}, applies,
              "Whether a flow has a record when its protocol is detected, too."),
  KEY_OF_EACH(
    "output", outputs, rotate,
    {.kind = value_kind::size, .least = 4 * kib, .most = 1024 * gib, .zero = "never"}, applies,
    "A file that would grow beyond this is put aside as FILE.1, the one before as FILE.2, "
    "and so on."),
  KEY_OF_EACH("output", outputs, keep,
              {.kind = integer, .least = 0, .most = 10'000, .unit = "files"}, applies,
              "How many files that were put aside are kept."),
  KEY_OF_EACH("output", outputs, queue,
              {.kind = value_kind::size, .least = 64 * kib, .most = 16 * gib}, applies,
              "Memory for records that wait to be written."),
  KEY_OF_EACH("output", outputs, max_record,
              {.kind = value_kind::size, .least = kib, .most = 16 * mib}, applies,
              "The longest record that a script may emit; others are lost and counted."),
  KEY_OF_EACH("output", outputs, when_full, {.kind = choice, .choices = "auto wait drop"}, applies,
              "What happens when the queue is full: wait = packets are read no faster than records "
              "are written, drop = records are lost and counted, auto = wait if there are no "
              "interfaces among the inputs, else drop."),
  KEY_OF_EACH("output", outputs, wait, {.kind = duration, .least = ms, .most = year}, applies,
              "How long that wait may take while the output can't be written at all; then records "
              "are lost and counted until it can."),
};

#undef KEY
#undef KEY_OF
#undef KEY_OF_EACH

std::string quantity_range(const value_rule& rule, std::span<const quantity_unit> units) {
  std::string out =
    "from " + format_quantity(rule.least, units) + " to " + format_quantity(rule.most, units);
  if (rule.step > 1)
    out += " in steps of " + format_quantity(rule.step, units);
  return out;
}

std::string joined_choices(const value_rule& rule) {
  std::string out;
  for (const auto& name : choice_names(rule))
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

} // namespace

std::span<const setting_key> setting_keys() {
  return keys;
}

std::span<const setting_section> setting_sections() {
  return sections;
}

std::vector<std::string> instances_of(const setting_key& key, const settings& values) {
  for (const auto& section : sections)
    if (section.instances != nullptr && std::string_view(section.name) == key.section)
      return section.instances(values);
  return {std::string()};
}

bool is_list(value_kind kind) {
  return kind >= names;
}

std::vector<std::string> choice_names(const value_rule& rule) {
  std::vector<std::string> out;
  const std::string_view all = rule.choices;
  for (size_t from = 0, end = 0; from < all.size(); from = end + 1) {
    end = std::min(all.find(' ', from), all.size());
    out.emplace_back(all.substr(from, end - from));
  }
  return out;
}

std::string expectation(const value_rule& rule) {
  switch (rule.kind) {
    case boolean:
      return "true or false (or yes, no, on, off)";
    case integer: {
      const std::string unit = *rule.unit == '\0' ? "" : std::string(" ") + rule.unit;
      return "an integer from " + std::to_string(rule.least) + " to " + std::to_string(rule.most)
             + unit;
    }
    case value_kind::size:
      return (rule.zero == nullptr ? "" : std::string("0B (") + rule.zero + ") or ") + "a size "
             + quantity_range(rule, size_units()) + " (units B, KiB, MiB, GiB, kB, MB, GB)";
    case duration: {
      const std::string zero =
        rule.zero == nullptr ? "" : std::string("0s (") + rule.zero + ") or ";
      return zero + "a duration " + quantity_range(rule, duration_units())
             + " (units ns, us, ms, s, min, h)";
    }
    case choice:
      return "one of " + joined_choices(rule);
    case text:
      return "a text";
    case input_file:
      return "a file that can be read";
    case output_file:
      return std::string("a file in a folder that exists") + (rule.dash ? ", or -" : "");
    case folder:
      return "a folder";
    case names:
      return "names, separated by commas";
    case inputs:
      return "files, folders or -, separated by commas";
    case value_kind::choices:
      return "some of " + joined_choices(rule);
    case networks:
      return "networks like 192.168.0.0/16 or fc00::/7, separated by commas";
  }
  return {};
}

} // namespace flowactors
