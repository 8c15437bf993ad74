#define CAF_SUITE config_ini
#include "config/ini.hpp"

#include "config/nearest.hpp"
#include "config/quantity.hpp"
#include "tests/suite.hpp"

using namespace flowactors;

namespace {

/// The document as text: entries as "section.key@line=text|item,item", then faults as "line what".
std::string read(std::string_view text) {
  const auto document = read_ini(text);
  std::string out;
  for (const auto& entry : document.entries) {
    out += entry.section + "." + entry.key + "@" + std::to_string(entry.line) + "="
           + entry.value.text + "|";
    for (const auto& item : entry.value.items)
      out += "<" + item.text + "@" + std::to_string(item.line) + ">";
    out += "\n";
  }
  for (const auto& fault : document.faults)
    out += std::to_string(fault.line) + " " + fault.what + "\n";
  return out;
}

/// The value that stands behind an equals sign.
std::string value(const std::string& text) {
  const auto document = read_ini("[s]\nk =" + text + "\n");
  CAF_REQUIRE(document.faults.empty());
  CAF_REQUIRE_EQUAL(document.entries.size(), 1u);
  return document.entries.front().value.text;
}

/// The value of an override, or what is wrong with it.
std::string override_value(const std::string& text) {
  const auto read = read_ini_value(text);
  return read ? read.value().text : read.failure().what;
}

std::optional<uint64_t> duration(const char* text) {
  return parse_quantity(text, duration_units());
}

std::optional<uint64_t> size(const char* text) {
  return parse_quantity(text, size_units());
}

} // namespace

CAF_TEST(sections keys and values) {
  CAF_CHECK_EQUAL(read(""), "");
  CAF_CHECK_EQUAL(read("\n\n  \t\n# only\n; comments"), "");
  CAF_CHECK_EQUAL(read("[a]\nx=1\n  y  =  two words  \n[ b ] # comment\nx = 3"),
                  "a.x@2=1|<1@2>\na.y@3=two words|<two words@3>\nb.x@5=3|<3@5>\n");
  CAF_CHECK_EQUAL(read("[a]\nx =\ny = # nothing\nz =#nothing"), "a.x@2=|\na.y@3=|\na.z@4=|\n");
  CAF_CHECK_EQUAL(read("k = 1"), ".k@1=1|<1@1>\n");
  CAF_CHECK_EQUAL(read("[a]\nx = b = c"), "a.x@2=b = c|<b = c@2>\n");
}

CAF_TEST(line ends and byte order mark) {
  CAF_CHECK_EQUAL(read("\xef\xbb\xbf[a]\r\nx = 1\r\n\r\ny = \"2\"\r\n"),
                  "a.x@2=1|<1@2>\na.y@4=2|<2@4>\n");
  CAF_CHECK_EQUAL(read("[a]\nx = 1\r"),
                  "2 found the control character 0x0d, expected a text file\n");
}

CAF_TEST(comments begin after a blank and not in quotes) {
  CAF_CHECK_EQUAL(value(" a#b"), "a#b");
  CAF_CHECK_EQUAL(value(" a #b"), "a");
  CAF_CHECK_EQUAL(value(" a\t;b"), "a");
  CAF_CHECK_EQUAL(value(" \"a # b ; c\" # d"), "a # b ; c");
  CAF_CHECK_EQUAL(value(" host 1.2.3.4 and port 80 ; web"), "host 1.2.3.4 and port 80");
}

CAF_TEST(quotes and escapes) {
  CAF_CHECK_EQUAL(value("\"\""), "");
  CAF_CHECK_EQUAL(value("\"  a  \""), "  a  ");
  CAF_CHECK_EQUAL(value(R"("\\ \" \n \t \r \x41\xfF")"), "\\ \" \n \t \r A\xff");
  CAF_CHECK_EQUAL(value(R"(C:\dir "x")"), R"(C:\dir "x")");
  CAF_CHECK_EQUAL(read("[a]\nx = \"b"),
                  "a.x@2=b|<b@2>\n2 [a] x: found '\"b', expected a closing quote\n");
  CAF_CHECK_EQUAL(
    read("[a]\nx = \"b\" c"),
    "a.x@2=b|<b@2>\n2 [a] x: found 'c' after a closing quote, expected a comma or the end of "
    "the line\n");
  for (const char* bad : {R"("\q")", R"("\x4")", R"("\x4g")", R"("\x00")", R"("\)"}) {
    const auto document = read_ini(std::string("[a]\nx = ") + bad);
    CAF_REQUIRE_EQUAL(document.faults.size(), 1u);
    CAF_CHECK(document.faults[0].what.starts_with("[a] x: found '\\"));
    CAF_CHECK(document.entries.at(0).value.bad);
  }
}

