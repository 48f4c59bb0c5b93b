"""tools/gen_map.py writes one node a version and hides all else."""

import gen_map
import headers


def functions(tree, *versions):
    text = "/* skua/a.h - a. */\n"
    for number, version in enumerate(versions):
        text += "\n/* Do it.\n *\n * Thread: any.\n * Since: %s */\nSKUA_API void skua_%d(void);\n" % (
            version, number)
    return headers.functions(tree({"a.h": text}))


def test_one_version(tree):
    assert gen_map.version_map(functions(tree, "0.1", "0.1")) == (
        "SKUA_0.1 {\n    global:\n        skua_0;\n        skua_1;\n    local:\n        *;\n};\n")


def test_versions_inherit_in_numeric_order(tree):
    text = gen_map.version_map(functions(tree, "0.10", "0.9"))
    assert text.index("SKUA_0.9 {") < text.index("SKUA_0.10 {")
    assert text.endswith("        skua_0;\n} SKUA_0.9;\n")
    assert text.count("local:") == 1
