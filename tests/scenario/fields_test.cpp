// The four visitors over a struct that has every kind of member.
#include <cmath>

#include "models/core/fields.hpp"
#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/field_reference.hpp"
#include "sim/scenario/field_schema.hpp"
#include "sim/scenario/field_units.hpp"
#include "sim/scenario/field_writer.hpp"
#include "tests/catch.hpp"
#include "tests/scenario/property.hpp"

using namespace tokenworks;
using namespace tokenworks::scenario;

namespace {

constexpr std::string_view kColours[] = {"red", "green"};

class Shape {
 public:
  virtual ~Shape() = default;
  virtual void visit(FieldVisitor& v) = 0;
};
class Circle final : public Shape {
 public:
  double radius = 1;
  void visit(FieldVisitor& v) override {
    field(v, "radius_m", radius, "Radius", rule().above(0).default_from('E', "drawn by hand"));
  }
};
class Rectangle final : public Shape {
 public:
  double width = 1, height = 1;
  void visit(FieldVisitor& v) override {
    field(v, "width_m", width, "Width", rule().required().above(0));
    field(v, "height_m", height, "Height", rule().above(0));
  }
};
template <class T>
std::unique_ptr<Shape> make() {
  return std::make_unique<T>();
}
constexpr Option<Shape> kShapes[] = {{"circle", "Round", make<Circle>}, {"rectangle", "Four corners", make<Rectangle>}};

struct Part {
  std::string name;
  std::int64_t count = 1;
  void visit(FieldVisitor& v) {
    field(v, "name", name, "Name", rule().required().is_name());
    field(v, "count", count, "How many", rule().at_least(1).at_most(100));
  }
};

struct Thing {
  double share = 0.25;
  BytesPerSecond speed{1e9 / 7};
  std::optional<BytesPerSecond> other_speed;
  Celsius temperature{20};
  bool loud = false;
  std::string colour = "red", gpu, file;
  std::vector<Part> parts;
  std::vector<double> numbers = {1, 2};
  std::optional<Part> spare;
  std::map<std::string, Part> store;
  Choice<Shape> shape{Options<Shape>(kShapes), "circle"};
  Choice<Shape> cutter{Options<Shape>(kShapes)};
  Part main;
  void visit(FieldVisitor& v) {
    field(v, "share", share, "A share", rule().share());
    scaled_field(v, "speed_gbit_per_s", speed, 1e9 / 8, "Speed", rule().above(0).default_from('R', "somebody said so"));
    scaled_field(v, "other_speed_gb_per_s", other_speed, 1e9, "Another speed", rule().above(0));
    field(v, "temperature_c", temperature, "Temperature");
    field(v, "loud", loud, "Makes noise");
    field(v, "colour", colour, "Paint", rule().one_of(kColours));
    field(v, "gpu", gpu, "A name from the catalog", rule().from_catalog("gpus"));
    field(v, "file", file, "A file", rule().is_path());
    field(v, "parts", parts, "Its parts");
    field(v, "numbers", numbers, "Numbers", rule().at_least(0));
    field(v, "spare", spare, "A spare part");
    field(v, "store", store, "Parts by name");
    field(v, "shape", shape, "Its form");
    field(v, "cutter", cutter, "What cuts it");
    field(v, "main", main, "The main part", rule().required());
  }
};

struct Outcome {
  FaultList faults;
  std::vector<Assumption> assumptions;
};

Outcome read(const std::string& text, Thing& thing, const ReadContext& context = {}) {
  Outcome outcome;
  const auto json = parse_json(text, outcome.faults);
  REQUIRE(json.has_value());
  read_struct(*json, thing, context, outcome.faults, outcome.assumptions);
  return outcome;
}

/// "id pointer" of every fault.
std::vector<std::string> faults_of(const std::string& text, const ReadContext& context = {}) {
  Thing thing;
  std::vector<std::string> list;
  const Outcome outcome = read(text, thing, context);
  for (const Fault& fault : outcome.faults.kept()) {
    list.push_back(std::string(fault_id(fault.kind)) + " " + fault.pointer);
  }
  return list;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("field reader: every kind of member is read", "[scenario]") {
  Thing thing;
  const Outcome outcome =
      read(R"({"share": 1, "speed_gbit_per_s": 400, "other_speed_gb_per_s": 3, "temperature_c": -5.5,
      "loud": true, "colour": "green", "gpu": "h100", "file": "a.csv", "parts": [{"name": "a"}, {"name": "b", "count": 3.0}],
      "numbers": [3], "spare": {"name": "s"}, "store": {"x": {"name": "y"}},
      "shape": {"kind": "rectangle", "width_m": 2}, "cutter": {"kind": "circle", "radius_m": 4}, "main": {"name": "m"}})",
           thing);
  CAPTURE(outcome.faults.text("thing"));
  REQUIRE(outcome.faults.empty());
  CHECK(outcome.assumptions.empty());
  CHECK(thing.share == 1);
  CHECK(thing.speed.value == 400 * (1e9 / 8));
  CHECK(thing.other_speed->value == 3e9);
  CHECK(thing.temperature.value == -5.5);
  CHECK(thing.loud);
  CHECK(thing.colour == "green");
  REQUIRE(thing.parts.size() == 2);
  CHECK(thing.parts[1].count == 3);
  CHECK(thing.numbers == std::vector<double>{3});
  CHECK(thing.spare->name == "s");
  CHECK(thing.store.at("x").name == "y");
  CHECK(thing.shape.kind() == "rectangle");
  CHECK(dynamic_cast<Rectangle&>(*thing.shape).width == 2);
  CHECK(dynamic_cast<Circle&>(*thing.cutter).radius == 4);
}

