#include "lua/compat_names.hpp"

#include <algorithm>
#include <array>

namespace flowactors {

namespace {

constexpr std::array<std::string_view, 20> old_categories{
  "Unspecified",  "Media",         "VPN",           "EmailSend",    "EmailSync",
  "FileTransfer", "Web",           "SocialNetwork", "P2P",          "Game",
  "Chat",         "VoIP",          "Database",      "RemoteAccess", "Cloud",
  "Network",      "Collaborative", "RPC",           "NetworkTool",  "System"};

// By the name of today.
constexpr std::array protocols{
  renamed{"TLS", "SSL"},
  renamed{"SMBv1", "SMB"},
  renamed{"SMBv23", "SMB"},
  renamed{"Jabber", "Unencryped_Jabber"}, // as it was spelt
  renamed{"Skype_Teams", "Skype"},
  renamed{"SkypeCall", "Skype"},
  renamed{"WhatsAppCall", "WhatsAppVoice"},
  renamed{"WhatsAppFiles", "WhatsApp"},
  renamed{"GoogleHangoutDuo", "GoogleHangout"},
  renamed{"GoogleServices", "Google"},
  renamed{"GoogleDocs", "Google"},
  renamed{"GoogleClassroom", "Google"},
  renamed{"Microsoft365", "Office365"},
  renamed{"Azure", "Microsoft"},
  renamed{"AmazonAlexa", "Amazon"},
  renamed{"AmazonAWS", "Amazon"},
  renamed{"AmazonVideo", "Amazon"},
  renamed{"ApplePush", "Apple"},
  renamed{"AppleSiri", "Apple"},
  renamed{"Messenger", "Facebook"},
  renamed{"FacebookVoip", "Facebook"},
  renamed{"SnapchatCall", "Snapchat"},
  renamed{"DoH_DoT", "SSL"},
  renamed{"GTP_U", "GTP"},
  renamed{"GTP_C", "GTP"},
  renamed{"GTP_PRIME", "GTP"},
};

// Where a protocol's category was not that which stands for its category of today.
constexpr std::array moved{
  renamed{"SMTP", "EmailSend"},
  renamed{"SMTPS", "EmailSend"},
  renamed{"BitTorrent", "P2P"},
  renamed{"eDonkey", "P2P"},
  renamed{"Gnutella", "P2P"},
  renamed{"DirectConnect", "P2P"},
  renamed{"AppleJuice", "P2P"},
  renamed{"OpenFT", "P2P"},
  renamed{"FastTrack", "P2P"},
  renamed{"Thunder", "P2P"},
  renamed{"Stealthnet", "P2P"},
  renamed{"Aimini", "P2P"},
  renamed{"Direct_Download_Link", "P2P"},
  renamed{"SNMP", "NetworkTool"},
  renamed{"NetFlow", "NetworkTool"},
  renamed{"sFlow", "NetworkTool"},
  renamed{"Radius", "NetworkTool"},
  renamed{"Whois-DAS", "NetworkTool"},
  renamed{"UBNTAC2", "NetworkTool"},
  renamed{"RemoteScan", "NetworkTool"},
  renamed{"RTP", "VoIP"},
  renamed{"Webex", "Collaborative"},
  renamed{"TruPhone", "Chat"},
  renamed{"Viber", "Chat"},
  renamed{"TeamSpeak", "Chat"},
  renamed{"GoogleHangoutDuo", "Chat"},
  renamed{"DoH_DoT", "Web"},
  renamed{"BJNP", "Unspecified"},
};

constexpr std::array categories{
  renamed{"Email", "EmailSync"},       renamed{"DataTransfer", "FileTransfer"},
  renamed{"Download", "FileTransfer"}, renamed{"FileSharing", "P2P"},
  renamed{"Streaming", "Media"},       renamed{"Music", "Media"},
  renamed{"Video", "Media"},           renamed{"SoftwareUpdate", "Web"},
  renamed{"Shopping", "Web"},          renamed{"Productivity", "Collaborative"},
  renamed{"ConnCheck", "Network"},     renamed{"IoT-Scada", "Network"},
  renamed{"VirtAssistant", "Cloud"},
};

std::string_view find(std::span<const renamed> list, std::string_view now,
                      std::string_view otherwise) noexcept {
  const auto found = std::ranges::find(list, now, &renamed::now);
  return found == list.end() ? otherwise : found->then;
}

std::string_view old_category(std::string_view now) noexcept {
  const std::string_view name = find(categories, now, now);
  return std::ranges::find(old_categories, name) == old_categories.end() ? old_categories[0] : name;
}

} // namespace

names_of_2017 translate_names(const catalog& names) {
  names_of_2017 out;
  for (const std::string& now : names.protocols) {
    out.protocols.emplace_back(find(protocols, now, now));
    out.protocol_categories.emplace_back(find(moved, now, ""));
  }
  for (const std::string& now : names.protocol_breeds)
    out.protocol_breeds.emplace_back(now == "Potentially Dangerous" ? "Dangerous" : now);
  for (const std::string& now : names.categories)
    out.categories.emplace_back(old_category(now));
  return out;
}

std::span<const std::string_view> categories_of_2017() noexcept {
  return old_categories;
}

std::span<const renamed> renamed_protocols() noexcept {
  return protocols;
}

std::span<const renamed> moved_protocols() noexcept {
  return moved;
}

std::span<const renamed> renamed_categories() noexcept {
  return categories;
}

} // namespace flowactors
