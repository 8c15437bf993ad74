#include "capture/versions.hpp"

#include <ndpi_api.h>
#include <pcap/pcap.h>

namespace flowactors {

std::string ndpi_built() {
  return std::to_string(NDPI_MAJOR) + "." + std::to_string(NDPI_MINOR) + "."
         + std::to_string(NDPI_PATCH);
}

std::string ndpi_running() {
  return ndpi_revision();
}

// libpcap's headers do not say their version; the build asks pkg-config.
std::string pcap_built() {
  return FLOWACTORS_PCAP_VERSION;
}

std::string pcap_running() {
  return pcap_lib_version();
}

} // namespace flowactors