TEST_CASE("field reader: defaults that rest on estimate or memory are assumptions when they act", "[scenario]") {
  Thing thing;
  const Outcome outcome = read(R"({"main": {"name": "m"}})", thing, {.subject = "things/one"});
  REQUIRE(outcome.faults.empty());
  REQUIRE(outcome.assumptions.size() == 2);
  CHECK(outcome.assumptions[0].subject == "things/one/speed_gbit_per_s");
  CHECK(outcome.assumptions[0].evidence == "R");
  CHECK(outcome.assumptions[0].value == "1.14285714285714");  // 1e9/7 bytes/s are 8/7 Gbit/s
  CHECK(outcome.assumptions[1].subject == "things/one/shape/radius_m");
  CHECK(outcome.assumptions[1].source == "drawn by hand");
  // A kind that is not selected does not act.
  CHECK(read(R"({"main": {"name": "m"}, "speed_gbit_per_s": 1, "shape": {"kind": "rectangle", "width_m": 1}})", thing)
            .assumptions.empty());
}

TEST_CASE("field reader: a kind that is left out is the default kind", "[scenario]") {
  Thing thing;
  CHECK(read(R"({"main": {"name": "m"}, "shape": {"radius_m": 9}})", thing).faults.empty());
  CHECK(dynamic_cast<Circle&>(*thing.shape).radius == 9);
  CHECK(faults_of(R"({"main": {"name": "m"}, "cutter": {"radius_m": 9}})") == Strings{"missing_key /cutter/kind"});
}

