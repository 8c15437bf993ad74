#include "bench/script_tree.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace flowactors::bench {

script_tree::script_tree() {
  char name[] = "/tmp/flowactors-bench-XXXXXX";
  if (mkdtemp(name) == nullptr)
    _exit(1);
  top_ = name;
  std::filesystem::create_directories(top_ / "callbacks/user_scripts/inline");
}

script_tree::~script_tree() {
  std::error_code ignored;
  std::filesystem::remove_all(top_, ignored);
}

void script_tree::add(const std::string& name, const std::string& text) const {
  std::ofstream{top_ / "callbacks/user_scripts/inline" / name} << text;
}

std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    std::fprintf(stderr, "%s can't be read\n", file.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace flowactors::bench
