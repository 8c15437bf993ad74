#pragma once

#include "lua/script_vm.hpp"

#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace flowactors::test {

/// Keeps what scripts say.
class notes : public script_output {
public:
  struct line {
    level severity;
    std::string script;
    std::string text;
  };
  struct told_fault {
    std::string script;
    std::string callback;
    std::string text;
    uint64_t count;
  };

  void write(std::string_view bytes) noexcept override { written += bytes; }
  void log(level severity, std::string_view script, std::string_view text) noexcept override {
    lines.push_back({severity, std::string{script}, std::string{text}});
  }
  void fault(std::string_view script, std::string_view callback, std::string_view text,
             uint64_t count) noexcept override {
    faults.push_back({std::string{script}, std::string{callback}, std::string{text}, count});
  }

  std::string written;
  std::vector<line> lines;
  std::vector<told_fault> faults;
};

/// A folder of scripts that goes away with it: root/scripts/callbacks/user_scripts/inline, and our
/// modules.
class script_tree {
public:
  script_tree() {
    char name[] = "/tmp/flowactors-test-XXXXXX";
    top_ = mkdtemp(name);
    std::filesystem::create_directories(inline_folder());
    std::filesystem::create_directories(root() / "lua");
    std::filesystem::copy(std::filesystem::path{FLOWACTORS_SOURCE_DIR} / "scripts/lua/modules",
                          root() / "lua/modules", std::filesystem::copy_options::recursive);
  }
  ~script_tree() {
    std::error_code ignored;
    std::filesystem::remove_all(top_, ignored);
  }
  script_tree(const script_tree&) = delete;

  std::filesystem::path root() const { return top_ / "scripts"; }
  std::filesystem::path inline_folder() const { return root() / "callbacks/user_scripts/inline"; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{inline_folder() / name, std::ios::binary} << text;
  }

private:
  std::filesystem::path top_;
};

/// A VM over a tree, and the notes that it writes.
struct running {
  explicit running(const script_tree& tree, jit_mode jit = jit_mode::automatic,
                   const catalog* names = nullptr, const char* text_arena = nullptr)
    : running(tree, patient(with(jit, names, text_arena))) {}

  running(const script_tree& tree, script_vm_options options) {
    options.root = tree.root();
    options.output = &said;
    auto made = script_vm::make(options);
    if (made)
      vm = std::move(*made);
    else
      failure = made.failure();
  }

  /// Runs the callbacks of a kind, and hands on what they wrote.
  void run(event_kind kind, flow_record& flow, int64_t now_ns = 0) {
    vm->handle(kind, flow, now_ns);
    vm->flush();
  }

  static script_vm_options with(jit_mode jit, const catalog* names, const char* text_arena) {
    script_vm_options options;
    options.jit = jit;
    options.names = names;
    options.text_arena = text_arena;
    return options;
  }

  /// For what is not about time: sanitizers are slow.
  static script_vm_options patient(script_vm_options options) {
    options.limits.deadline = std::chrono::seconds(2);
    return options;
  }

  notes said;
  error failure{};
  std::unique_ptr<script_vm> vm;
};

/// A text arena with one block, number 1.
class one_text {
public:
  using piece = std::pair<flow_text_span flow_text::*, std::string>;

  one_text(std::initializer_list<piece> pieces) : bytes_(16 + sizeof(flow_text)) {
    flow_text head{};
    for (const auto& [member, text] : pieces) {
      head
        .*member = {static_cast<uint16_t>(bytes_.size() - 16), static_cast<uint16_t>(text.size())};
      bytes_.insert(bytes_.end(), text.begin(), text.end());
    }
    head.size = static_cast<uint32_t>(bytes_.size() - 16);
    std::memcpy(bytes_.data() + 16, &head, sizeof(head));
  }

  const char* arena() const { return bytes_.data(); }

private:
  std::vector<char> bytes_;
};

} // namespace flowactors::test
