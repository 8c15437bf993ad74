// One end of a measurement over links; bench/links and tools/simulate-cluster start the ends, each
// a process of its own, and put together what they say (a line of JSON each).
//
//   bench-links analyzer [name= shards= credit= certificate= key= authority=]
//   bench-links sensor to=HOST:PORT,... [seconds= rate= name= credit= certificate= key= authority=]
//   bench-links raw-receiver
//   bench-links raw-sender port= [seconds=]

#include "bench/link_ends.hpp"
#include "bench/raw_stream.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

namespace {

using namespace flowactors;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench-links: %s\n", what.c_str());
  std::exit(2);
}

/// key=value after the role. Whoever takes a value takes it away, so that those nobody knows stay.
class arguments {
public:
  arguments(int argc, char** argv) {
    for (int i = 2; i < argc; ++i) {
      const std::string word = argv[i];
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        fail("expected key=value, found " + word);
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }

  std::string text(const std::string& key, const std::string& usual = "") {
    const auto at = values_.find(key);
    if (at == values_.end())
      return usual;
    auto out = std::move(at->second);
    values_.erase(at);
    return out;
  }

  double number(const std::string& key, double usual) {
    const auto word = text(key, std::to_string(usual));
    char* end = nullptr;
    const double out = std::strtod(word.c_str(), &end);
    if (*end != 0 || word.empty())
      fail(key + ": expected a number, found " + word);
    return out;
  }

  void finish() const {
    if (!values_.empty())
      fail("unknown: " + values_.begin()->first);
  }

private:
  std::map<std::string, std::string> values_;
};

bench::link_end take_end(arguments& from, const std::string& name) {
  bench::link_end out;
  out.name = from.text("name", name);
  out.files = {from.text("certificate"), from.text("key"), from.text("authority")};
  out.credit = static_cast<uint64_t>(from.number("credit", static_cast<double>(out.credit)));
  return out;
}

bench::sensor_load take_load(arguments& from) {
  bench::sensor_load out;
  std::istringstream places(from.text("to"));
  for (std::string each; std::getline(places, each, ',');) {
    const auto at = parse_endpoint(each);
    if (!at)
      fail(at.failure().what);
    out.to.push_back(at.value());
  }
  if (out.to.empty())
    fail("to= is missing");
  out.seconds = from.number("seconds", out.seconds);
  out.rate = from.number("rate", out.rate);
  return out;
}

} // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  arguments words(argc, argv);
  if (role == "analyzer") {
    const auto own = take_end(words, "analyzer");
    const auto shards = static_cast<uint32_t>(words.number("shards", 1));
    words.finish();
    bench::run_analyzer(own, shards);
  } else if (role == "sensor") {
    const auto own = take_end(words, "sensor");
    const auto load = take_load(words);
    words.finish();
    bench::run_sensor(own, load);
  } else if (role == "raw-receiver") {
    words.finish();
    bench::run_raw_receiver();
  } else if (role == "raw-sender") {
    const auto port = static_cast<uint16_t>(words.number("port", 0));
    const double seconds = words.number("seconds", 3);
    words.finish();
    bench::run_raw_sender(port, seconds);
  } else {
    fail("expected analyzer, sensor, raw-receiver or raw-sender");
  }
}
