#pragma once

#include <string>

namespace flowactors {

/// A library's version when this was compiled, and the one that is loaded now.
struct library_version {
  std::string name;
  std::string built;
  std::string running;
};

library_version ndpi_version();
library_version pcap_version();

} // namespace flowactors