TEST_CASE("field reader: each sort of fault is found where it stands", "[scenario]") {
  const std::string main = R"("main": {"name": "m"})";
  const auto with = [&](const std::string& member) { return faults_of("{" + member + ", " + main + "}"); };
  CHECK(with(R"("sahre": 1)") == Strings{"unknown_key /sahre"});
  CHECK(with(R"("share": "x")") == Strings{"wrong_type /share"});
  CHECK(with(R"("share": null)") == Strings{"wrong_type /share"});
  CHECK(with(R"("share": 1.5)") == Strings{"out_of_range /share"});
  CHECK(with(R"("speed_gbit_per_s": 0)") == Strings{"out_of_range /speed_gbit_per_s"});
  CHECK(with(R"("other_speed_gb_per_s": 0)") == Strings{"out_of_range /other_speed_gb_per_s"});
  CHECK(with(R"("loud": 1)") == Strings{"wrong_type /loud"});
  CHECK(with(R"("colour": "blue")") == Strings{"unknown_name /colour"});
  CHECK(with(R"("parts": {})") == Strings{"wrong_type /parts"});
  CHECK(with(R"("parts": [{}, 3])") == Strings{"missing_key /parts/0/name", "wrong_type /parts/1"});
  CHECK(with(R"("parts": [{"name": "a", "count": 1.5}])") == Strings{"wrong_type /parts/0/count"});
  CHECK(with(R"("parts": [{"name": "a", "count": 18446744073709551615}])") == Strings{"out_of_range /parts/0/count"});
  CHECK(with(R"("parts": [{"name": "a", "count": 1e300}])") == Strings{"out_of_range /parts/0/count"});
  CHECK(with(R"("parts": [{"name": "a/b"}])") == Strings{"bad_name /parts/0/name"});
  CHECK(with(R"("numbers": [1, -1])") == Strings{"out_of_range /numbers/1"});
  CHECK(with(R"("store": {"a/b": {"name": "x"}})") == Strings{"bad_name /store/a~1b"});
  CHECK(with(R"("store": {"a": {"nam": "x"}})") == Strings{"missing_key /store/a/name", "unknown_key /store/a/nam"});
  CHECK(with(R"("shape": "circle")") == Strings{"wrong_type /shape"});
  CHECK(with(R"("shape": {"kind": "circel"})") == Strings{"unknown_kind /shape/kind"});
  CHECK(with(R"("shape": {"kind": 3})") == Strings{"wrong_type /shape/kind"});
  CHECK(with(R"("shape": {"kind": "circle", "width_m": 1})") == Strings{"unknown_key /shape/width_m"});
  CHECK(faults_of("{}") == Strings{"missing_key /main"});
  CHECK(faults_of("[]") == Strings{"wrong_type "});
}

TEST_CASE("field reader: all faults at once, with the nearest name", "[scenario]") {
  Thing thing;
  const Outcome outcome = read(R"({"share": -1, "loud": "yes", "colour": "gren", "prats": []})", thing);
  REQUIRE(outcome.faults.total() == 5);
  CHECK(outcome.faults.kept()[2].nearest == "green");
  CHECK(outcome.faults.kept()[4].nearest == "parts");
  CHECK(thing.share == 0.25);  // a member at fault keeps its default
}

TEST_CASE("field reader: names and paths are checked by what the context knows", "[scenario]") {
  const ReadContext context{.catalog_ids =
                                [](std::string_view) {
                                  return Strings{"h100_sxm5", "h200_sxm5"};
                                },
                            .path_fault = [](const std::string& path) { return path == "here" ? "" : "no such file"; }};
  CHECK(faults_of(R"({"gpu": "h100", "file": "there", "main": {"name": "m"}})", context) ==
        Strings{"unknown_name /gpu", "missing_file /file"});
  CHECK(faults_of(R"({"gpu": "h100_sxm5", "file": "here", "main": {"name": "m"}})", context).empty());
}

TEST_CASE("field writer: what it writes reads back, and is written again byte for byte", "[scenario][law]") {
  REQUIRE(holds("random things", [](double share, double speed, bool loud, bool spare, bool rectangle, double radius,
                                    std::vector<double> numbers) {
    const auto finite = [](double x) { return std::isfinite(x) && x != 0 ? std::abs(x) : 1.0; };
    Thing thing;
    thing.main.name = "m";
    thing.share = std::fmod(finite(share), 1.0);
    thing.speed.value = std::min(std::max(finite(speed) * 12345.678, 1e-200), 1e200);
    if (loud) thing.other_speed = BytesPerSecond(thing.speed.value / 3);
    thing.loud = loud;
    if (spare) thing.spare = Part{"spare", 7};
    thing.parts = {{"a", 1}, {"b", 2}};
    thing.store["z"] = {"y", 5};
    for (double& x : numbers) x = finite(x);
    thing.numbers = numbers;
    if (rectangle) {
      thing.shape.select("rectangle");
      thing.cutter.select("circle");
    } else {
      dynamic_cast<Circle&>(*thing.shape).radius = finite(radius);
    }
    const std::string text = json_text(write_struct(thing));
    Thing again;
    FaultList faults;
    std::vector<Assumption> assumptions;
    const auto json = parse_json(text, faults);
    RC_ASSERT(json.has_value());
    read_struct(*json, again, {}, faults, assumptions);
    RC_ASSERT(faults.empty());
    RC_ASSERT(json_text(write_struct(again)) == text);
    RC_ASSERT(assumptions.empty());  // a resolved document leaves nothing to defaults
    Thing third;
    read_struct(*json, third, {}, faults, assumptions);
    RC_ASSERT(third.speed == again.speed);
  }));
}

