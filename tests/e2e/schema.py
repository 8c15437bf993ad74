"""Checks JSON against our schemas, without a library that would have to be installed."""


def breaches(value, schema, root, path="report"):
    """What breaks the schema; knows the words that our schema uses, and refuses others."""
    known = {"$schema", "title", "definitions", "$ref", "type", "properties", "required", "additionalProperties", "items",
             "minimum", "minLength", "minItems"}
    assert not set(schema) - known, f"{path}: the check does not know {set(schema) - known}"
    if "$ref" in schema:
        for step in schema["$ref"].removeprefix("#/").split("/"):
            root_of = root if step == "definitions" else root_of
            schema = root_of = root_of[step]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    kind = schema["type"]
    if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{path}: not of type {kind}"]
    out = []
    if "minimum" in schema and value < schema["minimum"]:
        out.append(f"{path}: less than {schema['minimum']}")
    if "minLength" in schema and len(value) < schema["minLength"] or "minItems" in schema and len(value) < schema["minItems"]:
        out.append(f"{path}: too short")
    if kind == "array":
        for number, item in enumerate(value):
            out += breaches(item, schema["items"], root, f"{path}[{number}]")
    if kind == "object":
        out += [f"{path}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            rule = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if rule is False:
                out.append(f"{path}: does not know {name}")
            elif rule is not True:
                out += breaches(item, rule, root, f"{path}.{name}")
    return out
