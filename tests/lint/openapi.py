#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml is well formed, complete, and says the same routes as the table in server/api/routes.c."""
import json
import re
import sys
from pathlib import Path

import yaml

METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}
ACCESS = {"public", "signed_in", "account", "officer", "camera", "media", "s3"}
# {HTTP_GET, "/api/v1/clips", API_ACCOUNT, list_clips}
ROW = re.compile(r'\{\s*HTTP_([A-Z]+)\s*,\s*"(/[^"]*)"\s*,\s*API_([A-Z0-9_]+)\s*,', re.S)


def pointer(doc, ref):
    node = doc
    for part in ref[2:].split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def resolve(doc, node):
    seen = 0
    while isinstance(node, dict) and "$ref" in node:
        node = {**pointer(doc, node["$ref"]), **{k: v for k, v in node.items() if k != "$ref"}}
        seen += 1
        if seen > 8:
            raise ValueError("reference loop")
    return node


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def fits(doc, schema, value, where):
    """The part of JSON Schema the document uses, for checking its own examples."""
    schema = resolve(doc, schema)
    types = schema.get("type")
    types = [types] if isinstance(types, str) else types
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    if types:
        ok = any(
            isinstance(value, (int, float)) and not isinstance(value, bool)
            if t in ("number", "integer")
            else isinstance(value, kinds[t])
            for t in types
        )
        if not ok:
            yield f"{where}: {value!r} is not {'/'.join(types)}"
            return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}: {name} is missing"
        properties = schema.get("properties", {})
        for name, inner in value.items():
            if name in properties:
                yield from fits(doc, properties[name], inner, f"{where}.{name}")
            elif properties:
                yield f"{where}: {name} is not in the schema"
    if isinstance(value, list) and "items" in schema:
        for i, inner in enumerate(value):
            yield from fits(doc, schema["items"], inner, f"{where}[{i}]")


def check_content(doc, content, where, examples_wanted):
    for kind, media in (content or {}).items():
        if "json" not in kind or not media:
            continue
        examples = media.get("examples", {})
        if examples_wanted and not examples:
            yield f"{where}: {kind} has no example"
        for name, example in examples.items():
            value = resolve(doc, example).get("value")
            yield from fits(doc, media["schema"], value, f"{where} example {name}")


def check_operation(doc, path, method, shared, op):
    where = f"{method.upper()} {path}"
    for key in ("operationId", "summary", "responses", "security", "tags"):
        if key not in op:
            yield f"{where}: no {key}"
    if op.get("x-access") not in ACCESS:
        yield f"{where}: x-access is {op.get('x-access')!r}"
    elif (op["x-access"] == "public") != (op.get("security") == []):
        yield f"{where}: security does not fit x-access"
    unsafe_cookie = method not in ("get", "head") and any("cookie" in s for s in op.get("security", []))
    if unsafe_cookie and not all("csrf" in s for s in op["security"] if "cookie" in s):
        yield f"{where}: a cookie without csrf on an unsafe method"
    schemes = doc["components"]["securitySchemes"]
    for alternative in op.get("security", []):
        for name in alternative:
            if name not in schemes:
                yield f"{where}: unknown security scheme {name}"
    declared = {
        p["name"] for p in (resolve(doc, p) for p in [*shared, *op.get("parameters", [])]) if p["in"] == "path"
    }
    wanted = set(re.findall(r"\{(\w+)(?:\.\.\.)?\}", path))
    if declared != wanted:
        yield f"{where}: path parameters {sorted(declared)}, pattern has {sorted(wanted)}"
    if "requestBody" in op:
        body = resolve(doc, op["requestBody"])
        yield from check_content(doc, body["content"], f"{where} body", True)
    for status, response in op.get("responses", {}).items():
        response = resolve(doc, response)
        if "description" not in response:
            yield f"{where} {status}: no description"
        yield from check_content(doc, response.get("content"), f"{where} {status}", str(status).startswith("2"))


def check_document(doc):
    if not str(doc.get("openapi", "")).startswith("3.1"):
        yield "not OpenAPI 3.1"
    for ref in references(doc):
        try:
            pointer(doc, ref)
        except (KeyError, TypeError):
            yield f"reference to nothing: {ref}"
    ids = set()
    for path, item in doc["paths"].items():
        for method in METHODS & item.keys():
            op = item[method]
            yield from check_operation(doc, path, method, item.get("parameters", []), op)
            if op.get("operationId") in ids:
                yield f"operationId {op['operationId']} is used twice"
            ids.add(op.get("operationId"))


def described_routes(doc):
    return {
        (method.upper(), path): item[method].get("x-access")
        for path, item in doc["paths"].items()
        for method in METHODS & item.keys()
    }


def compare(described, table):
    for route in sorted(described.keys() - table.keys()):
        yield f"{' '.join(route)}: in docs/openapi.yaml, not in server/api/routes.c"
    for route in sorted(table.keys() - described.keys()):
        yield f"{' '.join(route)}: in server/api/routes.c, not in docs/openapi.yaml"
    for route in sorted(table.keys() & described.keys()):
        if table[route] != described[route]:
            yield f"{' '.join(route)}: {table[route]} in routes.c, {described[route]} in openapi.yaml"


def table_routes(text):
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return {(m, p): access.lower() for m, p, access in ROW.findall(text)}


def main():
    root = Path(__file__).resolve().parents[2]
    doc = yaml.safe_load((root / "docs/openapi.yaml").read_text())
    doc = json.loads(json.dumps(doc))  # also proves that nothing in it is a date or another YAML-only value
    problems = list(check_document(doc))
    routes_c = root / "server/api/routes.c"
    if routes_c.exists():
        table = table_routes(routes_c.read_text())
        if not table:
            problems.append("server/api/routes.c: no route found; has the table's form changed?")
        problems += compare(described_routes(doc), table)
    for problem in problems:
        print(problem)
    print(f"openapi: {len(described_routes(doc))} operations, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
