#pragma once

#include "nodes/tls.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace flowactors {

/// A folder with certificates of tools/make-certs, which goes with it.
class certificates {
public:
  certificates() : folder_(make_folder()) {}
  ~certificates() { std::filesystem::remove_all(folder_); }
  certificates(const certificates&) = delete;
  certificates& operator=(const certificates&) = delete;

  /// "NAME" or "NAME=HOST,...". Under another folder: of another authority.
  tls_files make(const std::string& wanted, const std::string& below = ".", int days = 30) {
    const auto at = folder_ / below;
    const std::string make_certs = std::string(FLOWACTORS_SOURCE_DIR) + "/tools/make-certs";
    const auto command = "FLOWACTORS_DAYS=" + std::to_string(days) + " '" + make_certs + "' '"
                         + at.string() + "' '" + wanted + "' >/dev/null";
    if (std::system(command.c_str()) != 0)
      throw std::runtime_error(command);
    const auto name = wanted.substr(0, wanted.find('='));
    return {at / (name + ".pem"), at / (name + ".key"), at / "authority.pem"};
  }

  std::shared_ptr<const tls_credentials> read(const tls_files& files) {
    auto out = tls_credentials::read(files);
    if (!out)
      throw std::runtime_error(out.failure().what);
    return out.value();
  }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

private:
  static std::filesystem::path make_folder() {
    std::string out = std::filesystem::temp_directory_path() / "flowactors-tls-XXXXXX";
    if (mkdtemp(out.data()) == nullptr)
      throw std::runtime_error(out);
    return out;
  }

  std::filesystem::path folder_;
};

} // namespace flowactors