CAF_TEST(what is quoted comes back) {
  for (const std::string text : {"", " ", "a", "a,b", "\"", "\\", "# x", "; y", "a\nb\tc\rd",
                                 "\x01\x7f\x1f"
                                 "0",
                                 "\xc3\xa4\xff", ","}) {
    CAF_CHECK_EQUAL(value(quote_ini(text)), text);
    CAF_CHECK_EQUAL(override_value(quote_ini(text)), text);
  }
}

CAF_TEST(lists) {
  CAF_CHECK_EQUAL(read("[a]\nx = b, c d ,\"e,f\" , g"),
                  "a.x@2=b, c d ,\"e,f\" , g|<b@2><c d@2><e,f@2><g@2>\n");
  CAF_CHECK_EQUAL(read("[a]\nx = b, # first\n\n  # between\n  c,\n d ; last\ny = 1"),
                  "a.x@2=b, c, d|<b@2><c@5><d@6>\na.y@7=1|<1@7>\n");
  CAF_CHECK_EQUAL(read("[a]\nx = b,,c"), "a.x@2=b,,c|<b@2><@2><c@2>\n");
  CAF_CHECK_EQUAL(read("[a]\nx = b,\n\"k = v\", \"[s]\"\n"),
                  "a.x@2=b, \"k = v\", \"[s]\"|<b@2><k = v@3><[s]@3>\n");
}

CAF_TEST(a list that ends with a comma is a fault) {
  const std::string expected =
    " after a comma, expected another item (in quotes if it looks like a key or a section)\n";
  CAF_CHECK_EQUAL(read("[a]\nx = b,\n"),
                  "a.x@2=b,|<b@2>\n2 [a] x: found the end of the file" + expected);
  CAF_CHECK_EQUAL(read("[a]\nx = b,\ny = c"),
                  "a.x@2=b,|<b@2>\na.y@3=c|<c@3>\n3 [a] x: found 'y = c'" + expected);
  CAF_CHECK_EQUAL(read("[a]\nx = b,\n[c]"), "a.x@2=b,|<b@2>\n3 [a] x: found '[c]'" + expected);
}

CAF_TEST(what is no section key or comment is a fault) {
  CAF_CHECK_EQUAL(read("[a]\nb"),
                  "2 [a]: found 'b', expected [section], key = value or a comment\n");
  CAF_CHECK_EQUAL(read("b"), "1 found 'b', expected [section], key = value or a comment\n");
  CAF_CHECK_EQUAL(read("[a]\n= b"), "2 [a]: found '= b', expected a key before the equals sign\n");
  CAF_CHECK_EQUAL(read("[a"), "1 found '[a', expected [section] and nothing else\n");
  CAF_CHECK_EQUAL(read("[]"), "1 found '[]', expected [section] and nothing else\n");
  CAF_CHECK_EQUAL(read("[a] b"), "1 found '[a] b', expected [section] and nothing else\n");
}

CAF_TEST(the second of a kind is a fault that names the first) {
  CAF_CHECK_EQUAL(
    read("[a]\nx = 1\nx = 2"),
    "a.x@2=1|<1@2>\n3 [a] x: found a second value, expected one; the first is in line 2\n");
  CAF_CHECK_EQUAL(
    read("[a]\n[b]\n[a]\nx = 1"),
    "a.x@4=1|<1@4>\n3 [a]: found the section again, expected it once; it begins in line 1\n");
  CAF_CHECK_EQUAL(read("[a]\nx = 1\n[b]\nx = 2"), "a.x@2=1|<1@2>\nb.x@4=2|<2@4>\n");
}

CAF_TEST(a binary file is one fault) {
  CAF_CHECK_EQUAL(read(std::string_view("[a]\nx = \0y\n\0", 12)),
                  "2 found the control character 0x00, expected a text file\n");
  CAF_CHECK_EQUAL(read("\x7f"
                       "ELF\x02\x01"),
                  "1 found the control character 0x7f, expected a text file\n");
  CAF_CHECK(!read_ini("\x01").text);
  CAF_CHECK(read_ini("x\ty").text);
}

CAF_TEST(values of overrides have no comments) {
  CAF_CHECK_EQUAL(override_value("a # b"), "a # b");
  CAF_CHECK_EQUAL(override_value("# b"), "# b");
  CAF_CHECK_EQUAL(read_ini_value("").value().items.size(), 0u);
  CAF_CHECK_EQUAL(read_ini_value("a, \"b,c\"").value().items.size(), 2u);
  CAF_CHECK_EQUAL(override_value("a,"), "found 'a,', expected another item after the comma");
  CAF_CHECK_EQUAL(override_value("\"a"), "found '\"a', expected a closing quote");
}

CAF_TEST(texts in messages are safe to print) {
  CAF_CHECK_EQUAL(show(""), "nothing");
  CAF_CHECK_EQUAL(show("a\x1b[31m\n"), "'a\\x1b[31m\\x0a'");
  CAF_CHECK_EQUAL(show(std::string(81, 'a')), "'" + std::string(80, 'a') + "...'");
}

