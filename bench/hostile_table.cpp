#include "bench/hostile_table.hpp"

#include "bench/script_tree.hpp"
#include "lua/script_limits.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

namespace flowactors::bench {

namespace {

constexpr double soon_ms = 5, late_ms = 50;
constexpr size_t soon_target = 36;
constexpr double room_mb = 64 + 1; // the hard cap and 1 MiB

struct row {
  std::string script;
  std::string reason; ///< why it may be late
  hostile_figures found;
  bool same; ///< the honest scripts handled the same events, and came to the same results
};

// The limits that calls broke.
std::string kinds(const hostile_figures& figures) {
  if (!figures.ended)
    return "the process died";
  std::string out;
  for (size_t i = 0; i < limit_kind_count; ++i)
    if (figures.limits[i] != 0)
      out += std::string{out.empty() ? "" : " "} + to_string(static_cast<limit_kind>(i)) + ":"
             + std::to_string(figures.limits[i]);
  return out.empty() ? "-" : out;
}

std::string reason_of(const std::filesystem::path& script) {
  static constexpr char mark[] = "-- Late: ";
  const std::string text = text_of_file(script);
  const size_t at = text.find(mark);
  if (at == std::string::npos)
    return "no reason is known";
  const size_t from = at + sizeof(mark) - 1;
  return text.substr(from, text.find('\n', from) - from);
}

row measure(const std::filesystem::path& script, const hostile_figures& alone,
            const treatment& under, size_t events) {
  row out{script.stem(), reason_of(script), run_hostile(script, under, events), false};
  out.found.grown_kb -= std::min(out.found.grown_kb, alone.grown_kb);
  out.same = out.found.ended && out.found.honest_calls == out.found.honest_events
             && std::strcmp(out.found.honest_result, alone.honest_result) == 0;
  return out;
}

double grown_mb(const row& of) {
  return static_cast<double>(of.found.grown_kb) / 1024;
}

void print(const row& of) {
  std::printf("%-18s %8.2f %8.2f %8.1f %9lu %8s  %s\n", of.script.c_str(), of.found.worst_ms,
              of.found.worst_cpu_ms, grown_mb(of), static_cast<unsigned long>(of.found.rebuilds),
              of.same ? "same" : "OTHER", kinds(of.found).c_str());
}

bool judge(bool held, const char* what) {
  std::printf("%-7s %s\n", held ? "held" : "missed", what);
  return held;
}

template <class Rows, class Check>
size_t count(const Rows& rows, Check check) {
  return static_cast<size_t>(std::count_if(rows.begin(), rows.end(), check));
}

bool judge_times(const std::vector<row>& rows, const char* clock, double hostile_figures::*worst) {
  const auto within = [&](double ms) {
    return count(rows, [&](const row& x) { return x.found.ended && x.found.*worst <= ms; });
  };
  char text[160];
  std::snprintf(text, sizeof(text),
                "by %s: %zu of %zu within %.0f ms (target %zu), %zu within %.0f ms (all)", clock,
                within(soon_ms), rows.size(), soon_ms, soon_target, within(late_ms), late_ms);
  return judge(within(soon_ms) >= soon_target && within(late_ms) == rows.size(), text);
}

bool judge_memory(const std::vector<row>& rows) {
  const auto most = std::max_element(rows.begin(), rows.end(), [](const row& a, const row& b) {
    return a.found.grown_kb < b.found.grown_kb;
  });
  char text[160];
  std::snprintf(
    text, sizeof(text),
    "memory: the process grew by %.1f MB more than with honest scripts alone, with %s (target %.0f)",
    grown_mb(*most), most->script.c_str(), room_mb);
  return judge(grown_mb(*most) <= room_mb, text);
}

bool judge_honest(const std::vector<row>& rows, const hostile_figures& alone) {
  const size_t same = count(rows, [](const row& x) { return x.same; });
  char text[160];
  std::snprintf(
    text, sizeof(text),
    "honest scripts: all %lu events handled, with the same results as alone, beside %zu of %zu",
    static_cast<unsigned long>(alone.honest_events), same, rows.size());
  return judge(same == rows.size() && alone.honest_calls == alone.honest_events, text);
}

void name_late(const std::vector<row>& rows) {
  for (const row& of : rows)
    if (of.found.worst_cpu_ms > soon_ms)
      std::printf("late:   %s, %.1f ms: %s\n", of.script.c_str(), of.found.worst_cpu_ms,
                  of.reason.c_str());
}

} // namespace

std::vector<std::filesystem::path> scripts_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".lua")
      out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

bool show_hostile(const std::filesystem::path& folder, const treatment& under, size_t events) {
  const auto alone = run_hostile({}, under, events);
  std::printf(
    "%s, deadline %ld ms, %zu calls each: ms from deadline to interruption, the worst one\n",
    under.name, static_cast<long>(under.deadline.count()), events);
  std::printf("%-18s %8s %8s %8s %9s %8s  %s\n", "script", "wall", "cpu", "peak MB", "rebuilds",
              "honest", "limits broken");
  std::vector<row> rows;
  for (const auto& script : scripts_of(folder)) {
    rows.push_back(measure(script, alone, under, events));
    print(rows.back());
  }
  bool held = judge_times(rows, "the thread's clock", &hostile_figures::worst_cpu_ms);
  judge_times(rows, "wall (where the machine is quiet)", &hostile_figures::worst_ms);
  name_late(rows);
  held &= judge_memory(rows);
  held &= judge_honest(rows, alone);
  std::printf("\n");
  return held;
}

} // namespace flowactors::bench
