#define CAF_SUITE outputs_record_lines
#include "outputs/record_lines.hpp"

#include "outputs/record_json.hpp"
#include "outputs/record_queue.hpp"
#include "tests/suite.hpp"

#include <string>

using namespace flowactors;

CAF_TEST(whole lines of objects are records) {
  CAF_CHECK(are_record_lines("{\"a\":1}\n"));
  CAF_CHECK(are_record_lines("{}\n{\"a\":{\"b\":[1,null,true,\"\xc3\xa4\"]}}\n"));
}

CAF_TEST(anything else is none) {
  for (const char* bad : {"", "\n", "{}", "{}\n\n", "[1]\n", "1\n", "\"a\"\n", "null\n", "{}{}\n",
                          "{\"a\":}\n", " {}\n", "{\"a\":\"\xff\"}\n", "{\n}\n", "{\"a\":1}\n{"})
    CAF_CHECK(!are_record_lines(bad));
  CAF_CHECK(!are_record_lines({"{\"a\":\"\0\"}\n", 10}));
}

CAF_TEST(what is deep ends neither the program nor anything else) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}\n";
  };
  CAF_CHECK(are_record_lines(nested(100)));
  CAF_CHECK(!are_record_lines(nested(200)));
  CAF_CHECK(!are_record_lines(nested(1'000'000)));
  CAF_CHECK(!are_record_lines("{\"a\":" + std::string(1'000'000, '[') + "\n"));
}

CAF_TEST(lines of other nodes are written as they came) {
  record_batch batch;
  batch.add(record_line{"{\"a\":1}"});
  batch.add(script_record{"own", "a.lua", "{\"b\":2}", 0, 0, 0x1f});
  batch.add(record_line{"{}"});
  record_json json(nullptr, 0);
  json.write(batch);
  CAF_CHECK_EQUAL(json.text(), "{\"a\":1}\n{\"b\":2}\n{}\n");
  CAF_CHECK_EQUAL(json.line_ends().size(), 3u);
}

CAF_TEST(nobody waits for room for them) {
  record_queue_options options;
  options.max_bytes = 100;
  options.patient = true;
  record_queue queue(options, nullptr);
  const auto put = [&] {
    record_batch batch;
    batch.add(record_line{std::string(80, 'x')});
    queue.put_foreign(batch);
    CAF_CHECK(batch.empty());
  };
  put();
  put();
  auto books = queue.counters();
  CAF_CHECK_EQUAL(books.taken, 2u);
  CAF_CHECK_EQUAL(books.foreign, 2u);
  CAF_CHECK_EQUAL(books.waiting, 1u);
  CAF_CHECK_EQUAL(books.lost_by(record_loss::queue_full), 1u);
  queue.close(record_loss::unfinished);
  put();
  books = queue.counters();
  CAF_CHECK_EQUAL(books.lost_by(record_loss::unfinished), 2u);
  CAF_CHECK_EQUAL(books.waiting, 0u);
}
