#pragma once

#include "capture/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace flowactors {

/// Everything that can be set, typed and with its default. One struct a section of the file, one
/// member a key, same names. The table in settings.cpp gives each key its unit, its range and what
/// a reload does to it.
struct settings {
  struct capture_section {
    std::vector<std::string> interface; ///< live inputs
    std::vector<std::string> read;      ///< files, folders, "-"
    std::string filter;                 ///< BPF
    uint32_t snap_length = 262144;      ///< bytes
    uint64_t buffer = 64u << 20;        ///< bytes ("64MiB")
    bool promiscuous = true;
    bool immediate = false;
    std::chrono::nanoseconds wait = std::chrono::milliseconds(100);
    uint32_t workers = 1;              ///< of each input
    std::string on_input_loss = "end"; ///< end | retry
    bool operator==(const capture_section&) const = default;
  } capture;

  struct decode_section {
    std::vector<std::string> tunnels{"ipip", "6in4", "gre", "vxlan",
                                     "gtp"}; ///< of ipip 6in4 gre vxlan gtp capwap tzsp
    uint16_t vxlan_port = 4789;
    uint16_t gtp_port = 2152;
    std::string fragments = "follow"; ///< follow | drop
    uint32_t fragment_entries = 4096;
    std::string incomplete = "keep"; ///< keep | drop
    std::string damaged = "drop";    ///< drop | read
    std::string bytes = "wire";      ///< wire | captured
    uint8_t max_headers = 16;
    bool operator==(const decode_section&) const = default;
  } decode;

  struct flows_section {
    uint32_t max = 1'000'000;                                       ///< flows in the table
    std::chrono::nanoseconds idle_after = std::chrono::seconds(60); ///< 0 = never
    std::chrono::nanoseconds closed_after =
      std::chrono::seconds(3);                ///< after FIN or RST; 0 = like idle_after
    std::chrono::nanoseconds active_after{0}; ///< 0 = never
    std::chrono::nanoseconds update_every = std::chrono::seconds(5);
    std::vector<std::string> local_networks{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                            "fc00::/7", "fe80::/10"};
    uint16_t community_id_seed = 0;
    bool operator==(const flows_section&) const = default;
  } flows;

  struct dpi_section {
    bool enabled = true;
    bool guess = true; ///< by port and address, when nDPI gives up
    uint32_t max_tcp_packets = 80;
    uint32_t max_udp_packets = 24;
    std::string protocols_file; ///< nDPI's own format, empty = none
    bool operator==(const dpi_section&) const = default;
  } dpi;

  struct scripts_section {
    bool enabled = true;
    std::string root = "../scripts"; ///< relative to the configuration file's folder
    std::string jit = "auto";        ///< auto | on | off
    uint32_t store_entries = 100'000;
    uint64_t store_size = 64u << 20;  ///< bytes
    uint64_t helper_size = 16u << 20; ///< bytes
    bool operator==(const scripts_section&) const = default;
  } scripts;

  /// The context of the scripts that run at their packet, in callbacks/user_scripts/inline.
  struct inline_section {
    bool trusted = false;                 ///< no sandbox
    std::string compat_names = "current"; ///< current | 2017
    std::chrono::nanoseconds deadline = std::chrono::milliseconds(1);
    std::chrono::nanoseconds load_deadline = std::chrono::seconds(1);
    uint64_t memory = 64u << 20;      ///< bytes
    uint64_t output = 64u << 20;      ///< bytes a second, 0 = no bound
    uint32_t pattern_steps = 200'000; ///< of one search
    uint32_t recursion = 20'000;      ///< calls within each other
    std::string on_limit = "suspend"; ///< suspend | keep | stop
    uint32_t breaches = 5;
    std::chrono::nanoseconds within = std::chrono::seconds(60);
    std::chrono::nanoseconds retry_after = std::chrono::seconds(30);
    bool operator==(const inline_section&) const = default;
  } inline_scripts; ///< [inline]