TEST_CASE("field writer: a default read back is the same number to the last bit", "[scenario][law]") {
  Thing thing, again;
  thing.main.name = "m";
  FaultList faults;
  std::vector<Assumption> assumptions;
  read_struct(write_struct(thing), again, {}, faults, assumptions);
  CHECK(faults.empty());
  CHECK(again.speed.value == 1e9 / 7);
}

TEST_CASE("schema: requires, limits and describes what the reader does", "[scenario]") {
  Thing thing;
  const Json schema =
      schema_of_fields([&](FieldVisitor& v) { thing.visit(v); }, [](std::string_view) { return Strings{"h100_sxm5"}; });
  CHECK(schema["required"] == Json::array({"main"}));
  CHECK(schema["additionalProperties"] == false);
  const Json& members = schema["properties"];
  CHECK(members["share"]["minimum"] == 0);
  CHECK(members["share"]["maximum"] == 1);
  CHECK(members["share"]["default"] == 0.25);
  CHECK(members["speed_gbit_per_s"]["exclusiveMinimum"] == 0);
  CHECK(members["speed_gbit_per_s"]["description"] == "Speed [Gbit/s (1e9 bit)]");
  CHECK_FALSE(members["other_speed_gb_per_s"].contains("default"));
  CHECK(members["colour"]["enum"] == Json::array({"red", "green"}));
  CHECK(members["gpu"]["examples"] == Json::array({"h100_sxm5"}));
  CHECK(members["parts"]["items"]["required"] == Json::array({"name"}));
  CHECK(members["numbers"]["items"]["minimum"] == 0);
  CHECK(members["store"]["additionalProperties"]["properties"]["count"]["maximum"] == 100);
  CHECK(members["shape"]["oneOf"][0]["required"].empty());  // the default kind need not be named
  CHECK(members["shape"]["oneOf"][1]["required"] == Json::array({"kind", "width_m"}));
  CHECK(members["cutter"]["oneOf"][0]["required"] == Json::array({"kind"}));
  CHECK(members["cutter"]["oneOf"][0]["properties"]["kind"]["const"] == "circle");
}

TEST_CASE("parameter reference: names every key with unit, default, limits and source", "[scenario]") {
  Thing thing;
  const std::string text = reference_of_fields([&](FieldVisitor& v) { thing.visit(v); }, "Thing");
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  CAPTURE(text);
  CHECK(has("| `share` |  | 0.25 | ≥ 0, ≤ 1 | A share |  |"));
  CHECK(
      has("| `speed_gbit_per_s` | Gbit/s (1e9 bit) | 1.14285714285714 | > 0 | Speed | remembered: somebody said so |"));
  CHECK(has("| `other_speed_gb_per_s` | GB/s (1e9 B) | absent |"));
  CHECK(has("## `parts[]`"));
  CHECK(has("## `store.NAME`"));
  CHECK(has("## `shape (kind rectangle)`"));
  CHECK(has("| `width_m` | m | required |"));
  CHECK(has("| `name` |  | required | name |"));
}

TEST_CASE("units of keys: the longest ending counts", "[scenario]") {
  CHECK(unit_of_key("fan_power_w") == "W");
  CHECK(unit_of_key("usd_per_kwh") == "USD/kWh");
  CHECK(unit_of_key("link_gbit_per_s") == "Gbit/s (1e9 bit)");
  CHECK(unit_of_key("count").empty());
}
