#include "lua/script_folder.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

namespace flowactors {

namespace {

constexpr size_t max_bytes = 16u << 20;

error io_error(const std::filesystem::path& path, int number) {
  const ec code = number == ENOENT                      ? ec::not_found
                  : number == EACCES || number == EPERM ? ec::no_permission
                                                        : ec::io_failed;
  return {code, path.string() + ": can't be read: " + std::strerror(number)};
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Levenshtein's distance, capital letters equal to small ones.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min(
        {row[j] + 1, row[j - 1] + 1, diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

} // namespace

result<std::vector<std::string>> list_scripts(const std::filesystem::path& folder) {
  std::error_code failure;
  const auto status = std::filesystem::status(folder, failure);
  if (!std::filesystem::exists(status))
    return error{ec::not_found, folder.string() + ": no such folder; scripts are expected there"};
  if (!std::filesystem::is_directory(status))
    return error{ec::wrong_kind, folder.string() + ": not a folder; scripts are expected in it"};
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry{folder, failure}, end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (name.size() > 4 && name.ends_with(".lua") && name[0] != '.'
        && !entry->is_directory(ignored))
      names.push_back(name);
  }
  if (failure)
    return io_error(folder, failure.value());
  std::sort(names.begin(), names.end());
  return names;
}

result<std::string> read_script(const std::filesystem::path& file) {
  std::error_code failure;
  const auto status = std::filesystem::status(file, failure);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return error{ec::wrong_kind, file.string() + ": not a regular file"};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input{std::fopen(file.c_str(), "rb"),
                                                              std::fclose};
  if (!input)
    return io_error(file, errno);
  std::string text;
  char chunk[16384];
  while (const size_t count = std::fread(chunk, 1, sizeof(chunk), input.get())) {
    text.append(chunk, count);
    if (text.size() > max_bytes)
      return error{ec::bad_script,
                   file.string() + ": more than 16 MiB; a script has to be smaller"};
  }
  if (std::ferror(input.get()) != 0)
    return io_error(file, errno);
  return text;
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view best;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const auto [shorter, longer] = std::minmax({name.size(), candidate.size()});
    if (longer - shorter >= least) // a name may be as long as a script likes
      continue;
    const size_t steps = distance(name, candidate);
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

} // namespace flowactors