  /// A context: the scripts of callbacks/user_scripts/NAME, in VMs of their own beside the capture.
  struct context_section {
    std::vector<std::string> at; ///< nodes that run it, "host:port"; empty = this one
    uint32_t shards = 1;
    uint32_t lane = 16384;         ///< events
    std::string policy = "newest"; ///< newest | oldest | sample
    uint32_t batch = 256;          ///< events
    std::chrono::nanoseconds linger = std::chrono::milliseconds(20);
    uint32_t restarts = 3;
    std::chrono::nanoseconds restarts_within = std::chrono::seconds(5);
    bool trusted = false; ///< this and what follows as in [inline]
    std::string compat_names = "current";
    std::chrono::nanoseconds deadline = std::chrono::milliseconds(50);
    std::chrono::nanoseconds load_deadline = std::chrono::seconds(1);
    uint64_t memory = 64u << 20;
    uint64_t output = 64u << 20;
    uint32_t pattern_steps = 200'000;
    uint32_t recursion = 20'000;
    std::string on_limit = "suspend";
    uint32_t breaches = 5;
    std::chrono::nanoseconds within = std::chrono::seconds(60);
    std::chrono::nanoseconds retry_after = std::chrono::seconds(30);
    bool operator==(const context_section&) const = default;
  };
  std::map<std::string, context_section> contexts; ///< [context.NAME], by name

  struct report_section {
    std::string file; ///< empty = none, "-" = standard output
    bool strict_ledger = false;
    bool summary = true; ///< the closing table on standard error
    bool operator==(const report_section&) const = default;
  } report;

  struct shutdown_section {
    std::chrono::nanoseconds grace = std::chrono::seconds(10);
    bool operator==(const shutdown_section&) const = default;
  } shutdown;

  struct log_section {
    std::string level = "info"; ///< trace debug info warning error off
    std::string file;           ///< empty = standard error
    bool operator==(const log_section&) const = default;
  } log;

  /// This process among others (docs/cluster.md).
  struct node_section {
    std::string name;        ///< empty = the host's
    std::string listen;      ///< "host:port", empty = nowhere
    std::string certificate; ///< PEM; empty = links are in the open
    std::string key;         ///< PEM
    std::string authority;   ///< PEM; whoever has a certificate of it is let in
    bool insecure = false;   ///< links leave the machine, and nothing protects them
    std::chrono::nanoseconds heartbeat = std::chrono::seconds(1);
    std::chrono::nanoseconds timeout = std::chrono::seconds(5);
    bool operator==(const node_section&) const = default;
  } node;

  struct control_section {
    std::string socket; ///< empty = none
    bool operator==(const control_section&) const = default;
  } control;

  /// Where records of scripts and flows go.
  struct output_section {
    std::string kind = "file"; ///< file | stdout | unix | node
    std::string path;
    std::string at;            ///< "host:port" of the node, if kind = node
    std::string what = "both"; ///< emits | flows | both
    bool detected = false;
    uint64_t rotate = 0; ///< bytes, 0 = never
    uint32_t keep = 5;
    uint64_t queue = 16u << 20;       ///< bytes
    uint64_t max_record = 256u << 10; ///< bytes
    std::string when_full = "auto";   ///< auto | wait | drop
    std::chrono::nanoseconds wait = std::chrono::seconds(10);
    bool operator==(const output_section&) const = default;
  };
  std::map<std::string, output_section> outputs; ///< [output.NAME], by name

  bool operator==(const settings&) const = default;
};

/// One thing wrong with the settings, as "file:line: [section] key: found, expected, nearest known
/// name".
using setting_fault = std::string;

/// An assignment from the command line.
struct setting_override {
  std::string target; ///< "section.key"
  std::string value;
  std::string origin = "--set"; ///< how messages name it
};

/// What reading settings gave: either `faults` is empty and `values` is complete, or `values` must
/// not be used.
struct settings_outcome {
  settings values;
  std::vector<setting_fault> faults;
};

/// Reads the file (empty path = none), applies the overrides in order, and checks everything; all
/// faults at once. `defaults` holds where neither says anything: main gives the shipped scripts'
/// folder with it. Paths come out absolute: those of the file and of the defaults start at the
/// file's folder, those of the overrides, and everything when there is no file, at the working
/// directory.
settings_outcome load_settings(const std::filesystem::path& file,
                               const std::vector<setting_override>& overrides,
                               const settings& defaults = settings{});

/// The same from text; `name` stands for the file in messages, `folder` is where relative paths
/// start.
settings_outcome parse_settings(const std::string& text, const std::string& name,
                                const std::filesystem::path& folder,
                                const std::vector<setting_override>& overrides,
                                const settings& defaults = settings{});

/// The settings as a commented file that `load_settings` reads back to the same values. Relative
/// paths come out absolute.
std::string dump_settings(const settings& values);

/// The value in quotes, as a file or an override takes it whatever it contains (commas, spaces,
/// `#`).
std::string quote_setting(const std::string& value);

/// The values as one list for a file or an override.
std::string quote_settings(const std::vector<std::string>& values);

} // namespace flowactors
