#pragma once

#include <string>

namespace flowactors {

/// nDPI's version when this was compiled, and as the loaded library says.
std::string ndpi_built();
std::string ndpi_running();

/// libpcap's version when this was compiled, and as the loaded library says.
std::string pcap_built();
std::string pcap_running();

} // namespace flowactors
