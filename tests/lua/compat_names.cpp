#define CAF_SUITE lua_compat_names
#include "lua/compat_names.hpp"

#include "capture/tracker.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <algorithm>

using namespace flowactors;
using namespace flowactors::test;

namespace {

const catalog& names_of_ndpi() {
  static const catalog all = [] {
    tracker_options options;
    options.max_flows = 16;
    auto flows = tracker::make(options);
    return (*flows)->names();
  }();
  return all;
}

uint16_t number_of(const std::vector<std::string>& list, std::string_view name) {
  const auto found = std::ranges::find(list, name);
  CAF_REQUIRE(found != list.end());
  return static_cast<uint16_t>(found - list.begin());
}

// What a script says of a flow of these protocols and this category.
std::string said(name_age age, jit_mode jit, std::string_view master, std::string_view app,
                 std::string_view category, const char* text) {
  script_tree tree;
  tree.write("a.lua",
             std::string{"return { flowCreate = function(f) io.write("} + text + ") end }");
  auto options = running::with(jit, &names_of_ndpi(), nullptr);
  options.compat_names = age;
  running aut{tree, running::patient(options)};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  flow.ip_version = 4;
  flow.master_protocol = number_of(names_of_ndpi().protocols, master);
  flow.app_protocol = number_of(names_of_ndpi().protocols, app);
  flow.category = static_cast<uint8_t>(number_of(names_of_ndpi().categories, category));
  aut.run(event_kind::created, flow);
  for (const auto& fault : aut.said.faults)
    CAF_ERROR(fault.text);
  return aut.said.written;
}

constexpr const char* three_names =
  R"(flow.getNdpiProto(), " ", flow.dump()["proto.ndpi"], " ", flow.getNdpiCategory())";

std::string then(std::string_view master, std::string_view app, std::string_view category,
                 const char* text = three_names) {
  const auto compiled = said(name_age::of_year_2017, jit_mode::on, master, app, category, text);
  CAF_CHECK_EQUAL(compiled,
                  said(name_age::of_year_2017, jit_mode::off, master, app, category, text));
  return compiled;
}

} // namespace

CAF_TEST(every translated name is one of nDPI) {
  const catalog& all = names_of_ndpi();
  const auto known = [](const std::vector<std::string>& list, const renamed& entry) {
    CAF_MESSAGE(entry.now);
    CAF_CHECK(std::ranges::find(list, entry.now) != list.end());
    CAF_CHECK(entry.now != entry.then);
  };
  for (const renamed& entry : renamed_protocols())
    known(all.protocols, entry);
  for (const renamed& entry : moved_protocols())
    known(all.protocols, entry);
  for (const renamed& entry : renamed_categories())
    known(all.categories, entry);
}

CAF_TEST(every category is one of 2017) {
  const names_of_2017 old = translate_names(names_of_ndpi());
  const auto is_old = [](std::string_view name) {
    return std::ranges::find(categories_of_2017(), name) != categories_of_2017().end();
  };
  for (const auto& name : old.categories)
    CAF_CHECK(is_old(name));
  for (const auto& name : old.protocol_categories)
    CAF_CHECK(name.empty() || is_old(name));
}

CAF_TEST(names of today stay without the setting) {
  CAF_CHECK_EQUAL(said(name_age::current, jit_mode::on, "TLS", "Google", "Web", three_names),
                  "TLS.Google TLS.Google Web");
}

CAF_TEST(methods give the names of 2017) {
  CAF_CHECK_EQUAL(then("Unknown", "TLS", "Web"), "SSL SSL Web");
  CAF_CHECK_EQUAL(then("TLS", "Google", "Web"), "SSL.Google SSL.Google Web");
  CAF_CHECK_EQUAL(then("Unknown", "SMBv23", "System"), "SMB SMB System");
  CAF_CHECK_EQUAL(then("Unknown", "DNS", "Network"), "DNS DNS Network");
  CAF_CHECK_EQUAL(then("TLS", "DoH_DoT", "Network"), "SSL SSL Web");
}

CAF_TEST(categories of 2017 go by protocol where one became two) {
  CAF_CHECK_EQUAL(then("Unknown", "SMTP", "Email"), "SMTP SMTP EmailSend");
  CAF_CHECK_EQUAL(then("Unknown", "IMAP", "Email"), "IMAP IMAP EmailSync");
  CAF_CHECK_EQUAL(then("Unknown", "BitTorrent", "Download"), "BitTorrent BitTorrent P2P");
  CAF_CHECK_EQUAL(then("Unknown", "FTP_DATA", "Download"), "FTP_DATA FTP_DATA FileTransfer");
  CAF_CHECK_EQUAL(then("Unknown", "SNMP", "Network"), "SNMP SNMP NetworkTool");
}

CAF_TEST(dangerous protocols are called so) {
  CAF_CHECK_EQUAL(then("Unknown", "AppleJuice", "Download", R"(flow.dump()["proto.ndpi_breed"])"),
                  "Dangerous");
}

CAF_TEST(fields of the argument have the names of today) {
  CAF_CHECK_EQUAL(then("TLS", "Google", "Web", R"(f.proto, " ", f.master)"), "TLS.Google TLS");
}

CAF_TEST(functions of interface know the names of 2017) {
  CAF_CHECK_EQUAL(then("Unknown", "DNS", "Network",
                       R"(interface.getnDPIProtoName(91), " ", interface.getnDPIProtoId("SSL"), " ",
                          interface.getnDPIProtoId("TLS"), " ", interface.getnDPIProtocols().SMB, " ",
                          interface.getnDPICategories().EmailSync)"),
                  "SSL 91 -1 16 4");
}
