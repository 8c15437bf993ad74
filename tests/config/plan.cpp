#define CAF_SUITE config_plan

#include "config/plan.hpp"

#include "config/schema.hpp"
#include "tests/suite.hpp"

using namespace flowactors;

using names = std::vector<std::string>;

CAF_TEST(nothing changed is nothing to do) {
  settings old;
  old.contexts["a"];
  old.outputs["o"];
  const auto plan = plan_reload(old, old);
  CAF_CHECK(plan.added.empty() && plan.removed.empty() && plan.changed.empty());
  CAF_CHECK(plan.applied.empty() && plan.waiting.empty());
  CAF_CHECK(plan.values == old);
}

CAF_TEST(contexts come and go and change) {
  settings old, fresh;
  old.contexts["gone"];
  old.contexts["same"];
  old.contexts["other"].batch = 10;
  old.contexts["wide"].shards = 2;
  fresh.contexts["same"];
  fresh.contexts["other"].batch = 20;
  fresh.contexts["wide"].shards = 3;
  fresh.contexts["new"];
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.added, names{"new"});
  CAF_CHECK_EQUAL(plan.removed, names{"gone"});
  CAF_CHECK_EQUAL(plan.changed, (names{"other", "wide"}));
  CAF_CHECK_EQUAL(plan.resized, names{"wide"});
  CAF_CHECK(plan.waiting.empty());
  CAF_CHECK(plan.values == fresh);
}

CAF_TEST(scripts and the log level take effect now) {
  settings old, fresh;
  fresh.inline_scripts.deadline = std::chrono::milliseconds(3);
  fresh.scripts.root = "/elsewhere";
  fresh.log.level = "debug";
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.applied, (names{"scripts.root", "inline.deadline", "log.level"}));
  CAF_CHECK(plan.waiting.empty());
  CAF_CHECK(plan.values == fresh);
}

CAF_TEST(outputs come and go and change) {
  settings old, fresh;
  old.outputs["gone"];
  old.outputs["same"];
  old.outputs["other"].path = "/a";
  fresh.outputs["same"];
  fresh.outputs["other"].path = "/b";
  fresh.outputs["new"];
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.added_outputs, names{"new"});
  CAF_CHECK_EQUAL(plan.removed_outputs, names{"gone"});
  CAF_CHECK_EQUAL(plan.changed_outputs, names{"other"});
  CAF_CHECK(plan.values == fresh);
}

CAF_TEST(timeouts and the filter of interfaces take effect now) {
  settings old, fresh;
  fresh.flows.idle_after = std::chrono::seconds(7);
  fresh.capture.filter = "udp";
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.applied, (names{"capture.filter", "flows.idle_after"}));
  CAF_CHECK(plan.waiting.empty());
}

CAF_TEST(the filter of files waits) {
  settings old;
  old.capture.read = {"a.pcap"};
  settings fresh = old;
  fresh.capture.filter = "udp";
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.waiting, names{"capture.filter"});
  CAF_CHECK(plan.values == old);
}

CAF_TEST(what waits for the next start is named and left as it was) {
  settings old, fresh;
  fresh.flows.max = 5000;
  fresh.capture.workers = 3;
  fresh.log.level = "error";
  const auto plan = plan_reload(old, fresh);
  CAF_CHECK_EQUAL(plan.waiting, (names{"capture.workers", "flows.max"}));
  CAF_CHECK_EQUAL(plan.applied, names{"log.level"});
  CAF_CHECK_EQUAL(plan.values.flows.max, old.flows.max);
  CAF_CHECK_EQUAL(plan.values.log.level, "error");
}

CAF_TEST(each key of a single section is applied or waits) {
  settings old;
  for (const auto& key : setting_keys()) {
    if (!instances_of(key, old).empty() && instances_of(key, old).front().empty()) {
      settings fresh;
      std::visit(
        [](auto* place) {
          using type = std::remove_pointer_t<decltype(place)>;
          if constexpr (std::is_same_v<type, bool>)
            *place = !*place;
          else if constexpr (std::is_same_v<type, std::string>)
            *place += "x";
          else if constexpr (std::is_same_v<type, std::vector<std::string>>)
            place->push_back("x");
          else
            ++*place;
        },
        key.member(fresh));
      const auto plan = plan_reload(old, fresh);
      const names expected{std::string(key.section) + "." + key.name};
      const bool now = key.reload == reload_effect::applies;
      CAF_CHECK_EQUAL(now ? plan.applied : plan.waiting, expected);
      CAF_CHECK((plan.values == fresh) == now);
    }
  }
}
