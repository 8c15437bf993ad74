#include "lua/code_ranges.hpp"

#include <link.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace flowactors::code_ranges {

namespace {

struct range {
  uintptr_t begin, end;
  bool luajit;
};

std::array<range, 512> ranges;
size_t count = 0;

int note(dl_phdr_info* object, size_t, void*) {
  const bool luajit = std::strstr(object->dlpi_name, "libluajit") != nullptr;
  const auto* headers = object->dlpi_phdr;
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    if (headers[i].p_type != PT_LOAD || (headers[i].p_flags & PF_X) == 0)
      continue;
    if (count == ranges.size())
      return 1;
    const uintptr_t begin = object->dlpi_addr + headers[i].p_vaddr;
    const uintptr_t end = begin + headers[i].p_memsz;
    ranges[count++] = {begin, end, luajit};
  }
  return 0;
}

} // namespace

void refresh() noexcept {
  count = 0;
  if (dl_iterate_phdr(note, nullptr) != 0)
    count = 0; // too many to know them all
}

bool may_leave(uintptr_t address) noexcept {
  for (size_t i = 0; i < count; ++i)
    if (address >= ranges[i].begin && address < ranges[i].end)
      return ranges[i].luajit;
  return count != 0;
}

} // namespace flowactors::code_ranges