CAF_TEST(durations) {
  CAF_CHECK_EQUAL(duration("0s"), 0u);
  CAF_CHECK_EQUAL(duration("5ns"), 5u);
  CAF_CHECK_EQUAL(duration("5 us"), 5000u);
  CAF_CHECK_EQUAL(duration("100ms"), 100'000'000u);
  CAF_CHECK_EQUAL(duration("1.5s"), 1'500'000'000u);
  CAF_CHECK_EQUAL(duration("2min"), 120'000'000'000u);
  CAF_CHECK_EQUAL(duration("0.5h"), 1'800'000'000'000u);
  CAF_CHECK_EQUAL(duration("9223372036854775807ns"), 9223372036854775807u);
  for (const char* bad : {"",
                          "s",
                          "5",
                          "5 ",
                          "-5s",
                          "+5s",
                          "5S",
                          "5sec",
                          "5 s s",
                          "1.s",
                          ".5s",
                          "1.5ns",
                          "0.0000000001s",
                          "1e3s",
                          "9223372036854775808ns",
                          "99999999999999999999s",
                          "5124095577h",
                          "0x5s",
                          "1,5s",
                          "5s "})
    CAF_CHECK(!duration(bad));
}

CAF_TEST(sizes) {
  CAF_CHECK_EQUAL(size("0B"), 0u);
  CAF_CHECK_EQUAL(size("64KiB"), 65536u);
  CAF_CHECK_EQUAL(size("64 MiB"), 64u << 20);
  CAF_CHECK_EQUAL(size("1.5GiB"), 3u << 29);
  CAF_CHECK_EQUAL(size("1kB"), 1000u);
  CAF_CHECK_EQUAL(size("2MB"), 2'000'000u);
  CAF_CHECK_EQUAL(size("3GB"), 3'000'000'000u);
  for (const char* bad : {"64", "64M", "64k", "64mib", "64KB", "0.1KiB", "-1B", "1TiB"})
    CAF_CHECK(!size(bad));
}

CAF_TEST(quantities are written in the largest unit that is whole) {
  CAF_CHECK_EQUAL(format_quantity(0, duration_units()), "0s");
  CAF_CHECK_EQUAL(format_quantity(1, duration_units()), "1ns");
  CAF_CHECK_EQUAL(format_quantity(1'500'000, duration_units()), "1500us");
  CAF_CHECK_EQUAL(format_quantity(90'000'000'000, duration_units()), "90s");
  CAF_CHECK_EQUAL(format_quantity(3600'000'000'000, duration_units()), "1h");
  CAF_CHECK_EQUAL(format_quantity(0, size_units()), "0B");
  CAF_CHECK_EQUAL(format_quantity(64 << 20, size_units()), "64MiB");
  CAF_CHECK_EQUAL(format_quantity(5'000'000, size_units()), "5MB");
  CAF_CHECK_EQUAL(format_quantity(1023, size_units()), "1023B");
}

CAF_TEST(networks) {
  CAF_CHECK_EQUAL(normal_network("10.0.0.0/8"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(normal_network("10.1.2.3/8"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(normal_network("1.2.3.4/32"), "1.2.3.4/32");
  CAF_CHECK_EQUAL(normal_network("1.2.3.4/0"), "0.0.0.0/0");
  CAF_CHECK_EQUAL(normal_network("fe80::1/10"), "fe80::/10");
  CAF_CHECK_EQUAL(normal_network("2001:DB8:0:0::/33"), "2001:db8::/33");
  CAF_CHECK_EQUAL(normal_network("::1/128"), "::1/128");
  for (const char* bad :
       {"", "/", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/8", "x/8",
        "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "fe80::%eth0/64"})
    CAF_CHECK(!normal_network(bad));
}

CAF_TEST(edits between words) {
  CAF_CHECK_EQUAL(edit_distance("", ""), 0u);
  CAF_CHECK_EQUAL(edit_distance("", "abc"), 3u);
  CAF_CHECK_EQUAL(edit_distance("abc", ""), 3u);
  CAF_CHECK_EQUAL(edit_distance("kitten", "sitting"), 3u);
  CAF_CHECK_EQUAL(edit_distance("idle", "ilde"), 1u);
  CAF_CHECK_EQUAL(edit_distance("ca", "abc"), 3u);
  CAF_CHECK_EQUAL(edit_distance("Snap-Length", "snap_length"), 0u);
}

CAF_TEST(the nearest name) {
  const std::vector<std::string> names{"interface", "read", "filter", "idle_after", "max"};
  CAF_CHECK_EQUAL(nearest("interfaces", names), "interface");
  CAF_CHECK_EQUAL(nearest("idle-after", names), "idle_after");
  CAF_CHECK_EQUAL(nearest("raed", names), "read");
  CAF_CHECK_EQUAL(nearest("mx", names), "max");
  CAF_CHECK_EQUAL(nearest("banana", names), "");
  CAF_CHECK_EQUAL(nearest("", names), "");
  CAF_CHECK_EQUAL(nearest(std::string(100000, 'a'), names), "");
}
